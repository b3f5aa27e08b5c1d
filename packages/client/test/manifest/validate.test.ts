import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ManifestError } from '@zae-limiter/client';
import Ajv from 'ajv';
import { checkEntityId, checkLimitName, checkNamespace, checkResource } from '@zae-limiter/client/core/identifiers';
import { Limit } from '@zae-limiter/client/core/limit';
import { checkManifest, parseManifest } from '@zae-limiter/client/manifest/validate';
import { RESERVED_COUNTERS } from '@zae-limiter/client/schema/usage-item';
import schema from '../../../../spec/manifest.schema.json';
import { vectors } from '../../../../test/support/vectors';

interface Outcome {
  readonly ok: boolean;
  readonly normalized?: unknown;
  readonly errors?: readonly unknown[];
}

const rows = vectors<{ readonly manifest: unknown }, unknown, Outcome>('manifest_validation');

const codes = (manifest: unknown): string[] => checkManifest(manifest).map(({ path, code }) => `${path} ${code}`);
const rpm = { capacity: 1 };

describe('F-20: a manifest', () => {
  test.each(rows)('$title: all its errors are found, in order', ({ input, recommended }) => {
    expect(checkManifest(input.manifest)).toEqual(recommended.errors ?? []);
  });

  test.each(rows.filter(({ recommended }) => recommended.ok))('$title: is normalised', ({ input, recommended }) => {
    expect(parseManifest(input.manifest)).toEqual(recommended.normalized);
  });

  test.each<[string, unknown, string[]]>([
    ['nothing', undefined, [' NOT_A_MAPPING']],
    ['null', null, [' NOT_A_MAPPING']],
    ['text', 'namespace: ns', [' NOT_A_MAPPING']],
    ['a namespace that is no text', { namespace: 7 }, ['namespace INVALID_NAMESPACE']],
    ['a namespace of 129 characters', { namespace: 'n'.repeat(129) }, ['namespace INVALID_NAMESPACE']],
    ['a section that is text', { namespace: 'ns', system: 'x', resources: 'x', entities: 'x' },
      ['system NOT_A_MAPPING', 'resources NOT_A_MAPPING', 'entities NOT_A_MAPPING']],
    ['an entity that is null', { namespace: 'ns', entities: { u: null } }, ['entities.u NOT_A_MAPPING']],
    ['limits and resources that are null', { namespace: 'ns', resources: { r: { limits: null } }, entities: { u: { resources: null } } },
      ['resources.r.limits REQUIRED', 'entities.u.resources REQUIRED']],
    ['a policy that is no text', { namespace: 'ns', system: { on_unavailable: 1 } }, ['system.on_unavailable INVALID_ON_UNAVAILABLE']],
    ['a policy that is null, alone', { namespace: 'ns', system: { on_unavailable: null } }, ['system EMPTY_SECTION']],
    ['a system with an unknown key only', { namespace: 'ns', system: { limit: {} } }, ['system EMPTY_SECTION', 'system.limit UNKNOWN_KEY']],
    ['a number that is fractional and negative, which is one mistake', { namespace: 'ns', resources: { r: { limits: { rpm: { capacity: -1.5 } } } } },
      ['resources.r.limits.rpm.capacity NOT_AN_INTEGER']],
    ['a name that is wrong and too long, which is one mistake', { namespace: 'ns', resources: { [`#${'r'.repeat(64)}`]: { limits: { rpm } } } },
      [`resources.#${'r'.repeat(64)} INVALID_RESOURCE`]],
    ['a wrong name with a wrong value', { namespace: 'ns', resources: { '#': [] } }, ['resources.# INVALID_RESOURCE', 'resources.# NOT_A_MAPPING']],
    ['a resource that is named like an attribute', { namespace: 'ns', resources: { ttl: { limits: { rpm } } }, entities: { u: { resources: { PK: { limits: { rpm } } } } } },
      ['resources.ttl INVALID_RESOURCE', 'entities.u.resources.PK INVALID_RESOURCE']],
    ['a name with a tilde and slashes', { namespace: 'ns', entities: { 'a~b/c~1': { resources: {} } } }, ['entities.a~b/c~1 INVALID_ENTITY']],
    ['every number wrong, in the order of the document', {
      namespace: 'ns', system: { limits: { b: { refill_period: 0, burst: null, capacity: 1e12, refill_amount: '1' }, a: { x: 1 } } }, resource: 1,
    }, [
      'system.limits.b.refill_period NOT_POSITIVE', 'system.limits.b.burst NOT_AN_INTEGER', 'system.limits.b.capacity TOO_LARGE',
      'system.limits.b.refill_amount NOT_AN_INTEGER', 'system.limits.a.x UNKNOWN_KEY', 'system.limits.a.capacity REQUIRED', 'resource UNKNOWN_KEY',
    ]],
    ['names of objects in JavaScript, which are names like others', {
      namespace: 'constructor', resources: { toString: { limits: { valueOf: rpm } } }, entities: { hasOwnProperty: { resources: { constructor: { limits: { rpm } } } } },
    }, []],
    ['a reference to its schema, for editors', { $schema: './manifest.schema.json', namespace: 'ns' }, []],
    ['a null policy beside limits', { namespace: 'ns', system: { on_unavailable: null, limits: { rpm } } }, []],
    ['a null limits section beside a policy', { namespace: 'ns', system: { on_unavailable: 'allow', limits: null } }, []],
  ])('with %s', (_, manifest, expected) => {
    expect(codes(manifest)).toEqual(expected);
  });

  test('a key __proto__ is a wrong name and touches nothing', () => {
    expect(codes(JSON.parse('{"namespace":"ns","resources":{"__proto__":{"limits":{"rpm":{"capacity":1}}}}}'))).toEqual(['resources.__proto__ INVALID_RESOURCE']);
  });

  test.each([[5000, []], [12_000, [' TOO_MANY_LIMITS']]])('with %d entities: %j', (count, expected) => {
    const entities = Object.fromEntries(Array.from({ length: count }, (_, at) =>
      [`entity-${String(at).padStart(10, '0')}`, { resources: { 'some-resource-1': { limits: { rpm } } } }]));

    expect(codes({ namespace: 'ns', entities })).toEqual(expected);
  });

  test('throws what is wrong with it, and says the first five', () => {
    const limits = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => [name, {}]));
    const parse = (manifest: unknown) => () => parseManifest(manifest);

    expect(parse({ namespace: 'ns', system: { limits } })).toThrow(ManifestError);
    expect(parse({ namespace: 'ns', system: { limits } })).toThrow(/: system\.limits\.a\.capacity REQUIRED, .*system\.limits\.e\.capacity REQUIRED and 2 more$/);
    expect(parse([])).toThrow('the limits manifest is not valid: manifest NOT_A_MAPPING');
    expect(new ManifestError([{ path: 'system', code: 'EMPTY_SECTION' }]).toJSON()).toMatchObject({
      error: 'invalid_manifest', problems: [{ path: 'system', code: 'EMPTY_SECTION' }],
    });
  });
});

describe('the schema', () => {
  const isAccepted = (use: () => unknown): boolean => {
    try {
      use();
      return true;
    } catch {
      return false;
    }
  };
  const isValid = (manifest: object): boolean => checkManifest({ namespace: 'ns', ...manifest }).length === 0;
  const names = [
    '', 'a', 'A1', '1a', '_a', '-a', 'a-b', 'a.b', 'a_b', 'a:b', 'a@b', 'a/b', 'a#b', 'a b', 'a\n', 'ä', '\u{1F600}', 'wcu', '_', '_default_',
    'x'.repeat(64), 'x'.repeat(65), 'x'.repeat(128), 'x'.repeat(129), 'x'.repeat(256), 'x'.repeat(257), '\u{1F600}'.repeat(64), '\u{1F600}'.repeat(65),
  ];

  test.each(names)('agrees with the client on the names that %j can be', (name) => {
    expect({
      namespace: isValid({ namespace: name }),
      resource: isValid({ resources: { [name]: { limits: { rpm } } } }),
      entityResource: isValid({ entities: { u: { resources: { [name]: { limits: { rpm } } } } } }),
      entity: isValid({ entities: { [name]: { resources: {} } } }),
      limit: isValid({ system: { limits: { [name]: rpm } } }),
    }).toEqual({
      namespace: isAccepted(() => checkNamespace(name)),
      resource: isAccepted(() => checkResource(name)) && name !== 'wcu',
      entityResource: name === '_default_' || (isAccepted(() => checkResource(name)) && name !== 'wcu'),
      entity: isAccepted(() => checkEntityId(name)),
      limit: isAccepted(() => checkLimitName(name)),
    });
  });

  test.each([1, 999_999_999_999, 0, -1, 1_000_000_000_000, 1.5, NaN, Infinity])('agrees with the client on the number %d', (number) => {
    expect(isValid({ system: { limits: { rpm: { capacity: number } } } })).toBe(isAccepted(() => Limit.perMinute('rpm', number)));
  });

  test('reserves the names that the client reserves', () => {
    expect([...schema.definitions.reserved.enum].sort()).toEqual(['wcu', ...RESERVED_COUNTERS].sort());
  });

  test('is what the generated check was made from; node scripts/bundle.mjs makes it anew', () => {
    const script = "import('./scripts/compile-manifest-schema.mjs').then((module) => process.stdout.write(module.compileManifestSchema()))";

    expect(readFileSync('packages/client/src/manifest/check-manifest.generated.ts', 'utf8')).toBe(execFileSync('node', ['-e', script], { encoding: 'utf8' }));
  });

  test('says the same to an editor', () => {
    const ajv = new Ajv({ allowUnionTypes: true });

    for (const { input, recommended } of rows) expect(ajv.validate(schema, input.manifest)).toBe(recommended.ok);
  });
});

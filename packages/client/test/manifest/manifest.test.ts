import { canonicalJson, manifestHash } from '@zae-limiter/client/manifest/canonical-json';
import { normalizeManifest, type ManifestDeclaration } from '@zae-limiter/client/manifest/manifest';
import { manifestFromProperties } from '@zae-limiter/client/manifest/properties';
import { checkManifest } from '@zae-limiter/client/manifest/validate';
import { vectors } from '../../../../test/support/vectors';

interface Hashed {
  readonly normalized: unknown;
  readonly canonical_json: string;
  readonly applied_hash: string;
}

const hashes = vectors<{ readonly manifest: ManifestDeclaration }, Hashed>('manifest_hash');
/** Rows whose numbers ours reads otherwise or refuses: F-16, F-47 and the largest number. */
const OURS = ['burst', 'string numbers (as CloudFormation delivers them) hash differently', 'large integers'];

describe('the hash of a manifest', () => {
  test.each(hashes.filter(({ name }) => !OURS.includes(name!)))('$title is that of the Python library', ({ input, expected }) => {
    const normalized = normalizeManifest(input.manifest);

    expect(normalized).toEqual(expected.normalized);
    expect(canonicalJson(normalized)).toBe(expected.canonical_json);
    expect(manifestHash(normalized)).toBe(expected.applied_hash);
  });

  test('F-16: a burst raises the capacity only', () => {
    const { input } = hashes.find(({ name }) => name === 'burst')!;

    expect(normalizeManifest(input.manifest)).toEqual({ namespace: 'ns', system: { limits: { tpm: { capacity: 75_000, refill_amount: 50_000, refill_period: 60 } } } });
  });

  test.each(['string numbers (as CloudFormation delivers them) hash differently', 'large integers'])('F-47: %s are refused', (name) => {
    expect(checkManifest(hashes.find((row) => row.name === name)!.input.manifest)).toHaveLength(1);
  });

  test.each<[unknown, string]>([
    [[1, 'a', null, true, {}], '[1, "a", null, true, {}]'],
    [{ 'b': 1, '\u{1F600}': 2, '\uFFFD': 3, 'B': 4 }, '{"B": 4, "b": 1, "\\ufffd": 3, "\\ud83d\\ude00": 2}'],
    ['\u007f\u0000\b\f/', '"\\u007f\\u0000\\b\\f/"'],
  ])('%j is written as Python writes it', (value, expected) => {
    expect(canonicalJson(value)).toBe(expected);
  });
});

describe('F-47: the properties of a custom resource', () => {
  interface Outcome {
    readonly ok: boolean;
    readonly normalized?: unknown;
    readonly applied_hash?: string;
    readonly errors?: readonly unknown[];
  }
  type Properties = { readonly ResourceProperties: Readonly<Record<string, unknown>> };

  test.each(vectors<Properties, unknown, Outcome>('cfn_properties'))('$title', ({ input, recommended }) => {
    const { manifest, problems } = manifestFromProperties(input.ResourceProperties);

    const errors = [...problems, ...checkManifest(manifest)];
    expect(errors).toEqual(recommended.errors ?? []);
    if (errors.length > 0) return;
    const normalized = normalizeManifest(manifest as ManifestDeclaration);
    expect(normalized).toEqual(recommended.normalized);
    expect(manifestHash(normalized)).toBe(recommended.applied_hash);
  });

  test.each<[string, unknown, string[]]>([
    ['0', 0, ['NOT_POSITIVE']], ['-5', -5, ['NOT_POSITIVE']], ['007', 7, []], ['1e3', '1e3', ['NOT_AN_INTEGER']], ['1.0', '1.0', ['NOT_AN_INTEGER']],
    [' 5', ' 5', ['NOT_AN_INTEGER']], ['', '', ['NOT_AN_INTEGER']], ['99999999999999999999', 1e20, ['TOO_LARGE']],
  ])('a capacity of %j is read as %j', (Capacity, capacity, codes) => {
    const { manifest } = manifestFromProperties({ System: { Limits: { rpm: { Capacity } } } });

    expect(manifest).toEqual({ namespace: 'default', system: { limits: { rpm: { capacity } } } });
    expect(checkManifest(manifest).map(({ code }) => code)).toEqual(codes);
  });

  test.each<[string, object, string[]]>([
    ['lists and text', { System: 'x', Resources: [], Entities: 7 }, ['system NOT_A_MAPPING', 'resources NOT_A_MAPPING', 'entities NOT_A_MAPPING']],
    ['keys that JavaScript knows', { toString: 1, System: { constructor: 1, OnUnavailable: 'allow' } }, ['toString UNKNOWN_KEY', 'System.constructor UNKNOWN_KEY']],
  ])('%s are refused', (_, properties, expected) => {
    const { manifest, problems } = manifestFromProperties({ ...properties });

    expect([...problems, ...checkManifest(manifest)].map(({ path, code }) => `${path} ${code}`)).toEqual(expected);
  });

  test('those that say how to apply are not part of the manifest', () => {
    const { manifest, problems } = manifestFromProperties({
      ServiceToken: 'arn', ServiceTimeout: '330', TableName: 't', NamespaceId: 'a7x3', ManifestLocation: {}, AdoptExisting: 'true', RetainOnDelete: 'true',
    });

    expect({ manifest, problems }).toEqual({ manifest: { namespace: 'default' }, problems: [] });
  });
});

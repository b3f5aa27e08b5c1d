import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LimitsSource } from '../src';
import type { ManifestValidator } from '../src/private/manifest-validator';
import * as bundled from '../synth-src/manifest';
import { errorOf, propertiesOf } from './support/limits';

let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'zae-limiter-source-')); });
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const yaml = (content: string): LimitsSource => LimitsSource.fromYamlFile(fileWith('limits.yaml', content));
const json = (content: string): LimitsSource => LimitsSource.fromJsonFile(fileWith('limits.json', content));

const MANIFEST = {
  namespace: 'tenant-1',
  system: { on_unavailable: 'allow', limits: { rpm: { capacity: 1000, burst: 1500 } } },
  resources: { 'gpt-4': { limits: { tpm: { capacity: 90_000, refill_amount: 1000, refill_period: 1 } } } },
  entities: { 'user-1': { resources: { _default_: { limits: { rpm: { capacity: 5 } } } } } },
};
const PROPERTIES = {
  Namespace: 'tenant-1',
  System: { OnUnavailable: 'allow', Limits: { rpm: { Capacity: '1000', Burst: '1500' } } },
  Resources: { 'gpt-4': { Limits: { tpm: { Capacity: '90000', RefillAmount: '1000', RefillPeriod: '1' } } } },
  Entities: { 'user-1': { Resources: { _default_: { Limits: { rpm: { Capacity: '5' } } } } } },
};
const IN_YAML = `# Limits of a tenant
namespace: tenant-1
system:
  on_unavailable: allow
  limits: { rpm: { capacity: 1000, burst: 1500 } }
resources:
  gpt-4:
    limits:
      tpm: { capacity: 90000, refill_amount: 1000, refill_period: 1 }
entities:
  user-1: { resources: { _default_: { limits: { rpm: { capacity: 5 } } } } }
`;

describe('a source', () => {
  test.each<[string, () => LimitsSource]>([
    ['a YAML file', () => yaml(IN_YAML)],
    ['a JSON file', () => json(JSON.stringify({ $schema: 'manifest.schema.json', ...MANIFEST }))],
    ['an object', () => LimitsSource.fromObject(MANIFEST)],
  ])('is %s', (_, source) => {
    expect(propertiesOf({ source: source() })).toMatchObject(PROPERTIES);
  });

  test.each<[string, object, object, string]>([
    ['its own', { namespace: 'mine' }, {}, 'mine'],
    ['that of the limits', {}, { namespaceName: 'theirs' }, 'theirs'],
    ['both, when they agree', { namespace: 'same' }, { namespaceName: 'same' }, 'same'],
    ['default', {}, {}, 'default'],
  ])('has a namespace: %s', (_, manifest, options, expected) => {
    expect(propertiesOf({ source: LimitsSource.fromObject(manifest), ...options }).Namespace).toBe(expected);
  });

  test('may have sections of null, which count as absent', () => {
    const properties = propertiesOf({ source: yaml('system:\nresources:\nentities:\n') });

    expect(Object.keys(properties)).toEqual(['ServiceToken', 'ServiceTimeout', 'TableName', 'Namespace']);
  });

  test('of YAML may use one anchor for all its entities, and merge keys', () => {
    const users = Array.from({ length: 500 }, (_, at) => `  user-${at}: { resources: { r: *standard } }`).join('\n');
    const text = `resources:\n  r: &standard { limits: { rpm: &rpm { capacity: 5 } } }\n  s: { limits: { rpm: { <<: *rpm, refill_period: 1 } } }\nentities:\n${users}\n`;

    const { Resources, Entities } = propertiesOf({ source: yaml(text) });

    expect(Object.values(Entities)).toEqual(Array(500).fill({ Resources: { r: { Limits: { rpm: { Capacity: '5' } } } } }));
    expect(Resources.s.Limits.rpm).toEqual({ Capacity: '5', RefillPeriod: '1' });
  });
});

describe('a source that cannot be read', () => {
  test.each<[string, () => LimitsSource, string[]]>([
    ['is not there', () => LimitsSource.fromYamlFile('/nowhere/limits.yaml'), ["/nowhere/limits.yaml: ENOENT: no such file or directory, open '/nowhere/limits.yaml'"]],
    ['has a key twice', () => yaml('system:\n  limits:\n    rpm: { capacity: 1 }\n    rpm: { capacity: 2 }\n'), ['{}: line 4: Map keys must be unique']],
    ['has several mistakes', () => yaml('a: 1\na: 2\nb: !Ref x\n'), ['{}: line 2: Map keys must be unique', '{}: line 3: Unresolved tag: !Ref']],
    ['is not YAML', () => yaml('system:\n\tlimits: 1\n'), ['{}: line 2: Tabs are not allowed as indentation']],
    ['is two documents', () => yaml('a: 1\n---\nb: 1\n'), ['{}: line 2: Source contains multiple documents']],
    ['is JSON with a key twice', () => json('{\n"system": null,\n"system": null}'), ['{}: line 3: Map keys must be unique']],
    ['is JSON that ends too early', () => json('{\n"system": 1'), ['{}: line 2: Flow map must end with a }']],
    ['is YAML instead of JSON', () => json('system: 1'), [expect.stringContaining('is not valid JSON') as unknown as string]],
  ])('fails when it %s', (_, sourceOf, expected) => {
    const source = sourceOf();

    const { name, message } = errorOf(() => propertiesOf({ source }));

    expect(name).toBe('ValidationError');
    const lines = message.replace(' [app/Limiter/Limits/Limits]', '').split('\n');
    const file = join(folder, message.includes('limits.json') ? 'limits.json' : 'limits.yaml');
    const prefix = 'LIMITS_SOURCE_UNREADABLE: source must be readable, got ';
    expect(lines.map((line) => line.slice(0, prefix.length))).toEqual(lines.map(() => prefix));
    expect(lines.map((line) => line.slice(prefix.length).replace(`${file}:`, '{}:'))).toEqual(expected);
  });
});

test('the bundled rules are what the construct expects', () => {
  const typed: ManifestValidator = bundled;
  const built = jest.requireActual<ManifestValidator>('../assets/manifest');

  expect(Object.keys(built).sort()).toEqual(Object.keys(typed).sort());
});

import { declarationOf, manifestHash, parseManifest } from '@zae-limiter/client/admin';
import { manifestFromProperties } from '@zae-limiter/client/manifest/properties';
import { parse } from 'yaml';
import { connectDynamoDbTable } from '../../../test/support/table';
import { invoke, invokeJson, type Outcome } from './support/cli';
import { newFolder, type Folder } from './support/folder';
import { expectGolden } from './support/golden';
import { newNamespace, type TestNamespace } from './support/namespace';

let folder: Folder;
beforeEach(() => { folder = newFolder(); });
afterEach(() => folder.remove());

const MANIFEST = {
  namespace: 'default',
  system: { on_unavailable: 'block', limits: { rpm: { capacity: 1000 } } },
  resources: { 'gpt-4': { limits: { tpm: { capacity: 90_000, refill_amount: 1000, refill_period: 1 } } }, 'a.b': { limits: { rpm: { capacity: 1, burst: 9 } } } },
  entities: { 'user-1': { resources: { _default_: { limits: { rpm: { capacity: 5 } } } } } },
};

const withFile = (content: string, ...argv: string[]): Promise<Outcome> => {
  folder.write('limits.yaml', content);
  return invoke([...argv, '-f', 'limits.yaml'], { cwd: folder.path });
};

describe('limits validate', () => {
  test('finds every mistake, with its line and column', async () => {
    const { code, stdout } = await withFile(`# Limits
namespace: tenant#1
extra: 1
system:
  on_unavailable: maybe
resources:
  gpt.4:
    limits:
      rpm: { capacity: 0 }
      tpm: { capacity: "5", refill_period: 1.5 }
      wcu: { capacity: 1 }
  9lives: { limits: { rpm: { capacity: 1 } } }
  empty: { limits: {} }
  gone:
entities:
  user-1:
    resources:
      gpt-4: { limits: { rpm: { burst: 3 } } }
`, 'limits', 'validate');
    expect(code).toBe(2);
    expectGolden('limits-validate', stdout);
  });

  test.each([
    ['a text that is no YAML', 'namespace: [default\n', 'SYNTAX'],
    ['a key that is there twice', 'namespace: a\nnamespace: b\n', 'limits.yaml:2:1 SYNTAX'],
    ['a tag that nobody knows', 'namespace: !mine a\n', 'limits.yaml:1:12 SYNTAX'],
    ['two documents', 'namespace: a\n---\nnamespace: b\n', 'SYNTAX'],
    ['an empty file', '', 'limits.yaml:1:1 NOT_A_MAPPING'],
    ['a list', '- 1\n', 'limits.yaml:1:1 NOT_A_MAPPING'],
    ['a mistake behind an anchor', 'namespace: a\nresources:\n  x: &x { limits: { rpm: { capacity: -1 } } }\n  y: *x\n', 'limits.yaml:3:38 resources.y.limits.rpm.capacity: NOT_POSITIVE, must be at least 1, got -1'],
    ['a mistake behind a merge key', 'namespace: a\nresources:\n  x: { limits: &l { rpm: { capacity: -1 } } }\n  y: { limits: { <<: *l } }\n', 'limits.yaml:3:38 resources.y.limits.rpm.capacity'],
    ['a namespace that is missing', 'system: { limits: { rpm: { capacity: 1 } } }\n', 'limits.yaml:1:1 namespace: REQUIRED'],
    ['a JSON with a mistake', '{\n\t"namespace": "a",\n\t"system": {"limits": {"rpm": {"capacity": 1e20}}}\n}', 'limits.yaml:3:44 system.limits.rpm.capacity: TOO_LARGE'],
  ])('refuses %s', async (_, content, problem) => {
    const { code, stdout } = await withFile(content, 'limits', 'validate');
    expect(code).toBe(2);
    expect(stdout).toContain(problem);
  });

  test('says so when nothing is wrong, also in JSON and from standard input', async () => {
    const stdin = JSON.stringify(MANIFEST, undefined, '\t');
    expect(await invoke(['limits', 'validate', '-f', '-', '--ascii'], { stdin })).toEqual({ code: 0, stdout: '[ok] standard input is valid: 4 target(s)\n', stderr: '' });
    expect(await invokeJson(['limits', 'validate', '-f', '-'], { stdin })).toMatchObject({ valid: true, problems: [] });
  });

  test('tells a program where each problem is', async () => {
    folder.write('limits.yaml', 'namespace: a\nsystem: { limits: { rpm: { capacity: 0 } } }\n');
    expect(await invokeJson(['limits', 'validate', '-f', 'limits.yaml'], { cwd: folder.path })).toMatchObject({
      valid: false, problems: [{ line: 2, column: 38, path: 'system.limits.rpm.capacity', code: 'NOT_POSITIVE', message: 'must be at least 1, got 0' }],
    });
  });

  test('cannot read a folder', async () => {
    expect(await invoke(['limits', 'validate', '-f', '.'], { cwd: folder.path })).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be read') });
  });

  test('every other command names the same places', async () => {
    const { code, stderr } = await withFile('namespace: a\nsystem: { limits: { rpm: { capacity: 0 } } }\n', 'limits', 'plan', '-n', 'my-app');
    expect([code, stderr]).toEqual([2, 'Error: limits.yaml is not a valid limits manifest: 1 problem(s)\n'
      + '  limits.yaml:2:38 system.limits.rpm.capacity: NOT_POSITIVE, must be at least 1, got 0\n']);
  });
});

describe('limits cfn-template', () => {
  test('is a template that the provisioner understands', async () => {
    const { code, stdout } = await withFile(JSON.stringify(MANIFEST), 'limits', 'cfn-template', '-n', 'my-app');

    expect(code).toBe(0);
    expectGolden('limits-cfn-template', stdout);
    const { Properties } = (parse(stdout) as { Resources: { Limits: { Properties: Record<string, unknown> } } }).Resources.Limits;
    const { manifest, problems } = manifestFromProperties(Properties);
    expect(problems).toEqual([]);
    expect(manifestHash(parseManifest(manifest))).toBe(manifestHash(parseManifest(MANIFEST)));
  });

  test('goes to a file, as JSON when asked for', async () => {
    const { code, stdout } = await withFile(JSON.stringify(MANIFEST), 'limits', 'cfn-template', '-n', 'my-app', '--format', 'json', '-o', 'stack.json', '--region', 'eu-west-1');
    expect([code, stdout]).toEqual([0, '']);
    expect(JSON.parse(folder.read('stack.json'))).toMatchObject({ Resources: { Limits: { Type: 'Custom::ZaeLimiterLimits' } } });
  });

  const manyLimits = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`resource-${at}`, { limits: { rpm: { capacity: 1 } } }]));

  test.each([
    ['another namespace', MANIFEST, ['-N', 'other'], "is for namespace 'default'"],
    ['more than a template can hold', { namespace: 'a', resources: manyLimits }, [], 'a template can hold 49152'],
    ['a name that CloudFormation takes for its own', { namespace: 'a', resources: { Ref: { limits: { rpm: { capacity: 1 } } } } }, [], "the name 'Ref'"],
    ['a name that no limiter can have', MANIFEST, ['-n', 'my_app'], 'my_app'],
  ])('refuses %s', async (_, manifest, argv, message) => {
    expect(await withFile(JSON.stringify(manifest), 'limits', 'cfn-template', '-n', 'my-app', ...argv)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });
});

describe('limits pull', () => {
  let ns: TestNamespace;
  beforeEach(async () => { ns = await newNamespace(); });

  const apply = async (): Promise<void> => {
    folder.write('limits.yaml', JSON.stringify({ ...MANIFEST, namespace: ns.name }));
    expect(await ns.invoke(['limits', 'apply', '-f', 'limits.yaml'], { cwd: folder.path })).toMatchObject({ code: 0 });
  };

  test('writes a manifest that the table does not differ from', async () => {
    await apply();

    expect(await ns.invoke(['limits', 'pull', '-f', 'pulled.yaml'], { cwd: folder.path })).toMatchObject({ code: 0, stdout: expect.stringContaining('4 target(s)') });

    expectGolden('limits-pull', folder.read('pulled.yaml').replaceAll(ns.name, 'default'));
    expect(await ns.invoke(['limits', 'diff', '-f', 'pulled.yaml'], { cwd: folder.path })).toMatchObject({ code: 0 });
    expect(await ns.invoke(['limits', 'plan', '-f', 'pulled.yaml'], { cwd: folder.path })).toMatchObject({ stdout: 'No changes. Infrastructure is up-to-date.\n' });
  });

  test('finds what was set by hand, and prints it', async () => {
    await ns.invoke(['resource', 'set-defaults', 'gpt-4', '-l', 'rpm:5']);
    const { stdout } = await ns.invoke(['limits', 'pull']);
    expect(parse(stdout)).toEqual({ namespace: ns.name, resources: { 'gpt-4': { limits: { rpm: { capacity: 5 } } } } });
    expect(await ns.json(['limits', 'pull'])).toMatchObject({ file: null, damaged: [], problems: [], manifest: parse(stdout) as object });
  });

  test('does not replace a file unless told to', async () => {
    await apply();
    const before = folder.read('limits.yaml');
    expect(await ns.invoke(['limits', 'pull', '-f', 'limits.yaml'], { cwd: folder.path })).toMatchObject({ code: 2, stderr: expect.stringContaining('there already') });
    expect(folder.read('limits.yaml')).toBe(before);
    expect(await ns.invoke(['limits', 'pull', '-f', 'limits.yaml', '--force'], { cwd: folder.path })).toMatchObject({ code: 0 });
    expect(await ns.invoke(['limits', 'pull', '-f', 'no/folder.yaml'], { cwd: folder.path })).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be written') });
  });

  test('leaves out a damaged record and says so; apply and import tell it, too', async () => {
    await apply();
    await damage('gpt-4');

    const { stdout, stderr } = await ns.invoke(['limits', 'pull']);
    expect((parse(stdout) as typeof MANIFEST).resources).toEqual({ 'a.b': { limits: { rpm: { capacity: 9, refill_amount: 1 } } } });
    expect(stderr).toContain('resource gpt-4');
    expect(await ns.json(['limits', 'pull'])).toMatchObject({ damaged: ['resource gpt-4'] });
    expect(await ns.json(['limits', 'import', '-f', 'limits.yaml'], { cwd: folder.path })).toMatchObject({ damaged: ['resource gpt-4'], imported: [] });
    const { drift } = await ns.json(['limits', 'diff', '-f', 'limits.yaml'], { cwd: folder.path });
    expect(drift).toEqual([expect.objectContaining({ target: 'gpt-4', before: expect.objectContaining({ limits: [expect.objectContaining({ refillAmount: null })] }) })]);
  });

  async function damage(resource: string): Promise<void> {
    expect(await ns.invoke(['limits', 'plan', '-f', 'limits.yaml', '--out', 'plan.json'], { cwd: folder.path })).toMatchObject({ code: 0 });
    const { namespaceId } = JSON.parse(folder.read('plan.json')) as { namespaceId: string };
    const { client, store } = await connectDynamoDbTable();
    await store.update({ key: { pk: `${namespaceId}/RESOURCE#${resource}`, sk: '#CONFIG' }, changes: new Map([['l_tpm_ra', { remove: true }]]), conditions: [] });
    client.destroy();
  }

  test('an empty namespace is an empty manifest', async () => {
    expect(parse((await ns.invoke(['limits', 'pull'])).stdout)).toEqual({ namespace: ns.name });
  });
});

test('a manifest that is written again is the same', () => {
  const policyAlone = { namespace: 'a', system: { on_unavailable: 'allow' } };
  for (const manifest of [MANIFEST, policyAlone, { namespace: 'a' }]) {
    expect(parseManifest(declarationOf(parseManifest(manifest)))).toEqual(parseManifest(manifest));
  }
});

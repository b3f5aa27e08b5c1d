import { LimitsProvisioner, parseManifest } from '@zae-limiter/client/admin';
import { FakeClock } from '@zae-limiter/client/testing';
import { parse } from 'yaml';
import { connectDynamoDbTable } from '../../../test/support/table';
import { invoke, stable, type InvokeOptions, type Outcome } from './support/cli';
import { newFolder, type Folder } from './support/folder';
import { expectGolden } from './support/golden';
import { newNamespace, type TestNamespace } from './support/namespace';

let ns: TestNamespace;
let folder: Folder;
let clock: FakeClock;
beforeEach(async () => {
  ns = await newNamespace();
  folder = newFolder();
  clock = new FakeClock();
});
afterEach(() => folder.remove());

const FIRST = `
system: { on_unavailable: block, limits: { rpm: { capacity: 1000 } } }
resources:
  gpt-4: { limits: { tpm: { capacity: 50000 } } }
  claude-3: { limits: { rpm: { capacity: 10, burst: 20 } } }
entities:
  user-old: { resources: { gpt-4: { limits: { rpm: { capacity: 1000 } } } } }
`;
const SECOND = `
system: { on_unavailable: allow, limits: { rpm: { capacity: 1000 } } }
resources:
  gpt-4: { limits: { tpm: { capacity: 80000 }, rps: { capacity: 5, refill_period: 1 } } }
  gpt-4o: { limits: { rpm: { capacity: 500 }, tpm: { capacity: 800000 } } }
  claude-3: { limits: { rpm: { capacity: 10, burst: 20 } } }
`;

const NOTHING = '\n';

/** Runs a command with a manifest, which is for the namespace of the test. */
function run(argv: readonly string[], manifest: string, options: InvokeOptions = {}): Promise<Outcome> {
  folder.write('limits.yaml', `namespace: ${ns.name}${manifest}`);
  return ns.invoke([...argv, '-f', 'limits.yaml'], { cwd: folder.path, clock, ...options });
}

const json = (argv: readonly string[], options: InvokeOptions = {}): Promise<Record<string, unknown>> =>
  ns.json(argv, { cwd: folder.path, clock, ...options });

const named = (text: string): string => stable(text).replaceAll(ns.table, 'my-app').replaceAll(ns.name, 'default');

async function applied(manifest: string): Promise<void> {
  expect(await run(['limits', 'apply', '--yes'], manifest)).toMatchObject({ code: 0 });
  clock.advance(60_000);
}

/** What somebody does by hand, an hour before now. */
async function byHand(...argv: string[]): Promise<void> {
  expect(await ns.invoke([...argv, '--principal', 'alice'], { clock })).toMatchObject({ code: 0 });
  clock.advance(3_600_000);
}

describe('limits plan', () => {
  test('shows what would be added, changed and removed, and writes nothing', async () => {
    await applied(FIRST);

    const first = await run(['limits', 'plan'], SECOND, { tty: true });
    const second = await run(['limits', 'plan'], SECOND, { tty: true });

    expect(first).toMatchObject({ code: 0, stderr: '' });
    expectGolden('limits-plan', named(first.stdout));
    expect(second).toEqual(first);
  });

  test('says so when there is nothing to do', async () => {
    await applied(FIRST);
    expect(await run(['limits', 'plan', '--detailed-exitcode'], FIRST)).toEqual({ code: 0, stdout: 'No changes. Infrastructure is up-to-date.\n', stderr: '' });
  });

  test('ends with 6 when asked to tell changes by its exit code', async () => {
    expect(await run(['limits', 'plan', '--detailed-exitcode'], FIRST)).toMatchObject({ code: 6 });
  });

  test('tells a program every value before and after', async () => {
    await applied(FIRST);
    folder.write('limits.yaml', `namespace: ${ns.name}${SECOND}`);

    const plan = await json(['limits', 'plan', '-f', 'limits.yaml']);

    expect(plan).toMatchObject({ name: ns.table, namespace: ns.name, owner: 'cli', unchanged: 1, conflicts: 0 });
    expect(plan.changes).toEqual([
      expect.objectContaining({ action: 'update', level: 'system', target: null, before: expect.objectContaining({ onUnavailable: 'block' }), after: expect.objectContaining({ onUnavailable: 'allow' }) }),
      {
        action: 'update', level: 'resource', target: 'gpt-4', outside: null,
        before: { onUnavailable: null, limits: [{ name: 'tpm', capacity: 50_000, refillAmount: 50_000, refillPeriodSeconds: 60 }] },
        after: {
          onUnavailable: null,
          limits: [{ name: 'tpm', capacity: 80_000, refillAmount: 80_000, refillPeriodSeconds: 60 }, { name: 'rps', capacity: 5, refillAmount: 5, refillPeriodSeconds: 1 }],
        },
      },
      expect.objectContaining({ action: 'create', target: 'gpt-4o', before: null }),
      expect.objectContaining({ action: 'delete', level: 'entity', target: 'user-old/gpt-4', after: null }),
    ]);
  });

  test.each([
    ['a namespace that the manifest does not name', ['-N', 'another'], 2, "limits.yaml is for namespace 'default', and the command line names 'another'"],
    ['a file that is not there', ['-f', 'missing.yaml'], 2, "there is no file 'missing.yaml'"],
    ['a table that is not there', ['-n', 'no-such-table'], 4, 'no-such-table'],
  ])('X15: refuses %s', async (_, argv, code, message) => {
    folder.write('limits.yaml', 'namespace: default\n');
    const outcome = await invoke(['limits', 'plan', '-f', 'limits.yaml', '-n', ns.table, ...argv], { cwd: folder.path });
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toContain(message);
  });

  test('refuses a namespace that is not registered, with the command that registers it', async () => {
    folder.write('limits.yaml', 'namespace: nobody\n');
    const { code, stderr } = await invoke(['limits', 'plan', '-f', 'limits.yaml', '-n', ns.table], { cwd: folder.path });
    expect(code).toBe(4);
    expect(stderr).toContain('zae-limiter namespace register');
  });
});

describe('limits apply', () => {
  test('makes the table what the manifest says, and the second time changes nothing', async () => {
    const first = await run(['limits', 'apply'], FIRST, { tty: true });
    const second = await run(['limits', 'apply'], FIRST);

    expect(first.code).toBe(0);
    expectGolden('limits-apply', named(first.stdout));
    expect(second).toMatchObject({ code: 0, stdout: 'Applied: 0 created, 0 updated, 0 deleted.\n' });
    expect(await json(['resource', 'get-defaults', 'gpt-4'])).toMatchObject({ limits: [{ name: 'tpm', capacity: 50_000 }] });
  });

  test('refuses to remove limits when there is nobody to ask, and changes nothing', async () => {
    await applied(FIRST);
    const { code, stderr } = await run(['limits', 'apply'], SECOND);

    expect(code).toBe(7);
    expect(stderr).toContain('user-old/gpt-4');
    expect(await run(['limits', 'diff'], FIRST)).toMatchObject({ code: 0 });
  });

  test('asks before it removes limits', async () => {
    await applied(FIRST);
    expect(await run(['limits', 'apply'], SECOND, { tty: true, answers: [false] })).toMatchObject({ code: 7 });
    expect(await run(['limits', 'apply'], SECOND, { tty: true, answers: [true] })).toMatchObject({ code: 0, stdout: expect.stringContaining('Applied: 1 created, 2 updated, 1 deleted.') });
    expect(await run(['limits', 'diff'], SECOND)).toMatchObject({ code: 0 });
  });

  test('--dry-run shows the items and writes none', async () => {
    const { code, stdout } = await run(['limits', 'apply', '--dry-run'], FIRST);
    expect(code).toBe(0);
    expect(stdout).toContain('Dry run:');
    expect(stdout).toContain('l_tpm_cp: 50000');
    expect(await json(['resource', 'list'])).toMatchObject({ resources: [] });
  });

  test('needs a manifest or a plan', async () => {
    expect(await ns.invoke(['limits', 'apply'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--file limits.yaml') });
  });

  test('prints what it did for a program', async () => {
    folder.write('limits.json', JSON.stringify({ namespace: ns.name, system: { limits: { rpm: { capacity: 1 } } } }));
    expect(await json(['limits', 'apply', '-f', 'limits.json'])).toMatchObject({ created: 1, updated: 0, deleted: 0, skipped: [], errors: [] });
  });

  test('reads standard input', async () => {
    const stdin = `namespace: ${ns.name}${FIRST}`;
    expect(await ns.invoke(['limits', 'apply', '-f', '-'], { stdin, clock })).toMatchObject({ code: 0 });
  });

  test('a manifest without a namespace is for the one that the command line names', async () => {
    folder.write('limits.yaml', 'system: { limits: { rpm: { capacity: 1 } } }\n');
    expect(await ns.invoke(['limits', 'apply', '-f', 'limits.yaml'], { cwd: folder.path })).toMatchObject({ code: 0 });
  });

  test('refuses limits that a stack manages, until it is told to take them over', async () => {
    await applied(FIRST);
    await ownedByStack();

    expect(await run(['limits', 'plan'], SECOND)).toMatchObject({ stdout: expect.stringContaining('a-stack|Limits manages these limits') });
    expect(await run(['limits', 'apply', '--yes'], SECOND)).toMatchObject({ code: 1, stderr: expect.stringContaining('a-stack|Limits') });
    expect(await run(['limits', 'diff'], FIRST)).toMatchObject({ code: 0 });
    expect(await run(['limits', 'apply', '--yes', '--adopt'], SECOND)).toMatchObject({ code: 0 });
  });

  async function ownedByStack(): Promise<void> {
    expect(await run(['limits', 'plan', '--out', 'plan.json'], FIRST)).toMatchObject({ code: 0 });
    const { namespaceId } = JSON.parse(folder.read('plan.json')) as { namespaceId: string };
    const { client, store } = await connectDynamoDbTable();
    const manifest = parseManifest({ namespace: ns.name, ...parse(FIRST) as object });
    await new LimitsProvisioner({ store, namespaceId, clock }).apply(manifest, { owner: 'a-stack|Limits', adoptExisting: true });
    client.destroy();
  }
});

describe('limits that somebody changed outside the manifest', () => {
  beforeEach(async () => {
    await applied(FIRST);
    await byHand('resource', 'set-defaults', 'claude-3', '-l', 'rpm:77');
  });

  const CHANGED = SECOND.replace('{ capacity: 10, burst: 20 }', '{ capacity: 11 }');

  test.each(['fail', 'skip', 'overwrite'])('are marked in a plan, --on-conflict %s', async (onConflict) => {
    const { stdout } = await run(['limits', 'plan', '--on-conflict', onConflict], CHANGED, { tty: true, columns: 160 });
    expectGolden(`limits-plan-conflict-${onConflict}`, named(stdout));
  });

  test('stop an apply before anything is changed', async () => {
    const { code, stdout, stderr } = await run(['limits', 'apply', '--yes'], CHANGED);
    expect([code, stdout]).toEqual([1, '']);
    expectGolden('limits-apply-conflict', named(stderr));
    expect(await json(['resource', 'list'])).toMatchObject({ resources: ['claude-3', 'gpt-4'] });
  });

  test('are overwritten when asked for', async () => {
    expect(await run(['limits', 'apply', '--yes', '--on-conflict', 'overwrite'], CHANGED)).toMatchObject({ code: 0 });
    expect(await run(['limits', 'diff'], CHANGED)).toMatchObject({ code: 0 });
  });

  test('stay when asked for, and are not managed any more', async () => {
    expect(await run(['limits', 'apply', '--yes', '--on-conflict', 'skip'], CHANGED)).toMatchObject({ code: 0, stdout: expect.stringContaining('1 skipped') });
    expect(await json(['resource', 'get-defaults', 'claude-3'])).toMatchObject({ limits: [{ capacity: 77 }] });

    expect(await run(['limits', 'apply', '--yes'], CHANGED)).toMatchObject({ code: 1, stderr: expect.stringContaining('claude-3') });
    expect(await run(['limits', 'apply', '--yes'], NOTHING)).toMatchObject({ code: 0 });
    expect(await json(['resource', 'list'])).toMatchObject({ resources: ['claude-3'] });
  });

  test('are found with the manifest that was applied last, too', async () => {
    expect(await run(['limits', 'apply'], FIRST)).toMatchObject({ code: 1, stderr: expect.stringContaining('claude-3') });
  });

  test('are no conflict once a manifest says the same', async () => {
    await applied(FIRST.replace('{ capacity: 10, burst: 20 }', '{ capacity: 77 }'));
    expect(await run(['limits', 'apply', '--yes'], CHANGED)).toMatchObject({ code: 0 });
  });

  test('are created again when they were removed: nothing is lost by that', async () => {
    await applied(FIRST.replace('{ capacity: 10, burst: 20 }', '{ capacity: 77 }'));
    await byHand('resource', 'delete-defaults', 'claude-3', '--yes');
    expect(await run(['limits', 'apply', '--yes'], CHANGED)).toMatchObject({ code: 0, stdout: expect.stringContaining('+ resource claude-3') });
  });

  test('are a conflict as well when no manifest ever managed them', async () => {
    await byHand('resource', 'set-defaults', 'gpt-4o', '-l', 'rpm:1');
    const { stderr } = await run(['limits', 'apply', '--yes'], CHANGED);
    expect(stderr).toContain('gpt-4o');
    expect(stderr).toContain('by alice');
  });
});

describe('limits diff', () => {
  test('X13: ends with 6 and shows the drift', async () => {
    await applied(FIRST);
    await byHand('resource', 'set-defaults', 'gpt-4', '-l', 'tpm:1');

    const { code, stdout } = await run(['limits', 'diff'], FIRST, { tty: true });
    expect(code).toBe(6);
    expectGolden('limits-diff', named(stdout));
    expect(await json(['limits', 'diff', '-f', 'limits.yaml'])).toMatchObject({ inSync: false, drift: [{ action: 'update', target: 'gpt-4', outside: { by: 'alice' } }] });
  });

  test('ends with 0 when there is none', async () => {
    await applied(FIRST);
    expect(await run(['limits', 'diff'], FIRST)).toEqual({ code: 0, stdout: 'No drift detected. Live state matches YAML.\n', stderr: '' });
  });
});

describe('a plan that was kept', () => {
  const kept = async (manifest = SECOND): Promise<void> => {
    expect(await run(['limits', 'plan', '--out', 'plan.json'], manifest)).toMatchObject({ code: 0, stdout: expect.stringContaining('Kept in plan.json') });
  };
  const applyPlan = (...argv: string[]): Promise<Outcome> => ns.invoke(['limits', 'apply', 'plan.json', '--yes', ...argv], { cwd: folder.path, clock });

  beforeEach(() => applied(FIRST));

  test('is carried out', async () => {
    await kept();
    expect(await applyPlan()).toMatchObject({ code: 0 });
    expect(await run(['limits', 'diff'], SECOND)).toMatchObject({ code: 0 });
  });

  test('is refused once the limits changed', async () => {
    await kept();
    await byHand('resource', 'set-defaults', 'gpt-4', '-l', 'tpm:1');
    expect(await applyPlan()).toMatchObject({ code: 1, stderr: expect.stringContaining('the limits changed since the plan was made') });
    expect(await json(['resource', 'list'])).toMatchObject({ resources: ['claude-3', 'gpt-4'] });
  });

  test('is refused once the manifest changed', async () => {
    await kept();
    folder.write('limits.yaml', `namespace: ${ns.name}${FIRST}`);
    expect(await applyPlan('-f', 'limits.yaml')).toMatchObject({ code: 2, stderr: expect.stringContaining('not the manifest that the plan was made of') });
  });

  test('is refused with another way to treat conflicts', async () => {
    await kept();
    expect(await applyPlan('--on-conflict', 'skip')).toMatchObject({ code: 2, stderr: expect.stringContaining('--on-conflict fail') });
  });

  test.each([
    ['is no plan', '{"schema":"something"}', 'is no plan of this program'],
    ['is no JSON', 'hello', 'is no plan of this program'],
  ])('is refused when the file %s', async (_, content, message) => {
    folder.write('plan.json', content);
    expect(await applyPlan()).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });

  test('is refused for another limiter', async () => {
    await kept();
    folder.write('plan.json', folder.read('plan.json').replaceAll(ns.table, 'another'));
    expect(await applyPlan()).toMatchObject({ code: 2, stderr: expect.stringContaining("a plan for 'another'") });
  });

  test('takes the place of a plan that is there, and of no other file', async () => {
    await kept(FIRST);
    await kept();
    expect(await applyPlan()).toMatchObject({ code: 0, stdout: expect.stringContaining('1 deleted') });

    folder.write('notes.json', '{"mine":1}');
    expect(await run(['limits', 'plan', '--out', 'notes.json'], SECOND)).toMatchObject({ code: 2, stderr: expect.stringContaining('notes.json is there already') });
    expect(folder.read('notes.json')).toBe('{"mine":1}');
  });

  test('cannot be kept where nobody may write', async () => {
    expect(await run(['limits', 'plan', '--out', 'no/such/folder/plan.json'], SECOND)).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be written') });
  });
});

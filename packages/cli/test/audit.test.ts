import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@zae-limiter/client/testing';
import { checkSchema, invoke, type InvokeOptions } from './support/cli';
import { expectGolden } from './support/golden';
import { newNamespace, type TestNamespace } from './support/namespace';

const HOUR = 3_600_000;

let ns: TestNamespace;
let clock: FakeClock;

/** Five changes, one an hour; the namespace itself was registered long before. */
beforeEach(async () => {
  ns = await newNamespace();
  clock = new FakeClock();
  for (const argv of [
    ['entity', 'create', 'user-1', '--principal', 'ops'],
    ['resource', 'set-defaults', 'gpt-4', '-l', 'rpm:10', '--principal', 'dev'],
    ['entity', 'set-limits', 'user-1', '-r', 'gpt-4', '-l', 'rpm:20', '--principal', 'ops'],
    ['system', 'set-defaults', '-l', 'rpm:5'],
    ['entity', 'update', 'user-1', '--cascade', '--principal', 'ops'],
  ]) {
    const { code, stderr } = await ns.invoke(argv, { clock });
    if (code !== 0) throw new Error(stderr);
    clock.advance(HOUR);
  }
});

const run = (argv: readonly string[], options: InvokeOptions = {}) => ns.invoke(['audit', ...argv], { clock, ...options });
const json = (...argv: string[]) => ns.json(['audit', ...argv], { clock });
/** Text without the ids of events, which are random. */
const stable = (text: string): string => text.replace(/\b[0-9A-HJKMNP-TV-Z]{26}\b/g, 'ULID');
type Event = { readonly id: string; readonly action: string; readonly entity: string };
const eventsOf = (data: Record<string, unknown>) => data.events as Event[];
const actions = async (...argv: string[]) => eventsOf(await json('list', ...argv)).map(({ action, entity }) => `${action} ${entity}`);

describe('audit list', () => {
  test('lists changes of an entity, newest first', async () => {
    expectGolden('audit-list', stable((await run(['list', '--entity-id', 'user-1'], { tty: true })).stdout));
    expect((await run(['list', '-e', 'user-1'])).stdout.split('\n')[0]).toBe('Timestamp\tAction\tPrincipal\tResource');
  });

  const everything = ['entity_updated user-1', 'limits_set $SYSTEM', 'limits_set user-1', 'limits_set $RESOURCE:gpt-4', 'entity_created user-1', 'namespace_created $SYSTEM'];

  test.each([
    ['an entity', ['-e', 'user-1'], ['entity_updated user-1', 'limits_set user-1', 'entity_created user-1']],
    ['a resource', ['--resource', 'gpt-4'], ['limits_set $RESOURCE:gpt-4']],
    ['the system', ['--system'], ['limits_set $SYSTEM', 'namespace_created $SYSTEM']],
    ['a resource, as the Python command line names it', ['-e', '$RESOURCE:gpt-4'], ['limits_set $RESOURCE:gpt-4']],
    ['the system, as the Python command line names it', ['-e', '$SYSTEM'], ['limits_set $SYSTEM', 'namespace_created $SYSTEM']],
    ['everything', ['--namespace-wide'], everything],
    ['everything, with one action', ['--namespace-wide', '--action', 'limits_set'], ['limits_set $SYSTEM', 'limits_set user-1', 'limits_set $RESOURCE:gpt-4']],
    ['everything since a time', ['--namespace-wide', '--since', '2h'], ['entity_updated user-1', 'limits_set $SYSTEM']],
    ['an entity since a time', ['-e', 'user-1', '--since', '3h'], ['entity_updated user-1', 'limits_set user-1']],
    ['the newest of an action', ['-e', 'user-1', '--action', 'entity_created', '-l', '1'], ['entity_created user-1']],
    ['all, however many', ['--namespace-wide', '--all', '-l', '1'], everything],
  ])('lists changes of %s', async (_, args, expected) => {
    expect(await actions(...args)).toEqual(expected);
  });

  test.each([['an entity', ['-e', 'user-1']], ['everything', ['--namespace-wide']]])('goes on where it ended: %s', async (_, args) => {
    const first = await json('list', ...args, '-l', '2');
    const rest = await json('list', ...args, '--start-event-id', first.nextEventId as string);

    expect(eventsOf(first)).toHaveLength(2);
    expect(rest.nextEventId).toBeNull();
    expect([...eventsOf(first), ...eventsOf(rest)]).toEqual(eventsOf(await json('list', ...args)));
  });

  test('says on a terminal how to go on, and what each change was about', async () => {
    expectGolden('audit-list-more', stable((await run(['list', '--namespace-wide', '-l', '3'], { tty: true })).stdout));
  });

  test.each(['csv', 'ndjson'])('says beside %s that there are more', async (format) => {
    const { stdout, stderr } = await run(['list', '--namespace-wide', '-l', '3', '-o', format]);

    expect(stdout.trimEnd().split('\n')).toHaveLength(format === 'csv' ? 4 : 3);
    expect(stable(stderr)).toBe('More events: --start-event-id ULID\n');
  });

  test.each([
    ['an entity', ['-e', 'user-9'], "entity 'user-9'"], ['a resource', ['-r', 'other'], "resource 'other'"],
    ['the system', ['--system', '--since', '1s'], 'the system'], ['the namespace', ['--namespace-wide', '--since', '1s'], 'the namespace'],
  ])('says that there are none of %s', async (_, args, name) => {
    expect(await run(['list', ...args])).toMatchObject({ code: 0, stdout: `No audit events found for ${name}\n` });
  });

  test.each([
    ['nothing asked for', []],
    ['two things at once', ['-e', 'user-1', '--system']],
    ['an entity that is no id', ['-e', 'no id']],
    ['a limit of nothing', ['-e', 'user-1', '-l', '0']],
    ['a time that is none', ['-e', 'user-1', '--since', 'yesterday']],
  ])('refuses %s with exit code 2', async (_, args) => {
    expect((await run(['list', ...args])).code).toBe(2);
  });

  test('ends with exit code 4 without the namespace', async () => {
    expect((await invoke(['audit', 'list', '-e', 'user-1', '-n', ns.table, '-N', 'no-such'])).code).toBe(4);
  });
});

describe('audit export', () => {
  test('writes all events of the namespace to standard output, one a line', async () => {
    const { code, stdout, stderr } = await run(['export']);
    const lines = stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as Event);

    expect([code, stderr, lines.length]).toEqual([0, '', 6]);
    for (const line of lines) await checkSchema(['audit', 'export'], { schema: 'zae-limiter.audit-export/1', ...line });
    expect(lines).toEqual(eventsOf(await json('list', '--namespace-wide')));
  });

  test.each([['a list', [], 3], ['an empty list', ['--since', '1s'], 0]])('writes %s of JSON', async (_, args, count) => {
    const { stdout } = await run(['export', '-e', 'user-1', '--format', 'json', ...args]);

    expect(JSON.parse(stdout)).toHaveLength(count);
  });

  test('writes a table for spreadsheets', async () => {
    expectGolden('audit-export-csv', stable((await run(['export', '-e', 'user-1', '--action', 'entity_updated', '--format', 'csv'])).stdout));
  });

  test('writes a file and says how many events are in it; replaces one only with --force', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'zae-audit-'));
    const toFile = (...args: string[]) => run(['export', '-o', 'audit.ndjson', ...args], { cwd });

    expect(await toFile()).toEqual({ code: 0, stdout: '', stderr: 'Reading events\nExported 6 events to audit.ndjson\n' });
    expect((await toFile('--system')).code).toBe(2);
    expect(readFileSync(join(cwd, 'audit.ndjson'), 'utf8').split('\n')).toHaveLength(7);
    expect((await toFile('--system', '--force', '--quiet')).stderr).toBe('');
    expect(readFileSync(join(cwd, 'audit.ndjson'), 'utf8').split('\n')).toHaveLength(3);
  });

  test('that fails leaves the file whole that it was to replace', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'zae-audit-'));
    writeFileSync(join(cwd, 'audit.ndjson'), 'good');

    const { code } = await invoke(['audit', 'export', '-o', 'audit.ndjson', '--force', '-n', ns.table, '-N', 'no-such'], { cwd });

    expect([code, readFileSync(join(cwd, 'audit.ndjson'), 'utf8'), readdirSync(cwd)]).toEqual([4, 'good', ['audit.ndjson']]);
  });

  test.each([['two things at once', ['--system', '--namespace-wide']], ['another format', ['--format', 'xml']]])('refuses %s with exit code 2', async (_, args) => {
    expect(await run(['export', ...args])).toMatchObject({ code: 2, stdout: '' });
  });
});

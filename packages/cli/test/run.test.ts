import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { invoke } from './support/cli';
import { newNamespace, type TestNamespace } from './support/namespace';

let ns: TestNamespace;
beforeAll(async () => { ns = await newNamespace(); });

describe('arguments', () => {
  test.each([
    [['unknown'], "unknown command 'unknown'"], [['resource', 'unknown'], "unknown command 'unknown'"], [['resource', 'list', '--nope'], "unknown option '--nope'"],
    [['resource', 'get-defaults'], "missing required argument 'resource'"], [['resource', 'set-defaults', 'gpt-4'], "'-l, --limit <limit>'"],
    [['resource', 'set-defaults', 'gpt-4', '-l', 'rpm'], 'must look like'], [['resource', 'list', '--output', 'xml'], 'Allowed choices are'],
    [['resource', 'list', '--timeout', 'soon'], 'length of time'], [['resource', 'list', 'gpt-4'], 'too many arguments'],
  ])('that are wrong are refused with exit code 2: %p', async (argv, message) => {
    const { code, stdout, stderr } = await invoke(argv);

    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  test('of the name and namespace are checked before AWS is asked', async () => {
    expect(await invoke(['resource', 'list', '-n', 'under_score'])).toMatchObject({ code: 2 });
    expect(await invoke(['resource', 'list', '-n', ns.table, '-N', '_'])).toMatchObject({ code: 2 });
  });

  test('a group alone says what it holds', async () => {
    const { code, stderr } = await invoke(['resource']);
    expect(code).toBe(2);
    expect(stderr).toContain('set-defaults');
  });

  test('help is no error', async () => {
    expect(await invoke(['--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('Infrastructure:') as string });
    expect(await invoke(['help', 'resource'])).toMatchObject({ code: 0, stdout: expect.stringContaining('set-defaults') as string });
    expect(await invoke(['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string });
  });
});

describe('where flags come from', () => {
  const place = (env: Record<string, string>, cwd = '/') => invoke(['resource', 'list', '-o', 'json'], { env, cwd });

  test('the environment names the table and the namespace', async () => {
    expect(await place({ ZAEL_STACK: ns.table, ZAEL_NAMESPACE: ns.name })).toMatchObject({ code: 0 });
    expect(await place({ ZAEL_STACK: ns.table, ZAEL_NAMESPACE: 'missing' })).toMatchObject({ code: 4 });
  });

  test('a configuration file does so, below the environment and the flags', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zae-limiter-run-'));
    writeFileSync(join(folder, 'zae-limiter.config.json'), JSON.stringify({ name: ns.table, namespace: ns.name }));

    expect(await place({}, folder)).toMatchObject({ code: 0 });
    expect(await place({ ZAEL_NAMESPACE: 'missing' }, folder)).toMatchObject({ code: 4 });
    expect(await invoke(['resource', 'list', '-N', ns.name], { env: { ZAEL_NAMESPACE: 'missing' }, cwd: folder })).toMatchObject({ code: 0 });
  });
});

describe('errors', () => {
  test('are a line for people, with a hint', async () => {
    const { code, stdout, stderr } = await invoke(['resource', 'list', '-n', 'missing-table']);
    expect([code, stdout]).toEqual([4, '']);
    expect(stderr).toMatch(/^Error: table 'missing-table' does not exist.*\n {2}zae-limiter list/);
  });

  test('are JSON for programs', async () => {
    const { stderr } = await invoke(['resource', 'list', '-n', 'missing-table', '-o', 'json']);
    expect(JSON.parse(stderr)).toMatchObject({ schema: 'zae-limiter.error/1', error: { code: 'INFRASTRUCTURE_NOT_FOUND', exitCode: 4 } });
  });

  test('of the network end with exit code 3', async () => {
    expect(await invoke(['resource', 'list', '--endpoint-url', 'http://127.0.0.1:1', '--timeout', '1s'])).toMatchObject({ code: 3 });
  });

  test('show their place with --debug, which also tells every call', async () => {
    const { stderr } = await invoke(['resource', 'list', '-n', 'missing-table', '--debug']);
    expect(stderr).toMatch(/aws DynamoDB\.BatchGetItem ResourceNotFoundException \d+ ms/);
    expect(stderr).toContain('at ');
  });
});

describe('Ctrl-C', () => {
  test('ends a command with exit code 130', async () => {
    await ns.invoke(['resource', 'set-defaults', 'gpt-4', '-l', 'rpm:1']);
    const interruption = new AbortController();
    interruption.abort();
    const { code, stderr } = await ns.invoke(['resource', 'delete-defaults', 'gpt-4'], { tty: true, signal: interruption.signal });

    expect([code, stderr]).toEqual([130, 'Error: interrupted\n']);
  });
});

test('text of others cannot move the cursor of a terminal', async () => {
  const { stderr } = await invoke(['resource', 'list', '-n', ns.table, '-N', 'a\u001b[2J\u001b]0;x\u0007b'], { tty: true });

  expect(stderr).toContain('a [2J ]0;x b');
  expect(stderr.replace(/\u001b\[\d+m/g, '')).not.toContain('\u001b');
});

describe('a dry run', () => {
  test('of what is refused says so, as the command itself', async () => {
    await ns.invoke(['resource', 'set-defaults', 'short', '-l', 'rpm:1']);
    await ns.invoke(['acquire', 'user-1', 'short', '-c', 'rpm=1']);

    const { code, stdout } = await ns.invoke(['acquire', 'user-1', 'short', '-c', 'rpm=1', '--dry-run']);

    expect([code, stdout]).toEqual([8, expect.stringMatching(/^Denied/)]);
  });

  test('shows the items and writes none', async () => {
    const { code, stdout } = await ns.invoke(['resource', 'set-defaults', 'dry', '-l', 'rpm:5', '--dry-run']);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^Dry run: 3 item\(s\) would be written, nothing was\.\n/);
    expect(stdout).toContain('create');
    expect((await ns.json(['resource', 'get-defaults', 'dry'])).limits).toEqual([]);
  });

  test('of a removal asks nothing', async () => {
    await ns.invoke(['resource', 'set-defaults', 'kept', '-l', 'rpm:5']);
    const { code, stdout } = await ns.invoke(['resource', 'delete-defaults', 'kept', '--dry-run', '-o', 'json']);

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'zae-limiter.dry-run/1', writes: expect.arrayContaining([expect.objectContaining({ action: 'delete' })]) as unknown });
    expect((await ns.json(['resource', 'get-defaults', 'kept'])).limits).toHaveLength(1);
  });
});

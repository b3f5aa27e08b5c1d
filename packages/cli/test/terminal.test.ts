import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newMachine } from './support/local';
import { newNamespace, type TestNamespace } from './support/namespace';
import { CTRL_C, onTerminal, plainEnvironment, PROGRAM, type TerminalOptions } from './support/terminal';

const HIDE_CURSOR = '\x1b[?25l';
/** Sequences of colours and of bold and dim text. */
const COLOURS = /\x1b\[[\d;]*m/; // eslint-disable-line no-control-regex

let ns: TestNamespace;
beforeAll(async () => { ns = await newNamespace(); });

/** Runs the built program against the table of the tests. */
const run = async (argv: readonly string[], options: TerminalOptions = {}) =>
  onTerminal(argv, { ...options, env: { ZAEL_STACK: ns.table, ZAEL_NAMESPACE: ns.name, ...options.env } });

/** The built program with its output in pipes. */
async function inPipes(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...argv], { env: { ...plainEnvironment(), ...env } }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }));
  });
}

describe('a question', () => {
  const ask = async (keys: string) => {
    await ns.invoke(['resource', 'set-defaults', 'gpt-4', '-l', 'rpm:50']);
    const { exitCode, lines } = await run(['resource', 'delete-defaults', 'gpt-4'], { types: [["delete the defaults of resource 'gpt-4'?", keys]] });
    const { limits } = await ns.json(['resource', 'get-defaults', 'gpt-4']) as { limits: object[] };
    return { exitCode, text: lines.join('\n'), limits: limits.length };
  };

  test.each([
    ['y', 0, 0, "Deleted defaults for resource 'gpt-4'"],
    ['n', 7, 1, 'Cancelled, nothing was done.'],
    ['\r', 7, 1, 'Cancelled, nothing was done.'],
    [CTRL_C, 130, 1, 'interrupted'],
  ])('that is answered with %j ends with %d', async (keys, exitCode, limits, text) => {
    expect(await ask(keys)).toEqual({ exitCode, limits, text: expect.stringContaining(text) });
  });
});

test('Ctrl-C during a wait ends with 130', async () => {
  const silent = createServer();
  const asked = new Promise((resolve) => silent.once('connection', resolve));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;

  const { exitCode, lines } = await onTerminal(['resource', 'list', '--endpoint-url', endpoint], { later: asked.then(() => CTRL_C) });
  silent.close();

  expect([exitCode, lines[0]]).toEqual([130, '^CError: interrupted']);
});

test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('%s goes to the program that acquire runs, and its tokens are given back', async (signal) => {
  await ns.invoke(['resource', 'set-defaults', 'jobs', '-l', 'runs:5/day']);
  const env = { ...plainEnvironment(), ZAEL_STACK: ns.table, ZAEL_NAMESPACE: ns.name };
  const program = "process.on('SIGINT', () => process.exit(3)); console.log('ready'); setInterval(() => {}, 1000)";
  const child = spawn(process.execPath, [PROGRAM, 'acquire', `user-${signal}`, 'jobs', '-c', 'runs=1', '--', process.execPath, '-e', program], { env });
  await once(child.stdout, 'data');
  const during = await ns.json(['available', `user-${signal}`, 'jobs']);

  child.kill(signal);
  const [exitCode] = await once(child, 'exit') as [number];

  const after = await ns.json(['available', `user-${signal}`, 'jobs']);
  const left = ({ limits }: Record<string, unknown>) => (limits as { remaining: number }[])[0]!.remaining;
  expect([left(during), exitCode, left(after)]).toEqual([4, { SIGTERM: 143, SIGHUP: 129, SIGINT: 3 }[signal], 5]);
});

describe('what is printed', () => {
  beforeAll(async () => { await ns.invoke(['resource', 'set-defaults', 'gpt-4', '-l', 'rpm:50']); });

  test('is coloured, unless NO_COLOR, --no-color or a dumb terminal says no', async () => {
    expect((await run(['version'])).raw).toMatch(COLOURS);
    expect((await run(['version'], { env: { NO_COLOR: '1' } })).raw).not.toMatch(COLOURS);
    expect((await run(['version', '--no-color'])).raw).not.toMatch(COLOURS);
    expect((await run(['version'], { env: { TERM: 'dumb' } })).raw).not.toMatch(COLOURS);
  });

  test('is ASCII alone with --ascii', async () => {
    const change = ['resource', 'set-defaults', 'gpt-4', '-l'];
    expect((await run([...change, 'rpm:60'])).raw).toContain('rpm: 50/min → 60/min');
    expect((await run([...change, 'rpm:70', '--ascii'])).raw).toContain('rpm: 60/min -> 70/min');
    expect((await run(['version', '--ascii'])).raw).toMatch(/^[\x00-\x7f]*$/); // eslint-disable-line no-control-regex
  });

  // One of each layout.
  test.each([[['version']], [['resource', 'get-defaults', 'gpt-4']]])('is no wider than a narrow terminal: %j', async (argv) => {
    const { exitCode, lines } = await run(argv, { columns: 40 });
    expect([exitCode, lines.filter((line) => line.length > 40)]).toEqual([0, []]);
  });
});

test('a spinner turns on a terminal alone', async () => {
  const machine = await newMachine();
  try {
    const { NODE_OPTIONS, ...env } = machine.env; // the built program leaves built programs behind
    const line = (verb: string) => ['local', verb, '--port', String(machine.port)];
    const { exitCode, raw } = await onTerminal(line('up'), { env });
    expect([exitCode, raw]).toEqual([0, expect.stringContaining(HIDE_CURSOR)]);

    expect(await inPipes(line('down'), env)).toEqual({
      code: 0, stdout: expect.stringContaining('was ended'), stderr: 'Ending DynamoDB Local\nDynamoDB Local ended\n',
    });
    const inCi = await onTerminal(line('up'), { env: { ...env, CI: 'true' } });
    expect([inCi.exitCode, inCi.raw]).toEqual([0, expect.not.stringContaining(HIDE_CURSOR)]);
  } finally {
    await machine.cleanUp();
  }
});

describe('the help', () => {
  /** Files that are loaded until the program ends; V8 lists them, however they were loaded. */
  async function loadedBy(...argv: string[]): Promise<string[]> {
    const folder = mkdtempSync(join(tmpdir(), 'zael-loaded-'));
    try {
      expect((await inPipes(argv, { NODE_V8_COVERAGE: folder })).code).toBe(0);
      const { result } = JSON.parse(readFileSync(join(folder, readdirSync(folder)[0]!), 'utf8')) as { result: { url: string }[] };
      return result.map(({ url }) => url).filter((url) => url.startsWith('file:'));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  test('loads little, so that it is there at once', async () => {
    const loaded = await loadedBy('--help');
    expect(loaded.filter((url) => /aws|client|typebox|clack|typescript/.test(url.replace(/^.*\/packages\/cli\//, '')))).toEqual([]);
    expect(loaded.length).toBeLessThanOrEqual(40);
  });

  test('of a command loads its group alone', async () => {
    const loaded = await loadedBy('resource', 'list', '--help');
    expect(loaded.filter((url) => /clack|aws-cdk-lib|\/commands\/(?!resource|index|limits-of-scope)/.test(url))).toEqual([]);
  });
});

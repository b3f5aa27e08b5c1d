import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Limit } from '@zae-limiter/client';
import { FakeClock } from '@zae-limiter/client/testing';
import { arrange, type Arranged } from './support/arrange';
import { checkSchema, invoke } from './support/cli';
import { expectGolden } from './support/golden';
import { newNamespace, type TestNamespace } from './support/namespace';

let ns: TestNamespace;
let arranged: Arranged;
let clock: FakeClock;
let folder: string;
beforeEach(async () => {
  ns = await newNamespace();
  clock = new FakeClock();
  arranged = await arrange(ns, clock);
  folder = mkdtempSync(join(tmpdir(), 'zae-limiter-cli-'));
  await arranged.limiter.admin.limits.set([Limit.perMinute('rpm', 10), Limit.perMinute('tpm', 1000)]);
});

const take = (consume: Record<string, number>, entity = 'key-bob') => arranged.limiter.acquire({ entity, resource: 'gpt-4', consume });
const rpm = async (): Promise<number> => (await arranged.limiter.available('key-bob', 'gpt-4'))[0]!.remaining;
/** bob's key, whose consumption its project is charged for too. */
const withParent = async (): Promise<void> => {
  await arranged.limiter.admin.entities.create({ id: 'key-bob', parentId: 'proj-demo', cascade: true });
  await arranged.limiter.admin.limits.set([Limit.perMinute('rpm', 10), Limit.perMinute('tpm', 1000)], { entity: 'key-bob', resource: 'gpt-4' });
  await arranged.limiter.admin.limits.set([Limit.perMinute('rpm', 50), Limit.perMinute('tpm', 10_000)], { entity: 'proj-demo' });
};

describe('acquire', () => {
  const argv = ['acquire', 'key-bob', 'gpt-4'];

  test('takes tokens, and says what is left', async () => {
    const { code, stdout } = await ns.invoke([...argv, '-c', 'rpm=3', '-c', 'tpm=100'], { tty: true, clock });

    expect([code, stdout]).toEqual([0, 'Allowed\n  key-bob rpm: 7 of 10 left\n  key-bob tpm: 900 of 1,000 left\n']);
    expect(await rpm()).toBe(7);
  });

  test('ends with 8 when a limit is short, and takes nothing', async () => {
    await take({ rpm: 8 });

    const { code, stdout } = await ns.invoke([...argv, '-c', 'rpm=5'], { tty: true, clock });

    expect([code, stdout]).toEqual([8, 'Denied: retry after 18 s\n  key-bob rpm: asked for 5, 2 of 10 left\n']);
    expect(await rpm()).toBe(2);
  });

  test('says that no wait helps for more than a limit can hold', async () => {
    expect(await ns.invoke([...argv, '-c', 'rpm=11'], { clock })).toMatchObject({
      code: 8, stdout: 'Denied: no wait helps, the request is above the capacity\n  key-bob rpm: asked for 11, 10 of 10 left\n',
    });
  });

  test.each([
    ['allowed', 'rpm=1', { outcome: 'allowed', retryAfterMs: null, violations: [], settled: 'kept', programExitCode: null }],
    ['limited', 'rpm=10', { outcome: 'limited', retryAfterMs: 6000, violations: [{ name: 'rpm', requested: 10, remaining: 9, retryAfterMs: 6000 }], settled: null }],
    ['unsatisfiable', 'rpm=11', { outcome: 'unsatisfiable', retryAfterMs: null, violations: [{ name: 'rpm', retryAfterMs: null }] }],
  ])('has the decision as JSON: %s', async (_, consume, expected) => {
    await take({ rpm: 1 });

    expect(await ns.json([...argv, '-c', consume], { clock })).toMatchObject(expected);
  });

  test('waits for tokens', async () => {
    await take({ rpm: 10 });
    const sleep = clock.sleep.bind(clock);
    clock.sleep = async (ms, signal) => { // the answer's deadline sleeps too; only the wait for tokens is as long
      const sleeping = sleep(ms, signal);
      if (ms >= 6000 && ms < 30_000) clock.advance(ms);
      return sleeping;
    };

    expect((await ns.invoke([...argv, '-c', 'rpm=1', '--wait', '20s', '--timeout', '60s'], { clock })).code).toBe(0);
  });

  test('does not wait when the wait would not suffice', async () => {
    await take({ rpm: 10 });

    expect((await ns.invoke([...argv, '-c', 'rpm=5', '--wait', '5s'], { clock })).code).toBe(8);
  });

  test('writes nothing in a dry run, and runs no program', async () => {
    await take({ rpm: 1 });
    const { code, stdout } = await invoke(
      [...argv, '-c', 'rpm=1', '--dry-run', '-n', ns.table, '-N', ns.name, '--', 'touch', join(folder, 'ran')], { clock },
    );

    expect([code, stdout.split('\n')[0]]).toEqual([0, 'Dry run: 1 item(s) would be written, nothing was.']);
    expect(await rpm()).toBe(9);
    expect(existsSync(join(folder, 'ran'))).toBe(false);
  });

  test.each([
    ['no tokens', []],
    ['a limit that does not apply', ['-c', 'rps=1']],
    ['a limit that is named twice', ['-c', 'rpm=1', '-c', 'rpm=2']],
    ['--keep without a program', ['-c', 'rpm=1', '--keep']],
  ])('refuses %s', async (_, rest) => {
    expect(await ns.invoke([...argv, ...rest], { clock })).toMatchObject({ code: 2, stdout: '' });
  });

  test('fails when DynamoDB does not answer', async () => {
    expect(await ns.invoke([...argv, '-c', 'rpm=1', '--endpoint-url', 'http://127.0.0.1:1'], { clock })).toMatchObject({ code: 3 });
  });

  describe('with a program', () => {
    const around = (program: readonly string[], options: Parameters<typeof invoke>[1] = {}, flags: readonly string[] = []) =>
      invoke([...argv, '-c', 'rpm=3', '-n', ns.table, '-N', ns.name, ...flags, '--', ...program], { clock, cwd: folder, ...options });
    const script = (text: string): string[] => [process.execPath, '-e', text];

    test.each([
      ['keeps the tokens when it succeeds', 'process.exit(0)', [], 0, 7],
      ['gives them back when it fails, and passes its exit code on', 'process.exit(42)', [], 42, 10],
      ['keeps them when it fails and --keep is given', 'process.exit(42)', ['--keep'], 42, 7],
      ['tells by the exit code which signal ended it', 'process.kill(process.pid, "SIGTERM")', [], 143, 10],
    ])('%s', async (_, text, flags, code, left) => {
      expect(await around(script(text), {}, flags)).toEqual({ code, stdout: '', stderr: '' });
      expect(await rpm()).toBe(left);
    });

    test('gives it what stands behind --, and the folder and environment', async () => {
      const text = "require('fs').writeFileSync('out', JSON.stringify([process.argv.slice(1), process.env.GREETING]))";

      expect((await around([...script(text), '--', '-c', 'x=y', '--wait'], { env: { GREETING: 'hello' } })).code).toBe(0);
      expect(JSON.parse(readFileSync(join(folder, 'out'), 'utf8'))).toEqual([['-c', 'x=y', '--wait'], 'hello']);
    });

    test('is not run when a limit is short', async () => {
      await take({ rpm: 8 });

      expect((await around(script("require('fs').writeFileSync('out', '')"))).code).toBe(8);
      expect(existsSync(join(folder, 'out'))).toBe(false);
    });

    test('gives the tokens back when it cannot be started', async () => {
      expect(await around([join(folder, 'missing')])).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be run') });
      expect(await rpm()).toBe(10);
    });

    test('is told of Ctrl-C, and the tokens are settled when it has ended in its own time', async () => {
      const interruption = new AbortController();
      const text = "process.on('SIGINT', () => process.exit(9)); setInterval(() => {}, 1000); require('fs').writeFileSync('ready', '')";
      const running = around(script(text), { signal: interruption.signal });
      while (!existsSync(join(folder, 'ready'))) await new Promise((resolve) => setImmediate(resolve));
      interruption.abort();

      expect(await running).toMatchObject({ code: 9 });
      expect(await rpm()).toBe(10);
    });

    test('has the decision and the exit code as JSON', async () => {
      const { code, stdout } = await around(script('process.exit(5)'), {}, ['-o', 'json']);

      const data = JSON.parse(stdout) as Record<string, unknown>;
      expect([code, data]).toEqual([5, expect.objectContaining({ outcome: 'allowed', programExitCode: 5, settled: 'given back' })]);
      await checkSchema(argv, data);
    });
  });
});

describe('available', () => {
  test('shows tokens of the entity and of its parent on a terminal', async () => {
    await withParent();
    await take({ rpm: 7, tpm: 120 });

    expectGolden('available', (await ns.invoke(['available', 'key-bob', 'gpt-4'], { tty: true, clock })).stdout);
  });

  test('has the numbers as JSON', async () => {
    expect(await ns.json(['available', 'key-bob', 'gpt-4'], { clock })).toMatchObject({
      limits: [{ entity: 'key-bob', name: 'rpm', remaining: 10, source: 'system', fullInMs: 0 }, { name: 'tpm', remaining: 1000 }],
    });
  });

  test.each([['an entity id that is none', 'a#b', 2], ['a namespace that is not registered', 'key-bob', 4]])('refuses %s', async (_, entity, code) => {
    const place = code === 4 ? ['-n', ns.table, '-N', 'missing'] : ['-n', ns.table, '-N', ns.name];
    expect(await invoke(['available', entity, 'gpt-4', ...place], { clock })).toMatchObject({ code, stdout: '' });
  });

  test('says where limits are stored when there are none', async () => {
    const empty = await newNamespace();

    expect(await empty.invoke(['available', 'key-bob', 'gpt-4'], { clock })).toMatchObject({ code: 2, stderr: expect.stringContaining('system set-defaults') });
  });
});

describe('explain', () => {
  test('shows limits, debt, parent and the fate of a request', async () => {
    await withParent();
    await take({ rpm: 12, tpm: 1670 }, 'proj-demo');
    const lease = await take({ rpm: 7, tpm: 1000 });
    lease.adjust({ tpm: 120 });
    await lease.commit();

    expectGolden('explain', (await ns.invoke(['explain', 'key-bob', 'gpt-4', '-c', 'rpm=1', '-c', 'tpm=100'], { tty: true, clock })).stdout);
  });

  test.each([
    ['a request that would pass', ['-c', 'rpm=1'], 'A request for rpm=1 would be ALLOWED'],
    ['a request above the capacity', ['-c', 'rpm=11'], 'A request for rpm=11 would be DENIED by key-bob rpm; no wait helps, it is above the capacity'],
    ['a request for nothing', ['-c', 'rpm=0'], 'A request for rpm=0 would be ALLOWED'],
  ])('judges %s', async (_, consume, line) => {
    expect((await ns.invoke(['explain', 'key-bob', 'gpt-4', ...consume], { clock })).stdout.trimEnd().split('\n').at(-1)).toBe(line);
  });

  test('tells a bucket that is not there from one that was split', async () => {
    expect((await ns.invoke(['explain', 'key-bob', 'gpt-4'], { clock })).stdout).toContain('key-bob on gpt-4   no bucket yet: it begins full\n');
    await take({ rpm: 1 });
    await arranged.store.update({
      key: { pk: `${arranged.id}/BUCKET#key-bob#gpt-4#0`, sk: '#STATE' }, changes: new Map([['shard_count', { set: { N: '2' } }]]), conditions: [],
    });

    expect((await ns.invoke(['explain', 'key-bob', 'gpt-4'], { clock })).stdout).toContain('key-bob on gpt-4   2 shards\n');
  });

  test.each([
    ['without a parent and a request', false, [], { parent: null, request: null, exists: true }],
    ['with both', true, ['-c', 'rpm=4'], {
      parent: { entity: 'proj-demo' }, request: { allowed: false, deniedBy: [{ entity: 'key-bob', limit: 'rpm' }], retryAfterMs: 6000 },
    }],
  ])('has it as JSON %s', async (_, parent, consume, expected) => {
    if (parent) await withParent();
    await take({ rpm: 7 });

    expect(await ns.json(['explain', 'key-bob', 'gpt-4', ...consume], { clock })).toMatchObject(expected);
  });

  test('refuses a limit that does not apply', async () => {
    expect(await ns.invoke(['explain', 'key-bob', 'gpt-4', '-c', 'rps=1'], { clock })).toMatchObject({ code: 2 });
  });
});

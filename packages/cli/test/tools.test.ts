import { Limit } from '@zae-limiter/client';
import { FakeClock } from '@zae-limiter/client/testing';
import { arrange, type Arranged } from './support/arrange';
import { invoke } from './support/cli';
import { expectGolden } from './support/golden';
import { newNamespace, type TestNamespace } from './support/namespace';

let ns: TestNamespace;
let arranged: Arranged;
let clock: FakeClock;
beforeEach(async () => {
  ns = await newNamespace();
  clock = new FakeClock();
  arranged = await arrange(ns, clock);
});

describe('smoke', () => {
  test('takes, corrects and gives back tokens, and stores no limits', async () => {
    const { code, stdout } = await ns.invoke(['smoke'], { tty: true });

    expect(code).toBe(0);
    expectGolden('smoke', stdout.replace(/\d+\.\d ms/g, 'N ms').replace(/─+/, '─'));
    expect((await arranged.limiter.admin.limits.get()).limits).toEqual([]);
  });

  test('leaves the bucket as it found it, each time', async () => {
    for (let time = 0; time < 2; time++) {
      expect(await ns.json(['smoke', '--entity', 'canary'], { clock })).toMatchObject({ entity: 'canary', steps: [{ step: 'acquire' }, { step: 'adjust' }, { step: 'release' }] });
    }

    expect((await arranged.limiter.admin.buckets.show('canary'))[0]!.limits).toEqual([expect.objectContaining({ name: 'checks', tokens: 1000, totalConsumed: 0 })]);
  });

  test('writes nothing in a dry run', async () => {
    expect(await ns.invoke(['smoke', '--dry-run'], { clock })).toMatchObject({ code: 0, stdout: expect.stringContaining('Dry run') });
    expect(await arranged.limiter.admin.buckets.show('zae-limiter-smoke')).toEqual([]);
  });

  test.each([
    ['an entity id that is none', ['--entity', 'a#b'], 2],
    ['DynamoDB that does not answer', ['--endpoint-url', 'http://127.0.0.1:1'], 3],
  ])('fails with %s', async (_, argv, code) => {
    expect(await ns.invoke(['smoke', ...argv])).toMatchObject({ code, stdout: '' });
  });

  test('fails without a limiter', async () => {
    expect(await invoke(['smoke', '-n', 'missing-limiter'])).toMatchObject({ code: 4 });
  });
});

describe('top', () => {
  const take = (entity: string, consume: Record<string, number>) => arranged.limiter.acquire({ entity, resource: 'gpt-4', consume });
  beforeEach(async () => {
    await arranged.limiter.admin.limits.set([Limit.perMinute('rpm', 60), Limit.perMinute('tpm', 6000)]);
    await take('idle', { rpm: 1 });
    await take('busy', { rpm: 30, tpm: 4500 });
    await take('short', { rpm: 60 });
    const lease = await take('indebted', { tpm: 6000 });
    lease.adjust({ tpm: 600 });
    await lease.commit();
    await take('blocked', { rpm: 1 });
    await arranged.limiter.admin.buckets.block('blocked', 'gpt-4', { forMs: 60_000 });
  });

  test('shows entities by how much of a limit they have used', async () => {
    expectGolden('top', (await ns.invoke(['top', 'gpt-4'], { tty: true, clock })).stdout);
  });

  test('has the numbers as JSON, of as many entities as are wanted', async () => {
    const data = await ns.json(['top', 'gpt-4', '-l', '2'], { clock });

    expect(data).toMatchObject({ entities: 5, busiest: [{ entity: 'blocked' }, { entity: 'indebted', limit: 'tpm', utilizationPercent: 110, state: 'in debt', perSecond: null }] });
    expect(data.busiest).toHaveLength(2);
  });

  test('tells with --watch what each takes per second', async () => {
    const interruption = new AbortController();
    const sleep = clock.sleep.bind(clock);
    let views = 0;
    clock.sleep = async (ms, signal) => {
      if (signal !== interruption.signal) return sleep(ms, signal);
      if (++views === 2) return interruption.abort();
      await take('idle', { rpm: 20 });
      clock.advance(ms);
    };

    const { stdout } = await ns.invoke(['top', 'gpt-4', '--watch', '--interval', '10s'], { clock, signal: interruption.signal });

    expect([...stdout.matchAll(/^idle\t.*$/gm)].map(([line]) => line)).toEqual(['idle\trpm\t2%\t59\t60\t1\t-\tok', 'idle\trpm\t18%\t49\t60\t21\t2\tok']);
  });

  test('says when there is none, and refuses a resource that is none', async () => {
    expect((await ns.invoke(['top', 'gpt-5'], { clock })).stdout).toBe("No buckets of resource 'gpt-5'\n");
    expect(await ns.invoke(['top', 'a#b'], { clock })).toMatchObject({ code: 2 });
  });
});

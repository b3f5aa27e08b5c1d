import { Limit } from '@zae-limiter/client';
import { FakeClock } from '@zae-limiter/client/testing';
import { arrange, type Arranged } from './support/arrange';
import { expectGolden } from './support/golden';
import { newNamespace, type TestNamespace } from './support/namespace';

const LIMITS = [Limit.perMinute('rpm', 60), Limit.perMinute('tpm', 600, { burst: 1200 })];

let ns: TestNamespace;
let arranged: Arranged;
let clock: FakeClock;
beforeEach(async () => {
  ns = await newNamespace();
  clock = new FakeClock();
  arranged = await arrange(ns, clock);
  await arranged.limiter.admin.limits.set(LIMITS);
});

const take = (consume: Record<string, number>, resource = 'gpt-4') => arranged.limiter.acquire({ entity: 'user-1', resource, consume });
const have = async (): Promise<Record<string, number>> => {
  const [bucket] = await arranged.limiter.admin.buckets.show('user-1', 'gpt-4');
  return Object.fromEntries(bucket!.limits.map(({ name, tokens }) => [name, tokens]));
};
/** Splits the bucket in two, the second of which was not written yet. */
const split = async (): Promise<void> => {
  await arranged.store.update({
    key: { pk: `${arranged.id}/BUCKET#user-1#gpt-4#0`, sk: '#STATE' }, changes: new Map([['shard_count', { set: { N: '2' } }]]), conditions: [],
  });
};

describe('bucket show', () => {
  test('shows tokens on a terminal', async () => {
    await take({ rpm: 20, tpm: 200 });
    await take({ rpm: 1 }, 'gpt-5');
    await arranged.limiter.admin.buckets.block('user-1', 'gpt-4', { forMs: 3_600_000, reason: 'abuse' });

    expectGolden('bucket-show', (await ns.invoke(['bucket', 'show', 'user-1'], { tty: true, clock })).stdout);
  });

  test('shows shards, and who is charged too', async () => {
    await arranged.limiter.admin.entities.create({ id: 'user-1', parentId: 'org', cascade: true });
    await take({ rpm: 20 });
    await split();

    expectGolden('bucket-show-shards', (await ns.invoke(['bucket', 'show', 'user-1', 'gpt-4', '--ascii'], { tty: true, clock })).stdout);
  });

  test('has the numbers as JSON', async () => {
    await take({ rpm: 20 });

    expect(await ns.json(['bucket', 'show', 'user-1', 'gpt-4'], { clock })).toMatchObject({
      buckets: [{ entity: 'user-1', resource: 'gpt-4', blockedUntil: null, limits: [{ name: 'rpm', tokens: 40, capacity: 60, totalConsumed: 20 }, { name: 'tpm' }], shards: [{ shard: 0 }] }],
    });
  });

  test('draws again every interval until Ctrl-C, in place of the view before', async () => {
    await take({ rpm: 20 });
    const interruption = new AbortController();
    const steps: FakeClock['sleep'] = clock.sleep.bind(clock);
    let views = 0;
    clock.sleep = async (ms, signal) => { // each time that the command sleeps
      if (signal !== interruption.signal) return steps(ms, signal);
      expect(ms).toBe(10_000);
      const sleeping = steps(ms, signal);
      views++;
      if (views === 3) interruption.abort();
      else clock.advance(ms);
      return sleeping;
    };

    const { code, stdout, stderr } = await ns.invoke(
      ['bucket', 'show', 'user-1', 'gpt-4', '--watch', '--interval', '10s'], { tty: true, clock, signal: interruption.signal },
    );

    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\u001b[H\u001b[J').map((view) => /rpm\s+(\d+)/.exec(view)?.[1])).toEqual([undefined, '40', '50', '60']);
  });

  test.each([
    ['an entity without buckets, which is no failure', ['nobody'], 0],
    ['a bucket that is not there', ['user-1', 'gpt-4'], 4],
    ['an entity id that is none', ['a#b'], 2],
    ['a resource that is none', ['user-1', '1#'], 2],
    ['an interval that is too short', ['user-1', '--watch', '--interval', '1ms'], 2],
  ])('ends on %s', async (_, argv, code) => {
    expect(await ns.invoke(['bucket', 'show', ...argv], { clock })).toMatchObject({ code });
  });
});

describe('bucket reset', () => {
  test('asks, and fills the bucket', async () => {
    await take({ rpm: 20, tpm: 1000 });

    const { code, stdout } = await ns.invoke(['bucket', 'reset', 'user-1', 'gpt-4'], { tty: true, answers: [true], clock });

    expect([code, stdout]).toEqual([0, "Filled the bucket of 'user-1' on 'gpt-4'\n"]);
    expect(await have()).toEqual({ rpm: 60, tpm: 1200 });
  });

  test('follows its schema', async () => {
    await take({ rpm: 20 });

    expect(await ns.json(['bucket', 'reset', 'user-1', 'gpt-4', '--yes'], { clock })).toMatchObject({ entity: 'user-1', resource: 'gpt-4' });
  });

  test.each([
    ['without --yes where nobody can answer', [], {}, 7],
    ['when the answer is no', [], { tty: true, answers: [false] }, 7],
    ['in a dry run', ['--dry-run'], {}, 0],
  ])('changes nothing %s', async (_, argv, options, code) => {
    await take({ rpm: 20 });

    expect(await ns.invoke(['bucket', 'reset', 'user-1', 'gpt-4', ...argv], { ...options, clock })).toMatchObject({ code });
    expect(await have()).toMatchObject({ rpm: 40 });
  });

  test('says that there is no bucket', async () => {
    expect(await ns.invoke(['bucket', 'reset', 'user-1', 'gpt-4', '--yes'], { clock })).toMatchObject({ code: 4, stderr: expect.stringContaining('it would begin full') });
  });
});

describe('bucket reset-shards', () => {
  test('makes one item of a bucket that was split', async () => {
    await take({ rpm: 20 });
    await split();

    expect(await ns.json(['bucket', 'reset-shards', 'user-1', 'gpt-4', '--yes'], { clock })).toMatchObject({ removed: 0 });
    expect((await arranged.limiter.admin.buckets.show('user-1', 'gpt-4'))[0]).toMatchObject({ shardCount: 1 });
    expect((await ns.invoke(['bucket', 'reset-shards', 'user-1', 'gpt-4', '--yes'], { clock })).stdout).toBe('The bucket is one item already\n');
  });

  test('says how many were removed', async () => {
    await take({ rpm: 20 });
    await split();
    const whole = (await arranged.store.get({ pk: `${arranged.id}/BUCKET#user-1#gpt-4#0`, sk: '#STATE' }))!;
    await arranged.store.transact([{ put: { ...whole, PK: { S: `${arranged.id}/BUCKET#user-1#gpt-4#1` }, GSI3SK: { S: 'BUCKET#gpt-4#1' } } }]);

    expect((await ns.invoke(['bucket', 'reset-shards', 'user-1', 'gpt-4', '-y'], { clock })).stdout).toBe("Removed 1 further shard(s) of the bucket of 'user-1' on 'gpt-4'\n");
  });

  test.each([['without --yes', true, [], 7], ['without a bucket', false, ['-y'], 4]])('changes nothing %s', async (_, exists, argv, code) => {
    if (exists) await take({ rpm: 20 });

    expect(await ns.invoke(['bucket', 'reset-shards', 'user-1', 'gpt-4', ...argv], { clock })).toMatchObject({ code });
  });
});

describe('bucket refund', () => {
  test('gives tokens back up to the capacity', async () => {
    await take({ rpm: 20, tpm: 100 });

    const { code, stdout } = await ns.invoke(['bucket', 'refund', 'user-1', 'gpt-4', '-c', 'rpm=5', '-c', 'tpm=500', '--principal', 'ops'], { tty: true, clock });

    expect(code).toBe(0);
    expectGolden('bucket-refund', stdout);
    expect(await have()).toEqual({ rpm: 45, tpm: 1200 });
    expect((await arranged.limiter.admin.audit.list({ entity: 'user-1' }).toArray())[0]).toMatchObject({ action: 'bucket_refunded', principal: 'ops' });
  });

  test('follows its schema', async () => {
    await take({ rpm: 20 });

    expect(await ns.json(['bucket', 'refund', 'user-1', 'gpt-4', '-c', 'rpm=30'], { clock })).toMatchObject({ limits: [{ name: 'rpm', asked: 30, given: 20 }] });
  });

  test.each([
    ['in a dry run', ['-c', 'rpm=5', '--dry-run'], 0],
    ['for a limit that the bucket does not have', ['-c', 'rps=5'], 2],
    ['for tokens that are none', ['-c', 'rpm=many'], 2],
    ['for a limit that is named twice', ['-c', 'rpm=1', '-c', 'rpm=2'], 2],
    ['without tokens', [], 2],
  ])('changes nothing %s', async (_, argv, code) => {
    await take({ rpm: 20 });

    expect(await ns.invoke(['bucket', 'refund', 'user-1', 'gpt-4', ...argv], { clock })).toMatchObject({ code });
    expect(await have()).toMatchObject({ rpm: 40 });
  });

  test('says that there is no bucket', async () => {
    expect(await ns.invoke(['bucket', 'refund', 'user-1', 'gpt-4', '-c', 'rpm=1'], { clock })).toMatchObject({ code: 4 });
  });
});

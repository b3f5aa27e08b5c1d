import { Limit, type AcquireRequest, type Lease, type LimiterEvents, type OutagePolicy } from '@zae-limiter/client';
import { systemClock } from '@zae-limiter/client/core/clock';
import { pk, SK } from '@zae-limiter/client/schema/keys';
import { NAMESPACE, Simulation } from '../support/simulation';

const RATE = Limit.perDay('rpm', 1000);
const request = (rpm: number, more: Partial<AcquireRequest> = {}): AcquireRequest =>
  ({ entity: 'user-1', resource: 'api', consume: { rpm }, limits: [RATE], ...more });

function setUp(options: Parameters<Simulation['process']>[0] = {}) {
  const simulation = new Simulation();
  const process = simulation.process(options);
  const tokens = (shard = 0) => simulation.tokens('user-1', 'api', 'rpm', shard);
  const rest = () => simulation.run(simulation.clock.sleep(20_000));
  return { simulation, ...process, tokens, rest };
}

/** Shards that are there, and full. */
async function setUpShards(count: number, options: Parameters<Simulation['process']>[0] = {}) {
  const one = setUp(options);
  for (let shard = 0; shard < count; shard++) {
    await one.simulation.table.update({
      key: { pk: pk.bucket({ namespaceId: NAMESPACE, entity: 'user-1', resource: 'api', shard }), sk: SK.bucket },
      changes: new Map(Object.entries({
        entity_id: { S: 'user-1' }, resource: { S: 'api' }, rf: { N: String(one.simulation.clock.now()) }, shard_count: { N: String(count) },
        cascade: { BOOL: false }, b_rpm_tk: { N: String(1_000_000 / count) }, b_rpm_cp: { N: '1000000' }, b_rpm_ra: { N: '1000000' },
        b_rpm_rp: { N: '86400000' }, b_rpm_tc: { N: '0' },
      }).map(([name, value]) => [name, { set: value }])),
      conditions: [],
    });
  }
  return one;
}

describe('a lease that is written while it is written', () => {
  test.each<[string, (lease: Lease) => Promise<unknown>[], number]>([
    ['set and flushed twice', (lease) => {
      lease.set({ rpm: 0 });
      const first = lease.flush();
      lease.set({ rpm: 0 });
      return [first, lease.flush()];
    }, 1000],
    ['rolled back during a flush that releases', (lease) => {
      lease.release({ rpm: 50 });
      return [lease.flush(), lease.rollback()];
    }, 1000],
    ['rolled back during a flush that takes', (lease) => {
      lease.adjust({ rpm: 500 });
      return [lease.flush(), lease.rollback()];
    }, 1000],
    ['corrected during a flush, and committed', (lease) => {
      lease.set({ rpm: 500 });
      const flushing = lease.flush();
      lease.set({ rpm: 600 });
      return [flushing, lease.commit()];
    }, 400],
  ])('and %s ends with what was asked for', async (_, work, left) => {
    const { simulation, limiter, tokens } = setUp({ latencyMs: 10 });
    const lease = await simulation.run(limiter.acquire(request(100)));

    await simulation.run(Promise.all(work(lease)));
    await simulation.run(lease.settle('commit'));

    expect(await tokens()).toBe(left);
  });

  test('says what it stands for all the time', async () => {
    const { simulation, limiter } = setUp({ latencyMs: 10 });
    const lease = await simulation.run(limiter.acquire(request(100)));

    lease.adjust({ rpm: 400 });
    const flushing = lease.flush();
    expect(lease.consumed).toEqual({ rpm: 500 });
    await simulation.run(flushing);

    expect(lease.consumed).toEqual({ rpm: 500 });
  });

  test('is committed with what a flush that nobody awaits could not write', async () => {
    const { simulation, limiter, store, tokens } = setUp({ latencyMs: 10 });
    await simulation.run(limiter.run(request(100), (lease) => {
      let failures = 1;
      store.fault = () => (failures-- > 0 ? 'denied' : undefined);
      lease.set({ rpm: 500 });
      void lease.flush().catch(() => undefined);
    }));

    expect(await tokens()).toBe(500);
  });

  test('and could not be closed does not keep what it took meanwhile without saying so', async () => {
    const { simulation, limiter, store, tokens } = setUp({ latencyMs: 10 });
    const lease = await simulation.run(limiter.acquire(request(100)));
    lease.adjust({ rpm: 1 });
    const consuming = lease.consume({ rpm: 10 });
    store.fault = (update) => {
      const counter = update.changes.get('b_rpm_tc');
      return counter !== undefined && 'add' in counter && counter.add === 1000 ? 'denied' : undefined;
    };
    const results = await simulation.run(Promise.allSettled([consuming, lease.commit()]));

    const taken = results[0].status === 'fulfilled' ? 10 : 0;
    expect(await tokens()).toBe(900 - taken);
  });
});

describe('a request that nobody waits for any more', () => {
  test('gives back what it took, whenever between answer and abort that was', async () => {
    const lost: number[] = [];
    for (let microtasks = 0; microtasks < 60; microtasks++) {
      const { simulation, limiter, store, tokens, rest } = setUp();
      await simulation.run(limiter.acquire(request(0)));
      const controller = new AbortController();
      const update = store.update.bind(store);
      store.update = async (...args) => {
        const answer = await update(...args);
        store.update = update;
        void (async () => {
          for (let at = 0; at < microtasks; at++) await Promise.resolve();
          controller.abort(new Error('enough'));
        })();
        return answer;
      };
      const allowed = await simulation.run(limiter.acquire(request(10, { signal: controller.signal })).then(() => true, () => false));
      await rest();
      if (await tokens() !== (allowed ? 990 : 1000)) lost.push(microtasks);
    }

    expect(lost).toEqual([]);
  });

  test('leaves the queue when its time is over: a slow store is not asked in vain', async () => {
    const { simulation, limiter, store, tokens, rest } = setUp({ timeoutMs: 250 });
    await simulation.run(limiter.acquire(request(0)));
    store.latencyMs = 100;
    // Limits of their own, so that none shares a write with another.
    const decisions = await simulation.run(Promise.all(Array.from({ length: 60 }, (_, at) =>
      limiter.tryAcquire(request(1, { limits: [RATE, Limit.perDay(`own-${at}`, 1)] })))));
    const updates = store.updates;
    await rest();

    expect(decisions.some(({ allowed }) => allowed)).toBe(true);
    expect(store.updates - updates).toBeLessThanOrEqual(12);
    expect(Math.floor(await tokens())).toBe(1000 - decisions.filter(({ allowed }) => allowed).length);
  });

  test('does not stay on the list of a signal that lives as long as the process', async () => {
    const { simulation, limiter } = setUp();
    const { signal } = new AbortController();
    const added = jest.spyOn(signal, 'addEventListener');
    const removed = jest.spyOn(signal, 'removeEventListener');

    await simulation.run(limiter.acquire(request(1, { signal })));

    expect(removed).toHaveBeenCalledTimes(added.mock.calls.length);
  });
});

describe('requests that share a bucket', () => {
  test('go on sharing its writes when its limits change', async () => {
    const simulation = new Simulation();
    const [one, other] = [simulation.process({ latencyMs: 5 }), simulation.process({ latencyMs: 5 })];
    await simulation.run(one.limiter.admin.limits.set([RATE], { resource: 'api' }));
    const take = ({ limiter }: typeof one) => limiter.tryAcquire(request(1, { limits: undefined }));
    await simulation.run(Promise.all([take(one), take(other)]));
    simulation.clock.advance(1);
    await simulation.run(one.limiter.admin.limits.set([Limit.perDay('rpm', 5000)], { resource: 'api' }));
    await simulation.run(take(one));
    simulation.clock.advance(1);
    const before = other.store.updates;

    const decisions = await simulation.run(Promise.all(Array.from({ length: 200 }, () => take(other))));

    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(200);
    expect(other.store.updates - before).toBeLessThanOrEqual(12);
  });

  test('and bring equal limits share its writes, whether or not they bring the same list', async () => {
    const { simulation, limiter, store } = setUp({ latencyMs: 5 });

    const decisions = await simulation.run(Promise.all(Array.from({ length: 300 }, () => limiter.tryAcquire(request(1, { limits: [Limit.perDay('rpm', 1000)] })))));

    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(300);
    expect(store.updates).toBeLessThanOrEqual(12);
  });
});

describe('a bucket of many shards', () => {
  test.each(['allow', 'block'] as const)('that is empty refuses in time and with few calls, also under the policy %s', async (onUnavailable: OutagePolicy) => {
    const { simulation, limiter, store } = await setUpShards(32, { latencyMs: 10, onUnavailable });
    for (let shard = 0; shard < 32; shard++) {
      const key = { pk: pk.bucket({ namespaceId: NAMESPACE, entity: 'user-1', resource: 'api', shard }), sk: SK.bucket };
      await simulation.table.update({ key, changes: new Map([['b_rpm_tk', { set: { N: '0' } }]]), conditions: [] });
    }
    const outcomes: string[] = [];
    for (let at = 0; at < 6; at++) {
      const before = store.updates;
      outcomes.push((await simulation.run(limiter.tryAcquire(request(20)))).outcome);
      expect(store.updates - before).toBeLessThanOrEqual(40);
      simulation.clock.advance(300);
    }

    expect(outcomes).toEqual(Array(6).fill('limited'));
  });

  test('is asked again for a large request when its memory is old', async () => {
    const { simulation, limiter } = await setUpShards(2);
    const other = simulation.process();
    const refund = await simulation.run(other.limiter.acquire(request(900)));
    expect((await simulation.run(limiter.tryAcquire(request(900)))).outcome).toBe('limited');
    await simulation.run(refund.rollback());
    simulation.clock.advance(300);

    expect((await simulation.run(limiter.tryAcquire(request(900)))).outcome).toBe('allowed');
  });

  test('serves a large request for a limit that is new to it', async () => {
    const { simulation, limiter } = await setUpShards(2);
    const limits = [RATE, Limit.perDay('tpm', 1000)];
    await simulation.run(limiter.tryAcquire(request(1)));

    const decision = await simulation.run(limiter.tryAcquire({ entity: 'user-1', resource: 'api', consume: { tpm: 600 }, limits }));

    expect(decision.outcome).toBe('allowed');
  });

  test('tells of what it could not give back, and answers all the same', async () => {
    const { simulation, limiter, store } = await setUpShards(2);
    const failures: LimiterEvents['settlementFailed'][] = [];
    limiter.on('settlementFailed', (event) => failures.push(event));
    await simulation.run(limiter.tryAcquire(request(1)));
    const key = { pk: pk.bucket({ namespaceId: NAMESPACE, entity: 'user-1', resource: 'api', shard: 1 }), sk: SK.bucket };
    await simulation.table.update({ key, changes: new Map([['b_rpm_tk', { set: { N: '0' } }]]), conditions: [] });
    store.fault = ({ changes }) => {
      const counter = changes.get('b_rpm_tc');
      return counter !== undefined && 'add' in counter && counter.add < 0 ? 'denied' : undefined;
    };

    expect((await simulation.run(limiter.tryAcquire(request(900)))).outcome).toBe('limited');
    expect(failures.length).toBeGreaterThan(0);
  });
});

describe('the first request of a process', () => {
  test('that is wrong after all says so, also when what it took cannot be given back', async () => {
    const simulation = new Simulation();
    await simulation.run(simulation.process().limiter.acquire(request(1)));
    const { limiter, store } = simulation.process();
    const failures: LimiterEvents['settlementFailed'][] = [];
    limiter.on('settlementFailed', (event) => failures.push(event));
    let writes = 0;
    store.fault = () => (++writes > 1 ? 'denied' : undefined);

    await expect(simulation.run(limiter.acquire(request(10, { limits: undefined })))).rejects.toMatchObject({ code: 'NO_LIMITS_CONFIGURED' });
    expect(failures).toEqual([expect.objectContaining({ amounts: { rpm: -10 } })]);
  });

  test('W12: gives a lease that corrects limits which are newer than the bucket', async () => {
    const simulation = new Simulation();
    const first = simulation.process();
    await first.limiter.admin.limits.set([RATE], { resource: 'api' });
    await simulation.run(first.limiter.acquire(request(1, { limits: undefined })));
    await first.limiter.admin.limits.set([RATE, Limit.perDay('tpm', 500)], { resource: 'api' });
    const { limiter } = simulation.process();

    const lease = await simulation.run(limiter.acquire(request(1, { limits: undefined })));
    lease.set({ tpm: 120 });
    await simulation.run(lease.commit());

    expect(await simulation.tokens('user-1', 'api', 'tpm')).toBe(380);
  });
});

describe('a parent', () => {
  test('that has no limits costs no read on the way', async () => {
    const simulation = new Simulation();
    await simulation.cascade('user-1', 'parent');
    const { limiter, store } = simulation.process();
    await limiter.admin.limits.set([RATE], { entity: 'user-1' });
    const take = () => simulation.run(limiter.acquire(request(1, { limits: undefined })));
    await take();
    await take();
    const before = store.others;

    for (let at = 0; at < 10; at++) {
      simulation.clock.advance(2500);
      await take();
    }

    expect(store.others).toBe(before);
  });

  test('is held to the limits of the request by the policy local too', async () => {
    const simulation = new Simulation();
    for (const child of ['a', 'b']) await simulation.cascade(child, 'parent');
    const { limiter, store } = simulation.process({ onUnavailable: 'local' });
    const take = (entity: string) => simulation.run(limiter.tryAcquire(request(10, { entity, limits: [Limit.perDay('rpm', 10)] })));
    await simulation.run(limiter.tryAcquire(request(0, { entity: 'a' })));
    await simulation.run(limiter.tryAcquire(request(0, { entity: 'b' })));
    store.fault = () => 'down';

    expect([(await take('a')).outcome, (await take('b')).outcome]).toEqual(['degraded', 'limited']);
  });
});

describe('shadow mode', () => {
  test('does not refuse a lease that wants more either', async () => {
    const { simulation, limiter, tokens } = setUp();
    const denied: LimiterEvents['denied'][] = [];
    limiter.on('denied', (event) => denied.push(event));
    const lease = await simulation.run(limiter.acquire(request(900, { mode: 'shadow' })));

    await simulation.run(lease.consume({ rpm: 200 }));

    expect(lease.consumed).toEqual({ rpm: 900 });
    expect(await tokens()).toBe(100);
    expect(denied).toEqual([expect.objectContaining({ shadow: true })]);
  });
});

describe('requests that wait in line', () => {
  test('leave to the first what comes for it, also when their own time is over', async () => {
    const { simulation, limiter } = setUp();
    const limits = [Limit.perSecond('rpm', 10)];
    const wait = (rpm: number, maxMs: number) => limiter.tryAcquire(request(rpm, { limits, wait: { maxMs, jitter: 0 } }));
    await simulation.run(limiter.acquire(request(10, { limits })));

    const decisions = await simulation.run(Promise.all([wait(10, 1500), wait(4, 500), wait(4, 900)]));

    expect(decisions.map(({ outcome }) => outcome)).toEqual(['allowed', 'limited', 'limited']);
  });
});

describe('a breaker whose one call never ends', () => {
  test('lets another try after the next moment', async () => {
    const { simulation, limiter, store } = setUp({ breaker: { failures: 1, coolDownMs: 1000 }, timeoutMs: 250 });
    await simulation.run(limiter.acquire(request(1)));
    store.fault = () => 'down';
    await simulation.run(limiter.tryAcquire(request(1)));
    simulation.clock.advance(1000);
    store.fault = () => new Promise(() => undefined); // hangs, and heeds no time-out
    await simulation.run(limiter.tryAcquire(request(1)));
    store.fault = undefined;
    simulation.clock.advance(1000);

    expect((await simulation.run(limiter.tryAcquire(request(1, { resource: 'other' })))).outcome).toBe('allowed');
  });
});

describe('a bucket that is throttled on every write, and served by the second attempt', () => {
  test('is split all the same', async () => {
    const { simulation, limiter, store } = setUp();
    await simulation.run(limiter.acquire(request(1)));
    const splits: LimiterEvents['shardSplit'][] = [];
    limiter.on('shardSplit', (event) => splits.push(event));
    let sent = 0;
    store.fault = (update) => (update.changes.has('shard_count') ? undefined : sent++ % 2 === 0 ? 'throttled' : undefined);

    for (let at = 0; at < 20 && splits.length === 0; at++) await simulation.run(limiter.tryAcquire(request(1)));

    expect(splits).toHaveLength(1);
  });
});

describe('listeners', () => {
  test('that fail later do no harm either', async () => {
    const { simulation, limiter } = setUp();
    limiter.on('denied', (() => Promise.reject(new Error('a bad listener'))) as () => void);

    expect((await simulation.run(limiter.tryAcquire(request(1001)))).outcome).toBe('unsatisfiable');
    await new Promise((resolve) => setImmediate(resolve));
  });
});

describe('the system clock', () => {
  test('sleeps longer than a timer can, and forgets it when nobody waits', async () => {
    jest.useFakeTimers();
    try {
      const woken = jest.fn();
      const controller = new AbortController();
      void systemClock.sleep(2 ** 31 + 1000).then(woken);
      const endless = systemClock.sleep(Infinity, controller.signal);
      await jest.advanceTimersByTimeAsync(2 ** 31 - 1);
      expect(woken).not.toHaveBeenCalled();
      await jest.advanceTimersByTimeAsync(1001);
      expect(woken).toHaveBeenCalledTimes(1);

      controller.abort(new Error('enough'));
      await expect(endless).rejects.toThrow('enough');
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });
});

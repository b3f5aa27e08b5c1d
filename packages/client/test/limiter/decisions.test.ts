import { inspect } from 'node:util';
import { Limit, MemoryStore, RateLimiter, type AcquireRequest, type Decision, type WaitOptions } from '@zae-limiter/client';
import { configKey } from '@zae-limiter/client/schema/config-item';
import { pk, SK } from '@zae-limiter/client/schema/keys';
import { NAMESPACE, Simulation } from '../support/simulation';

const limits = [Limit.perMinute('rpm', 60), Limit.perMinute('tpm', 6000)]; // one a second, and a hundred

function setUp(options = {}) {
  const simulation = new Simulation();
  const { limiter, store } = simulation.process({ random: () => 0.5, timeoutMs: 1000, ...options });
  const request = (consume: AcquireRequest['consume'], more: Partial<AcquireRequest> = {}): AcquireRequest => ({ entity: 'user-1', resource: 'api', consume, limits, ...more });
  const decide = (consume: AcquireRequest['consume'], more: Partial<AcquireRequest> = {}) => simulation.run(limiter.tryAcquire(request(consume, more)));
  const start = simulation.clock.now();
  const passed = () => simulation.clock.now() - start;
  return { simulation, limiter, store, request, decide, passed };
}

describe('a request that waits', () => {
  const wait = (maxMs: number, jitter = 0): { wait: WaitOptions } => ({ wait: { maxMs, jitter } });

  test('may take exactly as long as it said', async () => {
    const { decide, passed } = setUp();
    await decide({ rpm: 60 });

    expect((await decide({ rpm: 5 }, wait(5000))).outcome).toBe('allowed');
    expect(passed()).toBe(5000);
  });

  test.each([[0, 5000], [0.5, 6250], [1, 7500]])('with jitter %d comes back after %d ms', async (jitter, ms) => {
    const { decide, passed } = setUp();
    await decide({ rpm: 60 });

    expect((await decide({ rpm: 5 }, wait(60_000, jitter))).outcome).toBe('allowed');
    expect(passed()).toBe(ms);
  });

  test('is not held up by jitter beyond its time', async () => {
    const { decide, passed } = setUp();
    await decide({ rpm: 60 });

    expect((await decide({ rpm: 5 }, wait(5500, 1))).outcome).toBe('allowed');
    expect(passed()).toBe(5500);
  });

  test('behind another says of each limit what it asked for itself, and the wait that the other was told', async () => {
    const { simulation, limiter, request, decide } = setUp();
    await decide({ rpm: 60 });
    const first = limiter.acquire(request({ rpm: 30 }, wait(60_000)));

    const decision = await decide({ rpm: 2, tpm: 0 }, wait(3000));

    expect(decision).toMatchObject({
      outcome: 'limited', waited: { ms: 3000, position: 1 }, retryAfterMs: 30_000,
      violations: [{ name: 'rpm', requested: 2, exceeded: true }],
      limits: [{ name: 'rpm', requested: 2, exceeded: true, retryAfterMs: 30_000 }, { name: 'tpm', requested: 0, exceeded: false, retryAfterMs: 0 }],
    });
    await simulation.run(first);
  });

  test('behind another for a limit that the other is not short of may come back in a millisecond', async () => {
    const { simulation, limiter, request, decide } = setUp();
    await decide({ rpm: 60 });
    const first = limiter.acquire(request({ rpm: 30 }, wait(60_000)));

    const decision = await decide({ tpm: 7 }, wait(3000));

    expect(decision).toMatchObject({
      outcome: 'limited', retryAfterMs: 1,
      limits: [{ name: 'rpm', requested: 0, exceeded: false, retryAfterMs: 0 }, { name: 'tpm', requested: 7, exceeded: true, retryAfterMs: 1 }],
    });
    await simulation.run(first);
  });
});

describe('a request during an outage', () => {
  const slow = (store: ReturnType<typeof setUp>['store']) => { store.fault = () => new Promise(() => undefined); };

  test('that is blocked says which table did not answer within what time, and that it may be tried again', async () => {
    const { decide, store } = setUp({ breaker: false });
    await decide({ rpm: 1 });
    slow(store);

    const decision = await decide({ rpm: 1 });

    expect(decision).toMatchObject({
      outcome: 'unavailable', allowed: false, limits: [],
      cause: { message: expect.stringContaining("table 'memory' did not answer within 1000 ms"), retryable: true, reason: 'unanswered' },
    });
  });

  test('that may pass unlimited passes, however much it is', async () => {
    const { decide, store } = setUp({ breaker: false });
    await decide({ rpm: 1 });
    slow(store);

    const outcomes: Decision['outcome'][] = [];
    for (let at = 0; at < 3; at++) outcomes.push((await decide({ rpm: 50 }, { onUnavailable: 'allow' })).outcome);

    expect(outcomes).toEqual(['degraded', 'degraded', 'degraded']);
  });

  test('gets a lease that says whether the store knows of it', async () => {
    const { decide, store } = setUp({ breaker: false });
    const before = await decide({ rpm: 1 });
    slow(store);

    const during = await decide({ rpm: 1 }, { onUnavailable: 'allow' });

    expect([before, during]).toMatchObject([{ outcome: 'allowed', lease: { degraded: false } }, { outcome: 'degraded', lease: { degraded: true } }]);
  });
});

describe('a decision to let pass', () => {
  test('is copied with its limits, which stay as they were', async () => {
    const { decide } = setUp();
    const decision = await decide({ rpm: 1 });
    const copy = { ...decision };
    await decide({ rpm: 1 });

    expect(Object.keys(copy).sort()).toEqual(['allowed', 'lease', 'limits', 'outcome']);
    expect(copy.limits).toEqual(decision.limits);
    expect(decision.limits).toBe(decision.limits);
  });

  test('is written to a log without the limiter behind it', async () => {
    const { decide, store } = setUp();
    Object.assign(store, { itself: store }); // as a client of the SDK has

    const decision = await decide({ rpm: 1 });

    expect(JSON.parse(JSON.stringify(decision))).toMatchObject({ outcome: 'allowed', allowed: true, limits: [{ name: 'rpm' }, { name: 'tpm' }] });
    expect(inspect(decision, { depth: Infinity })).not.toContain('itself');
  });

  test.each<[string, (decision: Decision) => Decision]>([
    ['a proxy', (decision) => new Proxy(decision, {})],
    ['an object that inherits from it', (decision) => Object.create(decision) as Decision],
  ])('shows its limits through %s', async (_, wrap) => {
    const decision = await setUp().decide({ rpm: 1 });

    expect(wrap(decision).limits).toEqual(decision.limits);
  });
});

describe('a bucket that many ask for', () => {
  test('answers although a program\'s tests stop the time', async () => {
    jest.useFakeTimers();
    try {
      const limiter = new RateLimiter({ store: new MemoryStore(), namespaceId: NAMESPACE });
      const take = () => limiter.tryAcquire({ entity: 'user-1', resource: 'api', consume: { rpm: 1 }, limits });
      await take();
      await Promise.all(Array.from({ length: 20 }, take)); // so many that the next write waits for a turn

      expect(await take()).toMatchObject({ outcome: 'allowed' });
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('a parent', () => {
  const family = (simulation: Simulation, cascade: boolean, parent: string) => simulation.table.transact([{
    put: { PK: { S: pk.entity(NAMESPACE, 'user-1') }, SK: { S: SK.entity }, entity_id: { S: 'user-1' }, parent_id: { S: parent }, cascade: { BOOL: cascade } },
  }]);

  test('is not charged by an entity that does not cascade', async () => {
    const { simulation, decide } = setUp();
    await family(simulation, false, 'team-1');

    expect((await decide({ rpm: 1 })).limits.map(({ entity }) => entity)).toEqual(['user-1', 'user-1']);

    expect(await simulation.bucket('team-1', 'api')).toBeUndefined();
  });

  test('that is the entity itself is not charged twice', async () => {
    const { simulation, decide } = setUp();
    await family(simulation, true, 'user-1');

    expect((await decide({ rpm: 10 })).limits).toHaveLength(2);

    expect(await simulation.tokens('user-1', 'api', 'rpm')).toBe(50);
  });

  test('whose limits cannot be read fails the request, which leaves nothing behind', async () => {
    const { simulation, limiter } = setUp();
    await family(simulation, true, 'team-1');
    await limiter.admin.limits.set(limits, { entity: 'user-1' });
    const stored = { entity: 'user-1', resource: 'api', consume: { rpm: 10 } };
    await simulation.run(limiter.acquire(stored));
    const { pk: partition, sk } = configKey(NAMESPACE, { entity: 'team-1' });
    await simulation.table.transact([{ put: { PK: { S: partition }, SK: { S: sk }, l_rpm_cp: { N: '1' } } }]);

    const other = simulation.process().limiter; // takes from the child's bucket while it looks up who the parent is
    await expect(simulation.run(other.tryAcquire(stored))).rejects.toMatchObject({ code: 'CORRUPT_RECORD' });

    expect(await simulation.tokens('user-1', 'api', 'rpm')).toBe(50);
  });
});

describe('a limit that an operator took away', () => {
  test('is unknown to a process that still remembers it, as soon as the bucket shows the change', async () => {
    const { simulation, limiter } = setUp();
    const other = simulation.process().limiter;
    await limiter.admin.limits.set(limits, { resource: 'api' });
    const take = (consume: AcquireRequest['consume'], whose = limiter) => simulation.run(whose.tryAcquire({ entity: 'user-1', resource: 'api', consume }));
    await take({ rpm: 1 });
    simulation.clock.advance(3000);
    await other.admin.limits.set([Limit.perMinute('rpm', 30)], { resource: 'api' });
    await take({ rpm: 29 }, other);
    await take({ rpm: 20 }, other);
    simulation.clock.advance(1000);
    await take({ rpm: 0 }); // sees the bucket

    await expect(take({ tpm: 1 })).rejects.toMatchObject({ code: 'UNKNOWN_LIMIT', field: 'consume.tpm' });
  });
});

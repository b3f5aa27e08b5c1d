import { Limit, type AcquireRequest, type ConnectOptions, type LimiterEvents } from '@zae-limiter/client';
import { Simulation } from '../support/simulation';

const limits = [Limit.perMinute('rpm', 10)];
const request = (more: Partial<AcquireRequest> = {}): AcquireRequest => ({ entity: 'user-1', resource: 'api', consume: { rpm: 1 }, limits, ...more });

async function setUp(options: Partial<ConnectOptions> = {}) {
  const simulation = new Simulation();
  const { limiter, store } = simulation.process(options);
  const take = (more: Partial<AcquireRequest> = {}) => simulation.run(limiter.tryAcquire(request(more)));
  await take();
  const timed = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
    const start = simulation.clock.now();
    const result = await work();
    return [result, simulation.clock.now() - start];
  };
  return { simulation, limiter, store, take, timed };
}

describe('W30: a store that does not answer', () => {
  test('costs a request no more than its time', async () => {
    const { store, take, timed } = await setUp({ timeoutMs: 250 });
    store.fault = () => 'lost';

    const [decision, ms] = await timed(take);

    expect(decision).toMatchObject({ outcome: 'unavailable', cause: { code: 'UNAVAILABLE', reason: 'unanswered' } });
    expect(ms).toBeLessThanOrEqual(250);
  });

  test('is asked twice within that time', async () => {
    const { store, take } = await setUp();
    let first = true;
    store.fault = () => {
      const fault = first ? 'lost' : undefined;
      first = false;
      return fault;
    };

    expect((await take()).outcome).toBe('allowed');
  });

  test('costs those who look up limits no more either', async () => {
    const { simulation, store, limiter, timed } = await setUp();
    store.readFault = 'lost';

    const [decision, ms] = await timed(() => simulation.run(limiter.tryAcquire(request({ entity: 'user-2', limits: undefined }))));

    expect(decision.outcome).toBe('unavailable');
    expect(ms).toBeLessThanOrEqual(250);
  });

  test('is left alone after five failures in a row, and asked again after a second by one request', async () => {
    const { simulation, limiter, store, take, timed } = await setUp();
    const recovered: LimiterEvents['recovered'][] = [];
    limiter.on('recovered', (event) => recovered.push(event));
    store.fault = () => 'lost';
    for (let at = 0; at < 3; at++) await take(); // two calls each
    const sent = store.updates;

    const [decision, ms] = await timed(take);
    expect([decision.outcome, ms, store.updates]).toEqual(['unavailable', 0, sent]);

    simulation.clock.advance(1000);
    await simulation.run(Promise.all([1, 2, 3, 4].map((at) => limiter.tryAcquire(request({ resource: `api-${at}` })))));
    expect(store.updates).toBe(sent + 1);

    store.fault = undefined;
    simulation.clock.advance(1000);
    expect((await take()).outcome).toBe('allowed');
    expect(recovered).toEqual([{ table: 'memory' }]);
    expect((await take()).outcome).toBe('allowed');
  });

  test('is asked each time when that is wanted', async () => {
    const { store, take } = await setUp({ breaker: false });
    store.fault = () => 'down';
    for (let at = 0; at < 10; at++) await take();

    expect(store.updates).toBeGreaterThanOrEqual(20);
  });

  test.each(['throttled', 'denied'] as const)('is not one that is %s: it is there', async (fault) => {
    const { store, take } = await setUp();
    store.fault = () => fault;
    for (let at = 0; at < 10; at++) await take();
    store.fault = undefined;

    expect((await take()).outcome).toBe('allowed');
  });

  test('gets back what it took after the time was over', async () => {
    const { simulation, store, take } = await setUp();
    store.latencyMs = 600; // each answer comes, and too late

    expect((await take({ consume: { rpm: 5 } })).outcome).toBe('unavailable');
    store.latencyMs = 0;
    await simulation.run(simulation.clock.sleep(5000));

    expect(await simulation.tokens('user-1', 'api', 'rpm')).toBe(9);
  });
});

describe('the policy local', () => {
  test('goes on limiting in memory, and says that it is degraded', async () => {
    const { limiter, store, take } = await setUp({ onUnavailable: 'local' });
    const events: LimiterEvents['degraded'][] = [];
    limiter.on('degraded', (event) => events.push(event));
    store.fault = () => 'down';

    const outcomes = [];
    for (let at = 0; at < 12; at++) outcomes.push((await take()).outcome);

    expect(outcomes).toEqual([...Array<string>(10).fill('degraded'), 'limited', 'limited']);
    expect(events).toHaveLength(10);
  });

  test('shows how the limits stand, and takes nothing from the table', async () => {
    const { simulation, store, take } = await setUp({ onUnavailable: 'local' });
    store.fault = () => 'down';

    expect(await take({ consume: { rpm: 4 } })).toMatchObject({ outcome: 'degraded', limits: [{ remaining: 6 }], lease: { degraded: true, consumed: {} } });
    expect(await take({ consume: { rpm: 7 } })).toMatchObject({ outcome: 'limited', violations: [{ remaining: 6, requested: 7 }] });
    store.fault = undefined;
    simulation.clock.advance(1000);

    expect((await take({ consume: { rpm: 9 } })).outcome).toBe('allowed');
  });

  test('charges the parent too, in memory', async () => {
    const simulation = new Simulation();
    await simulation.cascade('child', 'parent');
    const { limiter, store } = simulation.process({ onUnavailable: 'local' });
    await limiter.admin.limits.set([Limit.perMinute('rpm', 10)], { resource: 'api' });
    await limiter.admin.limits.set([Limit.perMinute('rpm', 5)], { entity: 'parent' });
    const take = () => simulation.run(limiter.tryAcquire({ entity: 'child', resource: 'api', consume: { rpm: 2 } }));
    await take();
    store.fault = () => 'down';

    expect([(await take()).outcome, (await take()).outcome]).toEqual(['degraded', 'degraded']);
    expect(await take()).toMatchObject({ outcome: 'limited', violations: [{ entity: 'parent' }] });
  });

  test('starts anew after each outage', async () => {
    const { simulation, store, take } = await setUp({ onUnavailable: 'local', breaker: { failures: 1, coolDownMs: 100 } });
    store.fault = () => 'down';
    for (let at = 0; at < 10; at++) await take();
    expect((await take()).outcome).toBe('limited');
    store.fault = undefined;
    simulation.clock.advance(100);
    await take();
    store.fault = () => 'down';

    expect((await take()).outcome).toBe('degraded');
  });

  test('blocks where the limits are not known', async () => {
    const { simulation, limiter, store } = await setUp({ onUnavailable: 'local' });
    store.fault = () => 'down';
    store.readFault = 'down';

    expect((await simulation.run(limiter.tryAcquire(request({ entity: 'user-2', limits: undefined })))).outcome).toBe('unavailable');
  });

  test('can be chosen for one request, and for nothing that is not a policy', async () => {
    const { store, take } = await setUp();
    store.fault = () => 'down';

    expect((await take({ onUnavailable: 'local' })).outcome).toBe('degraded');
    await expect(take({ onUnavailable: 'open' as 'allow' })).rejects.toMatchObject({ field: 'onUnavailable' });
  });
});

describe('the lease of an outage', () => {
  test('tells of the corrections that it drops', async () => {
    const { simulation, limiter, store } = await setUp({ onUnavailable: 'allow' });
    const dropped: LimiterEvents['correctionsDropped'][] = [];
    limiter.on('correctionsDropped', (event) => dropped.push(event));
    store.fault = () => 'down';
    const lease = await simulation.run(limiter.acquire(request()));

    await lease.consume({ rpm: 5 });
    lease.adjust({ tpm: 120 });
    lease.release({ tpm: 20 });
    await lease.commit();

    expect(dropped).toEqual([{ entity: 'user-1', resource: 'api', amounts: { tpm: 100 } }]);
  });

  test('that begins during its work lets it take more, or not, as the policy says', async () => {
    const { simulation, limiter, store } = await setUp();
    const [allows, blocks] = await simulation.run(Promise.all([
      limiter.acquire(request({ onUnavailable: 'allow' })), limiter.acquire(request({ onUnavailable: 'block' })),
    ]));
    store.fault = () => 'down';

    await simulation.run(allows.consume({ rpm: 2 }));
    await expect(simulation.run(blocks.consume({ rpm: 2 }))).rejects.toMatchObject({ code: 'UNAVAILABLE' });

    expect([allows.consumed, blocks.consumed]).toEqual([{ rpm: 1 }, { rpm: 1 }]);
  });
});

describe('ping', () => {
  test('says whether the table answers, and never throws', async () => {
    const { simulation, limiter, store } = await setUp();

    expect(await limiter.ping()).toBe(true);
    store.readFault = 'lost';
    expect(await simulation.run(limiter.ping({ timeoutMs: 50 }))).toBe(false);
  });
});

import { Limit, type AcquireRequest, type LimiterEvents, type RunOptions } from '@zae-limiter/client';
import { Simulation } from '../support/simulation';

const limits = [Limit.perMinute('rpm', 100), Limit.perMinute('tpm', 10_000)];
const request = (more: Partial<AcquireRequest> = {}): AcquireRequest =>
  ({ entity: 'user-1', resource: 'api', consume: { rpm: 1, tpm: 500 }, limits, ...more });

function setUp() {
  const simulation = new Simulation();
  const { limiter, store } = simulation.process();
  const tokens = async () => ({ rpm: await simulation.tokens('user-1', 'api', 'rpm'), tpm: await simulation.tokens('user-1', 'api', 'tpm') });
  const acquire = () => simulation.run(limiter.acquire(request()));
  return { simulation, limiter, store, tokens, acquire };
}

describe('a lease whose work needs more', () => {
  test('W25: takes it at once and only when it is there', async () => {
    const { simulation, limiter, acquire, tokens } = setUp();
    const lease = await acquire();
    await simulation.run(limiter.acquire(request({ consume: { tpm: 9000 } }))); // another caller

    await expect(simulation.run(lease.consume({ tpm: 600 }))).rejects.toMatchObject({ code: 'RATE_LIMITED', primary: { name: 'tpm', remaining: 500 } });
    await simulation.run(lease.consume({ tpm: 400 }));

    expect(lease.consumed).toEqual({ rpm: 1, tpm: 900 });
    expect(await tokens()).toEqual({ rpm: 99, tpm: 100 });
  });

  test('gives what it took on the way back with the rest', async () => {
    const { simulation, acquire, tokens } = setUp();
    const lease = await acquire();
    await simulation.run(lease.consume({ tpm: 400 }));

    await simulation.run(lease.rollback());

    expect(await tokens()).toEqual({ rpm: 100, tpm: 10_000 });
  });

  test('may not be closed, neither before nor meanwhile', async () => {
    const { simulation, acquire, tokens } = setUp();
    const lease = await acquire();
    const consuming = lease.consume({ tpm: 400 });
    await simulation.run(lease.commit());

    await expect(simulation.run(consuming)).rejects.toMatchObject({ code: 'LEASE_EXPIRED' });
    await expect(lease.consume({ tpm: 1 })).rejects.toMatchObject({ code: 'LEASE_EXPIRED' });

    expect(await tokens()).toEqual({ rpm: 99, tpm: 9500 });
  });

  test.each([
    [{ tpm: -1 }, 'VALIDATION_FAILED'],
    [{ tpm: 0.5 }, 'VALIDATION_FAILED'],
    [{ other: 1 }, 'UNKNOWN_LIMIT'],
  ])('must ask for %j otherwise', async (more, code) => {
    const { simulation, acquire, tokens } = setUp();
    const lease = await acquire();

    await expect(simulation.run(lease.consume(more as Record<string, number>))).rejects.toMatchObject({ code });

    expect(await tokens()).toEqual({ rpm: 99, tpm: 9500 });
  });
});

describe('a lease of long work', () => {
  test('writes its corrections on the way and stays open', async () => {
    const { simulation, store, acquire, tokens } = setUp();
    const lease = await acquire();
    lease.adjust({ tpm: 300 });

    await simulation.run(lease.flush());
    expect(await tokens()).toEqual({ rpm: 99, tpm: 9200 });

    lease.release({ tpm: 100 });
    lease.set({ rpm: 3 });
    expect(lease.consumed).toEqual({ rpm: 3, tpm: 700 });
    await simulation.run(lease.commit());
    expect(await tokens()).toEqual({ rpm: 97, tpm: 9300 });
    expect(store.updates).toBe(4); // two for the bucket that was not there, and one for each settlement
  });

  test('without corrections flushes without a call', async () => {
    const { simulation, store, acquire } = setUp();
    const lease = await acquire();
    const before = store.updates;

    await simulation.run(lease.flush());

    expect(store.updates).toBe(before);
  });

  test('that cannot flush keeps its corrections', async () => {
    const { simulation, store, acquire, tokens } = setUp();
    const lease = await acquire();
    lease.adjust({ tpm: 300 });
    store.fault = () => 'denied';
    await expect(simulation.run(lease.flush())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    store.fault = undefined;

    lease.adjust({ tpm: 1 });
    await simulation.run(lease.flush());

    expect(await tokens()).toMatchObject({ tpm: 9199 });
  });

  test('loses no correction that comes while another is written', async () => {
    const { simulation, store, acquire, tokens } = setUp();
    const lease = await acquire();
    store.latencyMs = 50;
    lease.adjust({ tpm: 10 });
    const flushing = lease.flush();
    lease.adjust({ tpm: 7 });
    await simulation.run(flushing);

    await simulation.run(lease.commit());

    expect(await tokens()).toMatchObject({ tpm: 9483 });
  });

  test('takes in to debt, and gives back more than it took when it is told to', async () => {
    const { simulation, acquire, tokens } = setUp();
    const lease = await acquire();

    lease.adjust({ tpm: -700 });
    await simulation.run(lease.commit());

    expect(await tokens()).toMatchObject({ tpm: 10_200 }); // the next write cuts it to the capacity
  });
});

describe('run with a body that throws', () => {
  const failure = new Error('the model charged, and failed');

  test.each<[string, RunOptions['refundOn'], { rpm: number; tpm: number }]>([
    ['everything, flushed corrections included', undefined, { rpm: 100, tpm: 10_000 }],
    ['everything when it says so', () => true, { rpm: 100, tpm: 10_000 }],
    ['nothing when it says so, and corrects', () => false, { rpm: 99, tpm: 9300 }],
    ['the amounts that it says', () => ({ tpm: 450 }), { rpm: 99, tpm: 9750 }],
    ['everything when it makes no sense', () => ({ unknown: 1 }), { rpm: 100, tpm: 10_000 }],
    ['everything when it throws itself', () => { throw new Error('a bug'); }, { rpm: 100, tpm: 10_000 }],
  ])('refunds %s', async (_, refundOn, left) => {
    const { simulation, limiter, tokens } = setUp();
    const seen: unknown[] = [];

    const running = limiter.run(request(), async (lease) => {
      lease.adjust({ tpm: 150 });
      await lease.flush();
      lease.adjust({ tpm: 50 });
      throw failure;
    }, { refundOn: refundOn && ((error) => { seen.push(error); return refundOn(error); }) });
    await expect(simulation.run(running)).rejects.toBe(failure);

    expect(await tokens()).toEqual(left);
    expect(seen).toEqual(refundOn === undefined ? [] : [failure]);
  });
});

describe('a request with a signal', () => {
  test('that is aborted already asks nobody', async () => {
    const { simulation, limiter, store } = setUp();

    await expect(simulation.run(limiter.acquire(request({ signal: AbortSignal.abort(new Error('gone')) })))).rejects.toThrow('gone');

    expect(store.updates + store.others).toBe(0);
  });

  test('that is aborted while it is decided is given up at once, and nothing stays taken', async () => {
    const { simulation, limiter, store, acquire, tokens } = setUp();
    await (await acquire()).rollback();
    store.latencyMs = 100;
    const controller = new AbortController();
    const acquiring = limiter.acquire(request({ signal: controller.signal }));
    const start = simulation.clock.now();
    void simulation.clock.sleep(20).then(() => controller.abort(new Error('the caller hung up')));

    await expect(simulation.run(acquiring)).rejects.toThrow('the caller hung up');
    expect(simulation.clock.now() - start).toBe(20);
    await simulation.run(simulation.clock.sleep(1000));

    expect(await tokens()).toEqual({ rpm: 100, tpm: 10_000 });
  });

  test('that is aborted while it queues behind others is never written', async () => {
    const { simulation, limiter, store, acquire, tokens } = setUp();
    await (await acquire()).rollback();
    store.latencyMs = 100;
    const controller = new AbortController();
    const ahead = limiter.acquire(request({ consume: { rpm: 100 } }));
    const queued = limiter.acquire(request({ consume: { rpm: 1 }, signal: controller.signal }));
    controller.abort(new Error('gone'));

    await expect(queued).rejects.toThrow('gone');
    const before = store.updates;
    await simulation.run(ahead);
    await simulation.run(simulation.clock.sleep(1000));

    expect(store.updates).toBe(before);
    expect(await tokens()).toMatchObject({ rpm: 0 });
  });

  test('tells the body of run, whose success then counts as a failure', async () => {
    const { simulation, limiter, tokens } = setUp();
    const controller = new AbortController();

    const running = limiter.run(request({ signal: controller.signal }), (_, signal) => {
      expect(signal).toBe(controller.signal);
      controller.abort(new Error('too slow'));
      return 'an answer that nobody waits for';
    });

    await expect(simulation.run(running)).rejects.toThrow('too slow');
    expect(await tokens()).toEqual({ rpm: 100, tpm: 10_000 });
  });

  test('gives the body of run one that is never aborted when there is none', async () => {
    const { simulation, limiter } = setUp();

    expect(await simulation.run(limiter.run(request(), (_, signal) => signal.aborted))).toBe(false);
  });
});

describe('shadow mode', () => {
  test('lets pass what would be refused, takes nothing for it, and says so', async () => {
    const { simulation, limiter, tokens } = setUp();
    const denied: LimiterEvents['denied'][] = [];
    limiter.on('denied', (event) => denied.push(event));
    const shadow = (rpm: number) => simulation.run(limiter.tryAcquire(request({ consume: { rpm }, mode: 'shadow' })));

    expect((await shadow(80)).outcome).toBe('allowed');
    const decision = await shadow(30);

    expect(decision).toMatchObject({ outcome: 'shadow', allowed: true, wouldDeny: [{ name: 'rpm', remaining: 20, requested: 30 }] });
    expect(await shadow(101)).toMatchObject({ outcome: 'shadow', wouldDeny: [{ retryAfterMs: undefined }] });
    expect(await tokens()).toMatchObject({ rpm: 20 });
    expect(denied.map(({ shadow: inShadow }) => inShadow)).toEqual([true, true]);
  });

  test('gives a lease whose corrections go nowhere, without a word', async () => {
    const { simulation, limiter, tokens } = setUp();
    const dropped: unknown[] = [];
    limiter.on('correctionsDropped', (event) => dropped.push(event));
    await simulation.run(limiter.acquire(request({ consume: { rpm: 100 } })));

    const lease = await simulation.run(limiter.acquire(request({ consume: { rpm: 1 }, mode: 'shadow' })));
    lease.adjust({ tpm: 500 });
    await lease.consume({ tpm: 10 });
    await lease.commit();

    expect([lease.degraded, lease.consumed, dropped]).toEqual([false, {}, []]);
    expect(await tokens()).toEqual({ rpm: 0, tpm: 10_000 });
  });

  test('refuses nobody during an outage, not even for a missing permission', async () => {
    const { simulation, limiter, store } = setUp();
    store.fault = () => 'denied';

    expect((await simulation.run(limiter.tryAcquire(request({ mode: 'shadow', onUnavailable: 'block' })))).outcome).toBe('degraded');
  });

  test('must be spelt so', async () => {
    const { limiter } = setUp();

    await expect(limiter.tryAcquire(request({ mode: 'observe' as 'shadow' }))).rejects.toMatchObject({ field: 'mode' });
  });
});

describe('check', () => {
  test('decides without a lease', async () => {
    const { simulation, limiter, tokens } = setUp();
    const check = (rpm: number) => simulation.run(limiter.check(request({ consume: { rpm } })));

    const first = await check(60);

    expect(first).toMatchObject({ outcome: 'allowed', allowed: true, limits: [{ remaining: 40 }, {}] });
    expect(first).not.toHaveProperty('lease');
    expect(await check(41)).toMatchObject({ outcome: 'limited', retryAfterMs: 600 });
    expect(await tokens()).toMatchObject({ rpm: 40 });
  });
});

describe('a refusal', () => {
  test('is told to listeners, with the limits that were short', async () => {
    const { simulation, limiter } = setUp();
    const denied: LimiterEvents['denied'][] = [];
    limiter.on('denied', (event) => denied.push(event));

    await simulation.run(limiter.tryAcquire(request({ consume: { rpm: 101 } })));

    expect(denied).toEqual([{ entity: 'user-1', resource: 'api', shadow: false, violations: [expect.objectContaining({ name: 'rpm' })] }]);
  });
});

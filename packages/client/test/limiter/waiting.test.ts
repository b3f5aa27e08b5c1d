import { Limit, type AcquireRequest, type WaitOptions } from '@zae-limiter/client';
import { Simulation } from '../support/simulation';

const limits = [Limit.perMinute('rpm', 60)]; // one a second

function setUp() {
  const simulation = new Simulation();
  const { limiter } = simulation.process({ random: () => 0.5 });
  const request = (rpm: number, wait?: WaitOptions, more: Partial<AcquireRequest> = {}): AcquireRequest =>
    ({ entity: 'user-1', resource: 'api', consume: { rpm }, limits, wait, ...more });
  const start = simulation.clock.now();
  const passed = () => simulation.clock.now() - start;
  const drain = () => simulation.run(limiter.acquire(request(60)));
  return { simulation, limiter, request, passed, drain };
}

describe('a request that waits', () => {
  test('passes when the tokens are there, and not long after', async () => {
    const { simulation, limiter, request, passed, drain } = setUp();
    await drain();

    await simulation.run(limiter.acquire(request(5, { maxMs: 10_000 })));

    expect(passed()).toBeGreaterThanOrEqual(5000);
    expect(passed()).toBeLessThanOrEqual(5500);
  });

  test('does not wait when there is room', async () => {
    const { simulation, limiter, request, passed } = setUp();

    await simulation.run(limiter.acquire(request(5, { maxMs: 10_000 })));

    expect(passed()).toBe(0);
  });

  test('is refused at once when the tokens would come too late', async () => {
    const { simulation, limiter, request, passed, drain } = setUp();
    await drain();

    await expect(simulation.run(limiter.acquire(request(5, { maxMs: 4000 })))).rejects.toMatchObject({
      code: 'WAIT_TIMEOUT', queuedMs: 0, position: 0, retryable: true, cause: { code: 'RATE_LIMITED', retryAfterMs: 5000 },
    });

    expect(passed()).toBe(0);
  });

  test('and can never pass is told so', async () => {
    const { simulation, limiter, request } = setUp();

    await expect(simulation.run(limiter.acquire(request(61, { maxMs: 4000 })))).rejects.toMatchObject({ code: 'RATE_LIMITED', unsatisfiable: true });
  });

  test('is served in the order in which it came, also behind larger ones', async () => {
    const { simulation, limiter, request, drain } = setUp();
    await drain();
    const served: number[] = [];
    const sizes = [5, 1, 4, 2, 3];

    await simulation.run(Promise.all(sizes.map((size, at) => limiter.acquire(request(size, { maxMs: 60_000 })).then(() => served.push(at)))));

    expect(served).toEqual([0, 1, 2, 3, 4]);
  });

  test('takes no longer for all than the limit demands', async () => {
    const { simulation, limiter, request, passed, drain } = setUp();
    await drain();

    await simulation.run(Promise.all(Array.from({ length: 20 }, () => limiter.acquire(request(1, { maxMs: 60_000, jitter: 0 })))));

    expect(passed()).toBeGreaterThanOrEqual(20_000);
    expect(passed()).toBeLessThanOrEqual(20_100);
  });

  test('and whose time is over in the line leaves it, and says how long and behind how many', async () => {
    const { simulation, limiter, request, passed, drain } = setUp();
    await drain();
    const first = limiter.acquire(request(30, { maxMs: 60_000 }));
    const second = limiter.tryAcquire(request(1, { maxMs: 3000 }));
    const third = limiter.acquire(request(1, { maxMs: 60_000 }));

    // Three tokens have come meanwhile; they belong to the first.
    expect(await simulation.run(second)).toMatchObject({
      outcome: 'limited', waited: { ms: 3000, position: 1 }, violations: [{ name: 'rpm', requested: 1 }],
    });
    expect(passed()).toBe(3000);
    await simulation.run(Promise.all([first, third]));
    expect(passed()).toBeLessThanOrEqual(36_000);
  });

  test('behind others, and finds nothing when its time is over, is refused with its place', async () => {
    const { simulation, limiter, request, drain } = setUp();
    await drain();
    const first = limiter.acquire(request(30, { maxMs: 60_000 }));

    const decision = await simulation.run(limiter.tryAcquire(request(10, { maxMs: 3000 })));

    expect(decision).toMatchObject({ outcome: 'limited', waited: { ms: 3000, position: 1 } });
    await simulation.run(first);
  });

  test('is told as denied only when it is refused in the end', async () => {
    const { simulation, limiter, request, drain } = setUp();
    const denied: unknown[] = [];
    limiter.on('denied', (event) => denied.push(event));
    await drain();

    await simulation.run(limiter.acquire(request(5, { maxMs: 10_000 })));
    expect(denied).toHaveLength(0);
    await simulation.run(limiter.tryAcquire(request(5, { maxMs: 1000 })));
    await simulation.run(limiter.tryAcquire(request(61, { maxMs: 1000 })));
    expect(denied).toHaveLength(2);
  });

  test('in shadow mode passes at once: what would have waited is not held up', async () => {
    const { simulation, limiter, request, passed, drain } = setUp();
    await drain();

    expect((await simulation.run(limiter.tryAcquire(request(5, { maxMs: 10_000 }, { mode: 'shadow' })))).outcome).toBe('shadow');
    expect(passed()).toBe(0);
  });

  test('leaves the line when it is aborted, whether it is first or not', async () => {
    const { simulation, limiter, request, passed, drain } = setUp();
    await drain();
    const [one, two] = [new AbortController(), new AbortController()];
    const first = limiter.acquire(request(30, { maxMs: 60_000 }, { signal: one.signal }));
    const second = limiter.acquire(request(1, { maxMs: 60_000 }, { signal: two.signal }));
    const third = limiter.acquire(request(1, { maxMs: 60_000 }));
    void simulation.clock.sleep(500).then(() => { one.abort(new Error('first gone')); two.abort(new Error('second gone')); });

    await Promise.all([expect(simulation.run(first)).rejects.toThrow('first gone'), expect(second).rejects.toThrow('second gone')]);
    await simulation.run(third);

    expect(passed()).toBeLessThanOrEqual(1100);
  });

  test('does not hold up those who wait for another bucket', async () => {
    const { simulation, limiter, request, passed, drain } = setUp();
    await drain();
    const first = limiter.acquire(request(30, { maxMs: 60_000 }));

    await simulation.run(limiter.acquire(request(1, { maxMs: 60_000 }, { entity: 'user-2' })));

    expect(passed()).toBe(0);
    await simulation.run(first);
  });

  test.each([
    [{ maxMs: 0 }, 'wait.maxMs'], [{ maxMs: Number.NaN }, 'wait.maxMs'], [{ maxMs: 1, jitter: 2 }, 'wait.jitter'], [{ maxMs: 1, jitter: -1 }, 'wait.jitter'],
  ])('must say so in numbers that make sense, not %j', async (wait, field) => {
    const { limiter, request } = setUp();

    await expect(limiter.tryAcquire(request(1, wait))).rejects.toMatchObject({ code: 'VALIDATION_FAILED', field });
  });
});

import { Limit, type AcquireRequest } from '@zae-limiter/client';
import { Simulation, type SimulatedProcess } from '../support/simulation';

const SECONDS = 20;

/** Numbers that look random and are the same in every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** Eight processes that ask again as soon as they are answered, over calls that take 2 to 12 ms. */
function setUp(seed: number, skewMs: (at: number) => number = () => 0) {
  const simulation = new Simulation();
  const random = randomFrom(seed);
  const processes = Array.from({ length: 8 }, (_, at) => {
    const process = simulation.process({ skewMs: skewMs(at), random, timeoutMs: 10_000 });
    process.store.fault = () => { process.store.latencyMs = 2 + Math.floor(random() * 11); };
    return process;
  });
  const end = simulation.clock.now() + SECONDS * 1000;
  const saturate = async ({ limiter }: SimulatedProcess, request: AcquireRequest): Promise<number> => {
    let admitted = 0;
    while (simulation.clock.now() < end) {
      const decision = await limiter.tryAcquire(request);
      if (decision.allowed) admitted += Object.values(request.consume)[0]!;
      else if (decision.outcome === 'limited') await simulation.clock.sleep(Math.min(decision.retryAfterMs, 5));
    }
    return admitted;
  };
  return { simulation, processes, saturate };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

describe('W9, W28: eight processes that saturate a limit of 100 a second for 20 seconds', () => {
  const ideal = 100 + 100 * SECONDS;

  test.each([1, 2, 3])('are admitted to 99.5 to 100.5 % of what it allows (seed %i)', async (seed) => {
    const { simulation, processes, saturate } = setUp(seed);
    const request: AcquireRequest = { entity: 'user-1', resource: 'api', consume: { l: 1 }, limits: [Limit.perSecond('l', 100)] };

    const admitted = sum(await simulation.run(Promise.all(processes.map((process) => saturate(process, request)))));

    expect(admitted / ideal).toBeGreaterThanOrEqual(0.995);
    expect(admitted / ideal).toBeLessThanOrEqual(1.005);
  });

  test.each([1, 2, 3])('W8: and to 99 to 101 % when their clocks differ by up to 50 ms either way (seed %i)', async (seed) => {
    const skew = randomFrom(seed + 100);
    const { simulation, processes, saturate } = setUp(seed, () => Math.round(skew() * 100) - 50);
    const request: AcquireRequest = { entity: 'user-1', resource: 'api', consume: { l: 1 }, limits: [Limit.perSecond('l', 100)] };

    const admitted = sum(await simulation.run(Promise.all(processes.map((process) => saturate(process, request)))));

    expect(admitted / ideal).toBeGreaterThanOrEqual(0.99);
    expect(admitted / ideal).toBeLessThanOrEqual(1.01);
  });

  test('of several callers each, and a parent over all, are admitted to what the parent allows', async () => {
    const { simulation, processes, saturate } = setUp(7);
    const limits = [Limit.perSecond('l', 100)];
    for (let at = 0; at < 8; at++) await simulation.cascade(`child-${at}`, 'parent');

    const callers = processes.flatMap((process, at) => [0, 1].map(() =>
      saturate(process, { entity: `child-${at}`, resource: 'api', consume: { l: 1 }, limits })));
    const admitted = sum(await simulation.run(Promise.all(callers)));

    expect(admitted / ideal).toBeGreaterThanOrEqual(0.98); // what one child is refused, another has to come for
    expect(admitted / ideal).toBeLessThanOrEqual(1.005);
    expect((await simulation.bucket('parent', 'api'))!.limits.get('l')!.totalConsumed).toBe(admitted * 1000);
  });
});

describe('W10: a limit of 10 a day beside one of 6000 a minute', () => {
  test('loses nothing, however often the bucket is touched', async () => {
    const { simulation, processes } = setUp(1);
    const limits = [Limit.perMinute('fast', 6000), Limit.perDay('slow', 10)];
    const take = (consume: Record<string, number>, at = 0) =>
      simulation.run(processes[at % 8]!.limiter.tryAcquire({ entity: 'user-1', resource: 'api', consume, limits }));
    await take({ slow: 10 });
    const start = simulation.clock.now();

    for (let at = 0; at < 2000; at++) {
      simulation.clock.advance(5000);
      await take({ fast: 100 }, at);
    }

    const { refilledAt, limits: stored } = (await simulation.bucket('user-1', 'api'))!;
    const due = ((refilledAt! - start) * 10_000) / 86_400_000;
    expect(Math.abs(stored.get('slow')!.tokens - due)).toBeLessThanOrEqual(1);
    expect(due).toBeGreaterThan(1100);
  });
});

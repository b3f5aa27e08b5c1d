import { Limit, type AcquireRequest, type LimiterEvents } from '@zae-limiter/client';
import type { Fault } from '@zae-limiter/client/testing';
import { Simulation } from '../support/simulation';

const limits = [Limit.perMinute('rpm', 1000)];
const request = (rpm: number, more: Partial<AcquireRequest> = {}): AcquireRequest => ({ entity: 'user-1', resource: 'api', consume: { rpm }, limits, ...more });

async function setUp(options = {}) {
  const simulation = new Simulation();
  const one = simulation.process(options);
  const two = simulation.process(options);
  const tokens = () => simulation.tokens('user-1', 'api', 'rpm');
  const take = (rpm: number, process = one) => simulation.run(process.limiter.tryAcquire(request(rpm)));
  await take(0);
  await take(0, two);
  /** The faults of the next updates of the first process, in order. */
  const failWith = (...faults: (Fault | undefined)[]) => { one.store.fault = () => faults.shift(); };
  return { simulation, one, two, tokens, take, failWith };
}

describe('W44: a write that has to be sent again', () => {
  test.each<[string, Fault[]]>([
    ['was throttled', ['throttled']],
    ['met a transaction', ['conflict']],
    ['never arrived', ['lost']],
    ['was carried out, and its answer lost', ['unanswered']],
    ['failed with the connection', ['down']],
  ])('because it %s takes once, and the request passes', async (_, faults) => {
    const { take, tokens, failWith } = await setUp();
    failWith(...faults);

    expect((await take(10)).outcome).toBe('allowed');

    expect(await tokens()).toBe(990);
  });

  test.each<Fault>(['throttled', 'conflict', 'lost', 'down'])('and is %s each time takes nothing', async (fault) => {
    const { take, tokens, failWith } = await setUp();
    failWith(fault, fault, fault);

    expect((await take(10)).outcome).toBe('unavailable');

    expect(await tokens()).toBe(1000);
  });

  test('and whose answers are all lost is an outage, and takes once', async () => {
    const { take, tokens, failWith } = await setUp();
    failWith('unanswered', 'unanswered');

    expect((await take(10)).outcome).toBe('unavailable');

    expect(await tokens()).toBe(990); // it was carried out, and nobody can know
  });

  test('after others wrote may have been done: the request pays again, so that nobody passes without having paid', async () => {
    const { simulation, one, two, tokens, take } = await setUp();
    let first = true;
    one.store.fault = async () => {
      if (!first) return undefined;
      first = false;
      setImmediate(() => void two.limiter.tryAcquire(request(1))); // another process writes before it is sent again
      return 'unanswered';
    };

    expect((await take(10)).outcome).toBe('allowed');

    expect(await tokens()).toBe(1000 - 10 - 1 - 10);
    simulation.clock.advance(1);
  });

  test('is refused when the tokens went to others meanwhile', async () => {
    const { simulation, one, two, tokens, take } = await setUp();
    let first = true;
    one.store.fault = async () => {
      if (!first) return undefined;
      first = false;
      setImmediate(() => void two.limiter.tryAcquire(request(1000)));
      return 'lost';
    };

    const decision = await take(10);

    expect(decision.outcome).toBe('limited');
    expect(await tokens()).toBe(0);
    simulation.clock.advance(1);
  });

  test.each<[string, Fault[]]>([
    ['was throttled three times', ['throttled', 'throttled', 'throttled']],
    ['never arrived', ['lost']],
    ['was carried out, and its answer lost', ['unanswered', 'unanswered']],
  ])('to give back what a lease took because it %s gives back once', async (_, faults) => {
    const { simulation, one, tokens, failWith } = await setUp();
    const lease = await simulation.run(one.limiter.acquire(request(100)));
    failWith(...faults);

    await simulation.run(lease.rollback());

    expect(await tokens()).toBe(1000);
  });

  test('to give back, and may have been done when others wrote since, is not done again: no token is minted', async () => {
    const { simulation, one, two, tokens } = await setUp();
    const lease = await simulation.run(one.limiter.acquire(request(100)));
    let first = true;
    one.store.fault = () => {
      if (!first) return undefined;
      first = false;
      setImmediate(() => void two.limiter.tryAcquire(request(1)));
      return 'unanswered';
    };

    await simulation.run(lease.rollback());

    expect(await tokens()).toBe(999);
  });

  test('to give back, and whose answers are all lost, is told and counts as done', async () => {
    const { simulation, one, tokens, failWith } = await setUp();
    const failures: LimiterEvents['settlementFailed'][] = [];
    one.limiter.on('settlementFailed', (event) => failures.push(event));

    const running = one.limiter.run(request(100), () => {
      failWith(...Array<Fault>(9).fill('unanswered'));
      throw new Error('the model is down');
    });
    await expect(simulation.run(running)).rejects.toThrow('the model is down');
    one.store.fault = undefined;

    expect(failures).toEqual([expect.objectContaining({ amounts: { rpm: -100 } })]);
    expect(await tokens()).toBeLessThanOrEqual(1000);
  });

  test('creates a bucket once', async () => {
    const simulation = new Simulation();
    const { limiter, store } = simulation.process();
    const faults: (Fault | undefined)[] = [undefined, 'unanswered'];
    store.fault = () => faults.shift();

    expect((await simulation.run(limiter.tryAcquire(request(10)))).outcome).toBe('allowed');

    expect(await simulation.tokens('user-1', 'api', 'rpm')).toBe(990);
  });
});

describe('W8: a clock that is an hour off', () => {
  const hour = 3_600_000;

  test('ahead credits what is due by then, once, and others see no refill until their clocks are there', async () => {
    const simulation = new Simulation();
    const [right, ahead] = [simulation.process({ denyTtlMs: 0 }), simulation.process({ skewMs: hour, denyTtlMs: 0 })];
    const events: LimiterEvents['clockAhead'][] = [];
    right.limiter.on('clockAhead', (event) => events.push(event));
    let admitted = 0;
    for (let at = 0; at < 40; at++) {
      for (const { limiter } of at < 10 ? [right] : [right, ahead]) {
        if ((await simulation.run(limiter.tryAcquire(request(100)))).allowed) admitted += 100;
      }
    }

    expect(admitted).toBe(2000); // the capacity, and what refills in an hour, which is a capacity again
    expect(events[0]).toEqual({ entity: 'user-1', resource: 'api', aheadMs: hour });
  });

  test('behind credits nothing that others have credited', async () => {
    const simulation = new Simulation();
    const [right, behind] = [simulation.process({ denyTtlMs: 0 }), simulation.process({ skewMs: -hour, denyTtlMs: 0 })];
    let admitted = 0;
    for (let at = 0; at < 40; at++) {
      for (const { limiter } of [right, behind]) if ((await simulation.run(limiter.tryAcquire(request(100)))).allowed) admitted += 100;
    }

    expect(admitted).toBe(1000);
  });

  test('is put right when that is wanted, and credits nothing by it', async () => {
    const simulation = new Simulation();
    const ahead = simulation.process({ skewMs: hour, denyTtlMs: 0 });
    const right = simulation.process({ denyTtlMs: 0, pullClockBack: true });
    await simulation.run(ahead.limiter.acquire(request(1)));
    simulation.clock.advance(1);
    await simulation.run(ahead.limiter.acquire(request(999)));

    expect((await simulation.run(right.limiter.tryAcquire(request(1)))).outcome).toBe('limited');
    expect((await simulation.bucket('user-1', 'api'))!.refilledAt).toBe(simulation.clock.now());
    simulation.clock.advance(60_000);

    expect((await simulation.run(right.limiter.tryAcquire(request(1000)))).outcome).toBe('allowed');
  });
});

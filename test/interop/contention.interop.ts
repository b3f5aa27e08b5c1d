import { setImmediate } from 'node:timers/promises';
import { Limit, type AcquireRequest, type RateLimiter } from '@zae-limiter/client';
import { connectBoth, still, type Clients } from './support/clients';
import { releases } from './support/python';

/** Rounds of each thread of the Python process; ours go on until it has made them all, and make at least as many. */
const ROUNDS = 150;
const CALLERS = 4;

describe.each(releases)('a bucket that ours and Python %s saturate at the same time', (release) => {
  let clients: Clients;
  let ours: RateLimiter[];
  beforeAll(async () => {
    clients = await connectBoth(release, { configCacheSeconds: 60 });
    ours = await Promise.all([clients.ours(), clients.ours()]);
  });
  afterAll(async () => clients.stop());

  /** Requests of every caller of ours, as long as there is work or somebody else still works; returns the admitted ones. */
  async function saturate(request: AcquireRequest, othersAreDone: () => boolean): Promise<number> {
    const callers = Array.from({ length: CALLERS }, async (_, caller) => {
      const limiter = ours[caller % ours.length]!;
      let admitted = 0;
      for (let round = 0; round < ROUNDS || !othersAreDone(); round++) {
        if ((await limiter.tryAcquire(request)).allowed) admitted++;
        await setImmediate(); // a refusal without a call must not keep the others from their answers
      }
      return admitted;
    });
    return (await Promise.all(callers)).reduce((sum, admitted) => sum + admitted, 0);
  }

  async function saturateTogether(request: AcquireRequest): Promise<{ byOurs: number; byPython: number }> {
    let done = false;
    const python = clients.python.saturate({ ...request, rounds: ROUNDS, callers: CALLERS }).finally(() => { done = true; });
    const [byOurs, byPython] = await Promise.all([saturate(request, () => done), python]);
    return { byOurs, byPython };
  }

  test('admits exactly its capacity when nothing refills', async () => {
    const { request, stored } = clients;
    const take = request({ rpm: 1 });
    await ours[0]!.admin.limits.set([still('rpm', 300)], take);

    const { byOurs, byPython } = await saturateTogether(take);

    expect(byOurs + byPython).toBe(300);
    expect(await stored(take)).toEqual({ tokens: { rpm: 0 }, consumed: { rpm: 300 } });
  });

  test('admits at most its capacity and what refills, and counts what was admitted', async () => {
    const { request, stored } = clients;
    const take = request({ rps: 1, tps: 3 });
    const [capacity, perSecond] = [100, 200];
    await ours[0]!.admin.limits.set([
      Limit.custom('rps', { capacity, refillAmount: perSecond, refillPeriodSeconds: 1 }), Limit.perSecond('tps', 5000),
    ], take);
    const began = Date.now();

    const { byOurs, byPython } = await saturateTogether(take);

    const admitted = byOurs + byPython;
    const due = capacity + ((Date.now() - began) * perSecond) / 1000;
    expect(admitted).toBeLessThanOrEqual(due * 1.01);
    expect(admitted).toBeGreaterThan(capacity); // both were at work while it refilled
    const { tokens, consumed } = await stored(take);
    expect(consumed).toEqual({ rps: admitted, tps: 3 * admitted });
    expect(tokens.rps).toBeGreaterThanOrEqual(0);
    expect(tokens.rps).toBeLessThanOrEqual(capacity);
  });
});

import { Limit, type LimitSource, type RateLimiter } from '@zae-limiter/client';
import { connectBoth, still, type Clients } from './support/clients';
import { inPython, releases, type PythonLimits } from './support/python';

interface Level {
  readonly title: string;
  readonly source: LimitSource;
  readonly pythonSource: PythonLimits['source'];
  scope(entity: string, resource: string): { entity?: string; resource?: string };
}

/** Lowest first, so that each overrides those before it. */
const LEVELS: readonly Level[] = [
  { title: 'the namespace', source: 'system', pythonSource: 'system', scope: () => ({}) },
  { title: 'a resource', source: 'resource', pythonSource: 'resource', scope: (_, resource) => ({ resource }) },
  { title: 'an entity', source: 'entityDefault', pythonSource: 'entity_default', scope: (entity) => ({ entity }) },
  { title: 'an entity on a resource', source: 'entity', pythonSource: 'entity', scope: (entity, resource) => ({ entity, resource }) },
];

describe.each(releases)('limits on a table that is shared with Python %s', (release) => {
  let clients: Clients;
  let ours: RateLimiter;
  beforeAll(async () => {
    clients = await connectBoth(release);
    ours = await clients.ours();
  });
  afterAll(async () => clients.stop());

  const limitsOf = (at: number) =>
    [Limit.custom('rpm', { capacity: 10 + at, refillAmount: 5 + at, refillPeriodSeconds: 60 }), Limit.perHour('tp_h', 7 + at)];

  test('that ours stored are resolved by Python on every level, the highest first', async () => {
    const { entity, resource } = clients.request({});

    for (const [at, { scope, pythonSource }] of LEVELS.entries()) {
      await ours.admin.limits.set(limitsOf(at), scope(entity, resource));

      expect(await clients.python.resolveLimits(entity, resource)).toMatchObject({ limits: limitsOf(at).map(inPython), source: pythonSource });
    }
  });

  test('that Python stored are resolved by ours on every level, the highest first', async () => {
    const { entity, resource } = clients.request({});

    for (const [at, { scope, source }] of LEVELS.entries()) {
      await clients.python.setLimits(limitsOf(at), scope(entity, resource));

      expect(await (await clients.ours()).available(entity, resource)).toMatchObject(limitsOf(at).map(
        ({ name, capacity, refillAmount, refillPeriodSeconds }) =>
          ({ name, capacity, refill: { amount: refillAmount, periodMs: refillPeriodSeconds * 1000 }, source })));
    }
  });

  test('that one stored and the other deletes are gone for both', async () => {
    const { entity, resource } = clients.request({});
    await clients.python.setLimits([still('mine', 1)], { entity, resource });

    await ours.admin.limits.delete({ entity, resource });

    expect((await clients.python.resolveLimits(entity, resource)).source).not.toBe('entity');
  });

  test('and the policy for outages that ours stored are read by Python, and the other way round', async () => {
    await ours.admin.limits.set([still('rpm', 1)], {}, { onUnavailable: 'allow' });
    expect((await clients.python.resolveLimits('anybody', 'anything')).onUnavailable).toBe('allow');

    await clients.python.setLimits([still('rpm', 1)], { onUnavailable: 'block' });
    expect((await ours.admin.limits.get()).onUnavailable).toBe('block');
  });

  test('that Python lowers are followed by a bucket that ours made, in both clients', async () => {
    const { python, request, stored } = clients;
    const take = request({ rpm: 10 });
    await ours.admin.limits.set([still('rpm', 100)], take);
    await ours.acquire(take);

    await python.setLimits([still('rpm', 15)], take);
    await ours.acquire(take); // shows ours the new limit, at the price of 10 of the old tokens

    expect(await ours.tryAcquire(take)).toMatchObject({ outcome: 'allowed', limits: [{ capacity: 15, remaining: 5 }] });
    expect(await python.acquire(take)).toMatchObject({ admitted: false });
    expect(await stored(take)).toEqual({ tokens: { rpm: 5 }, consumed: { rpm: 30 } });
  });

  test('that ours lowers are followed by a bucket that Python made, in both clients', async () => {
    const { python, request, stored } = clients;
    const take = request({ rpm: 10 });
    await python.setLimits([still('rpm', 100)], take);
    await python.acquire(take);
    await ours.acquire(take);

    await ours.admin.limits.set([still('rpm', 15)], take);

    expect(await ours.tryAcquire(take)).toMatchObject({ outcome: 'allowed', limits: [{ capacity: 15, remaining: 5 }] });
    expect(await python.acquire(take)).toMatchObject({ admitted: false });
    expect(await stored(take)).toEqual({ tokens: { rpm: 5 }, consumed: { rpm: 30 } });
  });

  const both = [still('rpm', 100), still('tpm', 1000)];

  test('W3: that ours adds to a bucket that Python made can be taken by both', async () => {
    const { python, request, stored } = clients;
    const take = request({ rpm: 1, tpm: 300 });
    await python.setLimits([still('rpm', 100)], take);
    await python.acquire({ ...take, consume: { rpm: 1 } });

    await ours.admin.limits.set(both, take);

    expect(await ours.tryAcquire(take)).toMatchObject({ outcome: 'allowed' });
    expect(await python.acquire(take)).toEqual({ admitted: true });
    expect(await stored(take)).toEqual({ tokens: { rpm: 97, tpm: 400 }, consumed: { rpm: 3, tpm: 600 } });
  });

  test('W3: that Python adds to a bucket that ours made can be taken by both', async () => {
    const { python, request, stored } = clients;
    const take = request({ rpm: 1, tpm: 300 });
    await ours.admin.limits.set([still('rpm', 100)], take);
    await ours.acquire({ ...take, consume: { rpm: 1 } });

    await python.setLimits(both, take);

    expect(await (await clients.ours()).tryAcquire(take)).toMatchObject({ outcome: 'allowed' });
    expect(await python.acquire(take)).toEqual({ admitted: true });
    expect(await stored(take)).toEqual({ tokens: { rpm: 97, tpm: 400 }, consumed: { rpm: 3, tpm: 600 } });
  });
});

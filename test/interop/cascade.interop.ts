import { type RateLimiter } from '@zae-limiter/client';
import { connectBoth, still, type Clients } from './support/clients';
import { releases } from './support/python';

describe.each(releases)('a hierarchy that is shared with Python %s', (release) => {
  let clients: Clients;
  let ours: RateLimiter;
  let names = 0;
  beforeAll(async () => {
    clients = await connectBoth(release);
    ours = await clients.ours();
    await ours.admin.limits.set([still('rpm', 100)]);
  });
  afterAll(async () => clients.stop());

  /** A child that charges its parent, as Python makes them, and a request for a part of the child's tokens. */
  async function family({ parentsLimit = 100 } = {}) {
    const [parent, child, resource] = [`team-${++names}`, `member-${names}`, `gpt-${names}`];
    await clients.python.createEntity(parent);
    await clients.python.createEntity(child, { parent, cascade: true });
    if (parentsLimit !== 100) await clients.python.setLimits([still('rpm', parentsLimit)], { entity: parent, resource });
    return {
      take: { entity: child, resource, consume: { rpm: 10 } },
      consumed: async () => Promise.all([child, parent].map(async (entity) => (await clients.stored({ entity, resource })).consumed.rpm)),
      parent,
    };
  }

  test('is charged as a whole by Python, on buckets that ours made', async () => {
    const { take, consumed } = await family();
    await ours.acquire(take);

    expect(await clients.python.acquire(take)).toEqual({ admitted: true });

    expect(await consumed()).toEqual([20, 20]);
  });

  test('is charged as a whole by ours, on buckets that Python made', async () => {
    const { take, consumed } = await family();
    await clients.python.acquire(take);

    await ours.acquire(take);
    await (await clients.ours()).acquire(take); // a process that has seen neither bucket

    expect(await consumed()).toEqual([30, 30]);
  });

  test('gets back what ours gave back, on both levels', async () => {
    const { take, consumed } = await family();
    await clients.python.acquire(take);

    await (await ours.acquire(take)).rollback();

    expect(await consumed()).toEqual([10, 10]);
  });

  test('gets back what Python gave back, on both levels', async () => {
    const { take, consumed } = await family();
    await ours.acquire(take);

    await clients.python.acquire({ ...take, giveUp: true });

    expect(await consumed()).toEqual([10, 10]);
  });

  test('sees corrections of both on both levels', async () => {
    const { take, consumed } = await family();

    await ours.run(take, (lease) => lease.set({ rpm: 15 }));
    await clients.python.acquire({ ...take, adjust: { rpm: 5 } });

    expect(await consumed()).toEqual([30, 30]);
  });

  test('W2: is refused by ours when its parent is exhausted by Python, and nothing is taken', async () => {
    const { take, consumed, parent } = await family({ parentsLimit: 15 });
    await clients.python.acquire(take);

    const decision = await ours.tryAcquire(take);

    expect(decision).toMatchObject({ outcome: 'limited', violations: [{ entity: parent, name: 'rpm' }] });
    expect(await consumed()).toEqual([10, 10]);
  });
});

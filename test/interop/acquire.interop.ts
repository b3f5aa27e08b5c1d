import { Limit, type RateLimiter } from '@zae-limiter/client';
import { bucketItem, storedBucket } from '../../packages/client/test/support/bucket';
import { connectBoth, still, type Clients } from './support/clients';
import { releases } from './support/python';

describe.each(releases)('a bucket that is shared with Python %s', (release) => {
  let clients: Clients;
  let ours: RateLimiter;
  beforeAll(async () => {
    clients = await connectBoth(release);
    ours = await clients.ours();
    await ours.admin.limits.set([still('rpm', 100), still('tpm', 1000)]);
  });
  afterAll(async () => clients.stop());

  const item = async ({ entity, resource }: { entity: string; resource: string }) => (await bucketItem(clients.table, entity, resource))!;

  test('and that ours made gives Python what is left, and no more', async () => {
    const { python, stored, request } = clients;
    const take = request({ rpm: 60, tpm: 100 });
    await ours.acquire(take);

    expect(await python.acquire({ ...take, consume: { rpm: 40 } })).toEqual({ admitted: true });
    expect(await python.acquire({ ...take, consume: { rpm: 1 } })).toMatchObject({ admitted: false, violations: [[take.entity, 'rpm']] });

    expect(await stored(take)).toEqual({ tokens: { rpm: 0, tpm: 900 }, consumed: { rpm: 100, tpm: 100 } });
  });

  test('and that Python made gives ours what is left, and no more', async () => {
    const { python, stored, request } = clients;
    const take = request({ rpm: 60, tpm: 100 });
    await python.acquire(take);

    expect(await ours.tryAcquire({ ...take, consume: { rpm: 40 } })).toMatchObject({ outcome: 'allowed' });
    expect(await ours.tryAcquire({ ...take, consume: { rpm: 1 } })).toMatchObject({ outcome: 'limited', violations: [{ name: 'rpm' }] });

    expect(await stored(take)).toEqual({ tokens: { rpm: 0, tpm: 900 }, consumed: { rpm: 100, tpm: 100 } });
  });

  test('is one item for both, and is spent by Python in one write', async () => {
    const { python, request } = clients;
    const take = request({ rpm: 1 });
    await ours.acquire(take);
    const before = await item(take);

    await python.acquire(take);

    // Python's write without a read takes from its internal limit too, and moves no refill time.
    const after = await item(take);
    expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
    expect(after).toMatchObject({ rf: before.rf, shard_count: { N: '1' }, b_wcu_tk: { N: '999000' }, b_wcu_tc: { N: '2000' } });
  });

  test('shows the same to both', async () => {
    const { python, request } = clients;
    const take = request({ rpm: 7, tpm: 30 });
    await python.acquire(take);
    await ours.acquire(take);

    const views = await ours.available(take.entity, take.resource);

    expect(Object.fromEntries(views.map(({ name, remaining }) => [name, remaining]))).toEqual({ rpm: 86, tpm: 940 });
    expect(await python.available(take.entity, take.resource)).toEqual({ rpm: 86, tpm: 940 });
  });

  test('shows Python what ours corrected, also when that takes a limit into debt', async () => {
    const { python, stored, request } = clients;
    const take = request({ rpm: 1, tpm: 500 });
    await python.acquire({ ...take, consume: { rpm: 1 } });
    const lease = await ours.acquire(take);

    lease.set({ tpm: 1200 });
    await lease.commit();

    expect(await stored(take)).toEqual({ tokens: { rpm: 98, tpm: -200 }, consumed: { rpm: 2, tpm: 1200 } });
    expect(await python.acquire({ ...take, consume: { tpm: 1 } })).toMatchObject({ admitted: false });
    expect(await python.acquire({ ...take, consume: { rpm: 1 } })).toEqual({ admitted: true });
  });

  test('shows ours what Python corrected, also when that takes a limit into debt', async () => {
    const { python, stored, request } = clients;
    const take = request({ rpm: 1, tpm: 500 });
    await ours.acquire({ ...take, consume: { rpm: 1 } });

    await python.acquire({ ...take, adjust: { tpm: 700 } });

    expect(await stored(take)).toEqual({ tokens: { rpm: 98, tpm: -200 }, consumed: { rpm: 2, tpm: 1200 } });
    expect(await ours.tryAcquire({ ...take, consume: { tpm: 1 } })).toMatchObject({ outcome: 'limited' });
    expect(await ours.tryAcquire({ ...take, consume: { rpm: 1 } })).toMatchObject({ outcome: 'allowed' });
  });

  test('has for Python what ours gave back', async () => {
    const { python, stored, request } = clients;
    const take = request({ rpm: 90, tpm: 5 });
    await python.acquire({ ...take, consume: { rpm: 10 } });
    const lease = await ours.acquire(take);
    expect(await python.acquire(take)).toMatchObject({ admitted: false });

    await lease.rollback();

    expect(await stored(take)).toEqual({ tokens: { rpm: 90, tpm: 1000 }, consumed: { rpm: 10, tpm: 0 } });
    expect(await python.acquire(take)).toEqual({ admitted: true });
  });

  test('has for ours what Python gave back', async () => {
    const { python, stored, request } = clients;
    const take = request({ rpm: 90, tpm: 5 });
    await ours.acquire({ ...take, consume: { rpm: 10 } });

    await python.acquire({ ...take, giveUp: true });

    expect(await stored(take)).toEqual({ tokens: { rpm: 90, tpm: 1000 }, consumed: { rpm: 10, tpm: 0 } });
    expect(await ours.tryAcquire(take)).toMatchObject({ outcome: 'allowed' });
  });

  test('W1: that ours refills never runs out of the internal limit of Python, which would split it', async () => {
    const { python, request, table } = clients;
    const take = request({ rps: 1 });
    await ours.admin.limits.set([Limit.perSecond('rps', 100_000)], take);

    for (let part = 0; part < 2; part++) {
      expect(await python.saturate({ ...take, rounds: 150, callers: 4 })).toBe(600); // the internal limit allows 1000 writes
      await ours.acquire(take);
      await ours.acquire(take); // the first may only take; the second has seen that refill is due
    }

    expect(await storedBucket(table, take.entity, take.resource)).toMatchObject({ shardCount: 1 });
    expect((await item(take)).b_wcu_tk).toEqual({ N: '1000000' });
  });

  test('W4: that Python deleted is not brought back by a correction of ours', async () => {
    const { python, request, table } = clients;
    const take = request({ rpm: 5 });
    await python.createEntity(take.entity);
    const lease = await ours.acquire(take);

    await python.deleteEntity(take.entity);
    lease.adjust({ rpm: 1 });
    await lease.commit();

    expect(await bucketItem(table, take.entity, take.resource)).toBeUndefined();
    expect(await python.acquire(take)).toEqual({ admitted: true });
  });
});

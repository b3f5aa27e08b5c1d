import { Limit, RateLimiter, type AcquireRequest, type Lease, type LimiterEvents } from '@zae-limiter/client';
import { FakeClock, FaultyStore } from '@zae-limiter/client/testing';
import { connectTestTable, PATIENCE_MS, type TestTable } from '../../../../test/support/table';
import { bucketItem, deleteBucket, storedBucket, storedTokens } from '../support/bucket';
import { outage } from '../support/faulty-store';

let table: TestTable;
let entities = 0;

beforeAll(async () => { table = await connectTestTable(); });

function setUp() {
  const entity = `user-${++entities}`;
  const store = new FaultyStore(table.store, new FakeClock());
  const limiter = new RateLimiter({ timeoutMs: PATIENCE_MS, store, namespaceId: table.namespaceId, clock: new FakeClock() });
  const request: AcquireRequest = {
    entity, resource: 'gpt-4', consume: { rpm: 1 }, limits: [Limit.perMinute('rpm', 100), Limit.perMinute('tpm', 10_000)],
  };
  const failures: LimiterEvents['settlementFailed'][] = [];
  limiter.on('settlementFailed', (event) => failures.push(event));
  const tokens = async () => ({ rpm: await storedTokens(table, entity, 'gpt-4', 'rpm'), tpm: await storedTokens(table, entity, 'gpt-4', 'tpm') });
  return { limiter, entity, request, store, failures, tokens };
}

describe('a lease', () => {
  test('W12: corrects limits that the request did not name, on every call', async () => {
    const { limiter, request, tokens } = setUp();

    for (let call = 0; call < 3; call++) {
      const lease = await limiter.acquire(request);
      lease.adjust({ tpm: 300 });
      await lease.commit();
    }

    expect(await tokens()).toEqual({ rpm: 97, tpm: 9100 });
  });

  test('adds corrections up and writes them once', async () => {
    const { limiter, request, tokens } = setUp();
    const lease = await limiter.acquire({ ...request, consume: { tpm: 500 } });
    table.meter.take();

    lease.adjust({ tpm: 100 });
    lease.adjust({ tpm: -250, rpm: 2 });
    expect(lease.consumed).toEqual({ tpm: 350, rpm: 2 });
    await lease.commit();

    expect(table.meter.take()).toMatchObject({ calls: 1, writeUnits: 1 });
    expect(await tokens()).toEqual({ rpm: 98, tpm: 9650 });
  });

  test('takes what was consumed in the end, instead of the difference', async () => {
    const { limiter, request, tokens } = setUp();
    const lease = await limiter.acquire({ ...request, consume: { rpm: 1, tpm: 500 } });

    lease.set({ tpm: 999 });
    lease.set({ tpm: 730 });
    await lease.commit();

    expect(await tokens()).toEqual({ rpm: 99, tpm: 9270 });
  });

  test('takes a limit into debt rather than lose a correction', async () => {
    const { limiter, request, tokens } = setUp();
    const lease = await limiter.acquire({ ...request, consume: { tpm: 9000 } });

    lease.adjust({ tpm: 5000 });
    await lease.commit();

    expect(await tokens()).toMatchObject({ tpm: -4000 });
    expect((await limiter.tryAcquire({ ...request, consume: { tpm: 1 } })).outcome).toBe('limited');
  });

  test('without corrections commits without a call', async () => {
    const { limiter, request } = setUp();
    const lease = await limiter.acquire(request);
    lease.adjust({ tpm: 5 });
    lease.adjust({ tpm: -5 });
    table.meter.take();

    await lease.commit();

    expect(table.meter.take().calls).toBe(0);
  });

  test('gives everything back when it is rolled back, and the counters too', async () => {
    const { limiter, request, entity, tokens } = setUp();
    const lease = await limiter.acquire({ ...request, consume: { rpm: 3, tpm: 500 } });

    lease.adjust({ tpm: 100 });
    await lease.rollback();

    expect(await tokens()).toEqual({ rpm: 100, tpm: 10_000 });
    const { limits } = await storedBucket(table, entity, 'gpt-4');
    expect([limits.get('rpm')!.totalConsumed, limits.get('tpm')!.totalConsumed]).toEqual([0, 0]);
  });

  test('W4: leaves no fragment when the bucket is gone', async () => {
    const { limiter, request, entity } = setUp();
    const lease = await limiter.acquire(request);
    await deleteBucket(table, entity, 'gpt-4');

    await lease.rollback();

    expect(await bucketItem(table, entity, 'gpt-4')).toBeUndefined();
  });

  test.each(['commit', 'rollback'] as const)('cannot be changed after %s', async (how) => {
    const { limiter, request, tokens } = setUp();
    const lease = await limiter.acquire(request);
    await lease[how]();
    const before = await tokens();

    expect(lease.closed).toBe(true);
    expect(() => lease.adjust({ tpm: 1 })).toThrow(expect.objectContaining({ code: 'LEASE_EXPIRED' }));
    expect(() => lease.set({ tpm: 1 })).toThrow(expect.objectContaining({ code: 'LEASE_EXPIRED' }));
    await expect(lease.commit()).rejects.toMatchObject({ code: 'LEASE_EXPIRED' });
    await expect(lease.rollback()).rejects.toMatchObject({ code: 'LEASE_EXPIRED' });
    await lease[Symbol.asyncDispose]();

    expect(await tokens()).toEqual(before);
  });

  test.each([
    ['an unknown limit', { tmp: 1 }, 'UNKNOWN_LIMIT'],
    ['a fraction', { tpm: 0.5 }, 'VALIDATION_FAILED'],
    ['a bad name', { wcu: 1 }, 'INVALID_NAME'],
  ])('rejects %s and keeps its other corrections', async (_, delta, code) => {
    const { limiter, request } = setUp();
    const lease = await limiter.acquire(request);
    lease.adjust({ tpm: 7 });

    expect(() => lease.adjust({ rpm: 1, ...delta })).toThrow(expect.objectContaining({ code }));

    expect(lease.consumed).toEqual({ rpm: 1, tpm: 7 });
  });

  test('stays open when its commit fails, so that it can be committed later', async () => {
    const { limiter, request, store, tokens } = setUp();
    const lease = await limiter.acquire(request);
    lease.adjust({ tpm: 10 });
    store.fault = outage;
    await expect(lease.commit()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });

    store.fault = undefined;
    await lease.commit();

    expect(await tokens()).toMatchObject({ tpm: 9990 });
  });

  test('writes once when it is committed twice at the same time', async () => {
    const { limiter, request, tokens } = setUp();
    const lease = await limiter.acquire(request);
    lease.adjust({ tpm: 10 });

    const results = await Promise.allSettled([lease.commit(), lease.commit()]);

    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(await tokens()).toMatchObject({ tpm: 9990 });
  });
});

describe('a lease in a scope', () => {
  test('W24: is committed at the end of the scope', async () => {
    const { limiter, request, tokens } = setUp();
    {
      await using lease = await limiter.acquire(request);
      lease.adjust({ tpm: 42 });
    }

    expect(await tokens()).toEqual({ rpm: 99, tpm: 9958 });
  });

  test('reports a commit that failed instead of throwing at the end of the scope', async () => {
    const { limiter, request, entity, store, failures } = setUp();
    {
      await using lease = await limiter.acquire(request);
      lease.adjust({ tpm: 42 });
      store.fault = outage;
    }

    expect(failures).toEqual([{ entity, resource: 'gpt-4', amounts: { tpm: 42 }, cause: expect.objectContaining({ code: 'UNAVAILABLE' }) }]);
  });
});

describe('run', () => {
  test('commits when the body returns', async () => {
    const { limiter, request, tokens } = setUp();

    const result = await limiter.run(request, (lease) => {
      lease.adjust({ tpm: 5 });
      return 'result';
    });

    expect(result).toBe('result');
    expect(await tokens()).toEqual({ rpm: 99, tpm: 9995 });
  });

  test('rolls back when the body throws, and throws its error', async () => {
    const { limiter, request, tokens } = setUp();
    const failure = new Error('the model is down');

    await expect(limiter.run(request, (lease) => {
      lease.adjust({ tpm: 5 });
      throw failure;
    })).rejects.toBe(failure);

    expect(await tokens()).toEqual({ rpm: 100, tpm: 10_000 });
  });

  test('does not run the body when a limit is short', async () => {
    const { limiter, request } = setUp();
    const body = jest.fn();
    await limiter.acquire({ ...request, consume: { rpm: 100 } });

    await expect(limiter.run(request, body)).rejects.toMatchObject({ code: 'RATE_LIMITED' });

    expect(body).not.toHaveBeenCalled();
  });

  test('W23: keeps the result of a body whose corrections cannot be written, and undoes nothing', async () => {
    const { limiter, request, store, failures, tokens } = setUp();

    const result = await limiter.run(request, (lease) => {
      lease.adjust({ tpm: 5 });
      store.fault = outage;
      return 'result';
    });

    expect(result).toBe('result');
    expect(failures.map(({ amounts }) => amounts)).toEqual([{ tpm: 5 }]);
    expect(await tokens()).toEqual({ rpm: 99, tpm: 10_000 });
  });

  test('does not hide the error of the body behind a refund that failed', async () => {
    const { limiter, request, store, failures } = setUp();
    const failure = new Error('the model is down');

    await expect(limiter.run(request, () => {
      store.fault = outage;
      throw failure;
    })).rejects.toBe(failure);

    expect(failures.map(({ amounts }) => amounts)).toEqual([{ rpm: -1 }]);
  });

  test.each(['commit', 'rollback'] as const)('leaves a lease alone that the body closed with %s', async (how) => {
    const { limiter, request, tokens } = setUp();

    await limiter.run(request, (lease: Lease) => lease[how]());

    expect((await tokens()).rpm).toBe(how === 'commit' ? 99 : 100);
  });
});

describe('listeners', () => {
  test('do not disturb each other nor the limiter, and can be taken away', async () => {
    const { limiter, request, store, failures } = setUp();
    const stop = limiter.on('settlementFailed', () => { throw new Error('a bad listener'); });
    const settleInVain = async () => {
      await using lease = await limiter.acquire(request);
      lease.adjust({ tpm: 1 });
      store.fault = outage;
    };

    await settleInVain();
    store.fault = undefined;
    stop();
    await settleInVain();

    expect(failures).toHaveLength(2);
  });
});

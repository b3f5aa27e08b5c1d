import { Limit, RateLimiter, type AcquireRequest, type ConnectOptions, type LimiterEvents } from '@zae-limiter/client';
import { FakeClock, FaultyStore } from '@zae-limiter/client/testing';
import { connectTestTable, PATIENCE_MS, type TestTable } from '../../../../test/support/table';
import { deleteBucket, storedTokens, tamper } from '../support/bucket';
import { denied, outage } from '../support/faulty-store';

let table: TestTable;
let entities = 0;

beforeAll(async () => { table = await connectTestTable(); });

function setUp(options: Partial<ConnectOptions> = {}) {
  const entity = `user-${++entities}`;
  const store = new FaultyStore(table.store, new FakeClock());
  const clock = new FakeClock();
  const limiter = new RateLimiter({ timeoutMs: PATIENCE_MS, store, namespaceId: table.namespaceId, clock, ...options });
  const request: AcquireRequest = { entity, resource: 'gpt-4', consume: { rpm: 1 }, limits: [Limit.perMinute('rpm', 100)] };
  return { limiter, clock, entity, store, request };
}

describe('while the store is down', () => {
  test('a request is blocked unless something says otherwise', async () => {
    const { limiter, store, request } = setUp();
    store.fault = outage;

    expect(await limiter.tryAcquire(request)).toMatchObject({ outcome: 'unavailable', allowed: false, cause: { code: 'UNAVAILABLE' } });
    await expect(limiter.acquire(request)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  });

  test.each([
    ['the request', { onUnavailable: 'allow' } as const, {}],
    ['the limiter', {}, { onUnavailable: 'allow' } as const],
  ])('W22: a request passes when %s says so, and says that it is degraded', async (_, more, options) => {
    const { limiter, store, request, entity } = setUp(options);
    const events: LimiterEvents['degraded'][] = [];
    limiter.on('degraded', (event) => events.push(event));
    store.fault = outage;

    const lease = await limiter.acquire({ ...request, ...more });
    lease.adjust({ anything: 5 });
    await lease.commit();

    expect(lease.degraded).toBe(true);
    expect(lease.consumed).toEqual({});
    expect(events).toEqual([{ entity, resource: 'gpt-4', cause: expect.objectContaining({ code: 'UNAVAILABLE' }) }]);
  });

  test('the stored policy applies once it was read, and the request goes before it', async () => {
    const { limiter, store, request } = setUp();
    await limiter.admin.limits.set([Limit.perMinute('rpm', 100)], {}, { onUnavailable: 'allow' });
    await limiter.acquire({ ...request, limits: undefined });
    store.fault = outage;

    expect((await limiter.tryAcquire(request)).outcome).toBe('degraded');
    expect((await limiter.tryAcquire({ ...request, onUnavailable: 'block' })).outcome).toBe('unavailable');
  });

  test('a missing permission blocks, whatever the policy, because waiting does not heal it', async () => {
    const { limiter, store, request } = setUp();
    store.fault = denied;

    expect((await limiter.tryAcquire({ ...request, onUnavailable: 'allow' })).outcome).toBe('unavailable');
  });

  test('a failed request leaves nothing behind', async () => {
    const { limiter, store, request, entity } = setUp();
    await limiter.acquire(request);
    store.fault = outage;
    await limiter.tryAcquire(request);
    store.fault = undefined;

    await limiter.acquire(request);

    expect(await storedTokens(table, entity, 'gpt-4', 'rpm')).toBe(98);
  });

  test('W29: callers that wait for another to open the bucket fail with it, and not one after the other', async () => {
    const { limiter, store, request } = setUp();
    store.fault = outage;

    const outcomes = (await Promise.all([1, 2, 3].map(() => limiter.tryAcquire({ ...request, onUnavailable: 'block' })))).map(({ outcome }) => outcome);

    expect(outcomes).toEqual(['unavailable', 'unavailable', 'unavailable']);
    expect(store.updates).toBe(1);
  });

  test('callers who bring their own limits learn the stored policy too', async () => {
    const { limiter, store, request } = setUp();
    await limiter.admin.limits.set([Limit.perMinute('rpm', 100)], {}, { onUnavailable: 'allow' });
    const { limiter: other } = { limiter: new RateLimiter({ timeoutMs: PATIENCE_MS, store, namespaceId: table.namespaceId }) };
    await other.acquire(request);
    store.fault = outage;

    expect((await other.tryAcquire(request)).outcome).toBe('degraded');
  });
});

describe('while others write the same bucket', () => {
  test('W28: a request that loses the lock again and again takes what is stored in the end', async () => {
    const { limiter, clock, store, request, entity } = setUp();
    await limiter.acquire({ ...request, consume: { rpm: 100 } });
    clock.advance(60_000);
    let rivals = 0;
    store.fault = async () => {
      await tamper(table, entity, 'gpt-4', { rf: { N: String(clock.now() - 60_000 + ++rivals) }, b_rpm_tk: { N: rivals < 5 ? '0' : '10000' } });
    };

    expect((await limiter.tryAcquire({ ...request, consume: { rpm: 10 } })).outcome).toBe('allowed');
    expect(rivals).toBe(5);
  });

  test('W27: a request that loses the lock each time is refused for a millisecond, and names the limit', async () => {
    const { limiter, clock, store, request, entity } = setUp();
    await limiter.acquire({ ...request, consume: { rpm: 100 } });
    clock.advance(60_000);
    let rivals = 0;
    store.fault = async () => {
      await tamper(table, entity, 'gpt-4', { rf: { N: String(clock.now() - 60_000 + ++rivals) } });
    };

    expect(await limiter.tryAcquire({ ...request, consume: { rpm: 10 } })).toMatchObject({
      outcome: 'limited', retryAfterMs: 1, violations: [{ name: 'rpm', exceeded: true }],
    });
  });

  test('a bucket that vanishes with every write is an outage, not a refusal', async () => {
    const { limiter, store, request, entity } = setUp();
    await limiter.acquire(request);
    let exists = true;
    store.fault = async () => {
      if (exists) await deleteBucket(table, entity, 'gpt-4');
      else await tamper(table, entity, 'gpt-4', { rf: { N: '1' } });
      exists = !exists;
    };

    expect((await limiter.tryAcquire({ ...request, onUnavailable: 'block' })).outcome).toBe('unavailable');
  });

  test('an error that is none of ours comes through as it is', async () => {
    const { limiter, store, request } = setUp();
    store.fault = () => { throw new TypeError('a bug'); };

    await expect(limiter.tryAcquire(request)).rejects.toThrow(TypeError);
  });
});

import { LimiterUnavailableError } from '@zae-limiter/client';
import type { Amounts } from '@zae-limiter/client/core/bucket';
import { Lease, type Charge, type LeaseOwner } from '@zae-limiter/client/limiter/lease';

/** A shard that books what a lease moves, and fails when it is told to. */
class Shard {
  readonly moved: Record<string, number>[] = [];
  failure: Error | undefined;

  charge(amounts: Record<string, number>): Charge {
    return { entity: 'user-1', resource: 'api', limitNames: ['rpm', 'tpm'], amounts: new Map(Object.entries(amounts)), settle: (change) => this.settle(change) };
  }

  private async settle(amounts: Amounts): Promise<void> {
    this.moved.push(Object.fromEntries(amounts));
    if (this.failure !== undefined) throw this.failure;
  }
}

function setUp() {
  const owner = { entity: 'user-1', resource: 'api', takeMore: jest.fn(), unsettled: jest.fn(), dropped: jest.fn() } satisfies LeaseOwner;
  const [one, two] = [new Shard(), new Shard()];
  return { owner, one, two };
}

describe('a lease on tokens of two shards', () => {
  test('W14: gives each back no more than it took there, the first first', async () => {
    const { owner, one, two } = setUp();
    const lease = new Lease(owner, { charges: [one.charge({ rpm: 3000 }), two.charge({ rpm: 5000 })], limits: [] }, false);

    lease.set({ rpm: 1 });
    await lease.commit();

    expect([one.moved, two.moved]).toEqual([[{ rpm: -3000 }], [{ rpm: -4000 }]]);
  });

  test('takes what it needs more from the first', async () => {
    const { owner, one, two } = setUp();
    const lease = new Lease(owner, { charges: [one.charge({ rpm: 3000 }), two.charge({ rpm: 5000 })], limits: [] }, false);

    lease.adjust({ rpm: 2, tpm: 7 });
    await lease.commit();

    expect([one.moved, two.moved]).toEqual([[{ rpm: 2000, tpm: 7000 }], []]);
  });
});

describe('a lease', () => {
  test('stands for nothing once it was rolled back', async () => {
    const { owner, one } = setUp();
    const lease = new Lease(owner, { charges: [one.charge({ rpm: 3000, tpm: 1000 })], limits: [] }, false);

    await lease.rollback();

    expect(lease.consumed).toEqual({ rpm: 0, tpm: 0 });
  });

  test('still stands for what it took when its rollback failed', async () => {
    const { owner, one } = setUp();
    one.failure = new LimiterUnavailableError('throttled', true, { reason: 'throttled' });
    const lease = new Lease(owner, { charges: [one.charge({ rpm: 3000 })], limits: [] }, false);

    await expect(lease.rollback()).rejects.toBe(one.failure);

    expect(lease.consumed).toEqual({ rpm: 3 });
  });

  test('does not send a refund again that may have been booked', async () => {
    const { owner, one } = setUp();
    one.failure = new LimiterUnavailableError('the answer was lost', true, { reason: 'unanswered' });
    const lease = new Lease(owner, { charges: [one.charge({ rpm: 3000 })], limits: [] }, false);
    await expect(lease.rollback()).rejects.toBe(one.failure);

    await lease.rollback();

    expect(one.moved).toEqual([{ rpm: -3000 }]);
  });

  test('sends a refund again that was refused', async () => {
    const { owner, one } = setUp();
    one.failure = new LimiterUnavailableError('throttled', true, { reason: 'throttled' });
    const lease = new Lease(owner, { charges: [one.charge({ rpm: 3000 })], limits: [] }, false);
    await expect(lease.rollback()).rejects.toBe(one.failure);
    one.failure = undefined;

    await lease.rollback();

    expect(one.moved).toEqual([{ rpm: -3000 }, { rpm: -3000 }]);
  });

  test.each<[string, (lease: Lease) => Promise<void>, string]>([
    ['committed', (lease) => lease.commit(), 'committed'],
    ['rolled back', (lease) => lease.rollback(), 'rolled back'],
    ['at the end of its scope', (lease) => lease[Symbol.asyncDispose](), 'committed'],
    ['because its work failed', (lease) => lease.settle('rollback'), 'rolled back'],
  ])('that was closed (%s) says how when it is used again', async (_, close, how) => {
    const { owner, one } = setUp();
    const lease = new Lease(owner, { charges: [one.charge({ rpm: 3000 })], limits: [] }, false);

    await close(lease);

    expect(() => lease.adjust({ rpm: 1 })).toThrow(`the lease was already ${how}`);
    await expect(lease.flush()).rejects.toMatchObject({ code: 'LEASE_EXPIRED' });
  });

  test.each<[string, (lease: Lease) => void]>([
    ['set', (lease) => lease.set({ rpm: -1 })],
    ['release', (lease) => lease.release({ rpm: -1 })],
  ])('knows no negative amounts in %s, which says how much and not by how much more or less', (_, correct) => {
    const { owner, one } = setUp();
    const lease = new Lease(owner, { charges: [one.charge({ rpm: 3000 })], limits: [] }, false);

    expect(() => correct(lease)).toThrow(expect.objectContaining({ field: 'consume.rpm', reason: 'negative' }));
    expect(lease.consumed).toEqual({ rpm: 3 });
  });
});

describe('a lease that was granted without the store', () => {
  test('tells of the corrections that it drops, each once', async () => {
    const { owner } = setUp();
    const lease = new Lease(owner, undefined, true);

    lease.adjust({ rpm: 2 });
    await lease.flush();
    await lease.commit();

    expect(owner.dropped.mock.calls).toEqual([[{ rpm: 2 }]]);
  });

  test('has nothing to tell without corrections', async () => {
    const { owner } = setUp();

    await new Lease(owner, undefined, true).commit();

    expect(owner.dropped).not.toHaveBeenCalled();
  });
});

import type { BucketKey } from '@zae-limiter/client/core/bucket';
import type { CreatePlan, RefillPlan } from '@zae-limiter/client/core/plan';
import { createUpdate, refillUpdate, settleUpdate, takeUpdate } from '@zae-limiter/client/schema/bucket-item';

const key: BucketKey = { namespaceId: 'ns1', entity: 'user-1', resource: 'gpt-4', shard: 2 };
const rpm = { capacity: 100_000, refillAmount: 60_000, refillPeriodMs: 60_000 };

const refill = (changes: Partial<RefillPlan>): RefillPlan => ({
  kind: 'refill', refilledAt: 1000, now: 2000, limits: [], expiresAt: undefined, leaveResourceIndex: false, discard: [], ...changes,
});
const create = (changes: Partial<CreatePlan> = {}): CreatePlan => ({
  kind: 'create', now: 2000, shardCount: 4, limits: [{ name: 'rpm', amount: 1000, tokens: 99_000, parameters: rpm }],
  expiresAt: undefined, discard: [], admits: true, ...changes,
});
const lineage = { cascade: false, parentId: undefined };

describe('a take', () => {
  test('moves balance and counter of the limits that are asked for, and counts the write', () => {
    const { key: primary, changes, conditions } = takeUpdate(key, {
      kind: 'take', amounts: new Map([['rpm', 1000], ['tpm', 0]]), refilledSince: undefined,
    }, 3);

    expect(primary).toEqual({ pk: 'ns1/BUCKET#user-1#gpt-4#2', sk: '#STATE' });
    expect(Object.fromEntries(changes)).toEqual({ b_rpm_tk: { add: -1000 }, b_rpm_tc: { add: 1000 }, b_wcu_tc: { add: 1000 }, x_ev: { add: 3 } });
    expect(conditions).toEqual([{ exists: 'rf' }, { atLeast: ['b_rpm_tk', 1000] }]);
  });
});

describe('a take from a bucket that nobody has seen', () => {
  test('demands that it was credited a moment ago', () => {
    expect(takeUpdate(key, { kind: 'take', amounts: new Map(), refilledSince: 5 }, 1).conditions).toEqual([{ atLeast: ['rf', 5] }]);
  });
});

describe('a settlement', () => {
  test('W4: demands the bucket and its limits, and no balance', () => {
    const { changes, conditions } = settleUpdate(key, new Map([['rpm', -1000], ['tpm', 250]]));

    expect(Object.fromEntries(changes)).toEqual({
      b_rpm_tk: { add: 1000 }, b_rpm_tc: { add: -1000 }, b_tpm_tk: { add: -250 }, b_tpm_tc: { add: 250 }, b_wcu_tc: { add: 1000 },
    });
    expect(conditions).toEqual([{ exists: 'rf' }, { exists: 'b_rpm_tk' }, { exists: 'b_tpm_tk' }]);
  });

  test('can make the bucket stay longer', () => {
    expect(settleUpdate(key, new Map([['rpm', 5]]), 420).changes.get('ttl')).toEqual({ set: { N: '420' } });
  });
});

describe('a refill', () => {
  test('moves the refill time and fills the internal limit of Python clients', () => {
    const { changes, conditions } = refillUpdate(key, refill({}), 0);

    expect(Object.fromEntries(changes)).toEqual({
      rf: { set: { N: '2000' } }, b_wcu_tk: { set: { N: '1000000' } }, b_wcu_cp: { set: { N: '1000000' } }, b_wcu_ra: { set: { N: '1000000' } },
      b_wcu_rp: { set: { N: '1000' } }, b_wcu_tc: { add: 1000 },
    });
    expect(conditions).toEqual([{ equals: ['rf', { N: '1000' }] }]);
  });

  test.each([
    ['within its capacity', { gain: 7, atLeast: 3, atMost: 93 }, { add: -3 }, [{ atLeast: ['b_rpm_tk', 3] }, { atMost: ['b_rpm_tk', 93] }]],
    ['that takes nothing', { gain: 7, atLeast: undefined, atMost: 93 }, { add: -3 }, [{ atMost: ['b_rpm_tk', 93] }]],
    ['that is full', { gain: 7, exactly: 90 }, { add: -3 }, [{ equals: ['b_rpm_tk', { N: '90' }] }]],
    ['that is new', { start: 90 }, { set: { N: '90' } }, [{ absent: 'b_rpm_tk' }]],
    ['that is broken', { replace: 90, totalConsumed: 7 }, { set: { N: '90' } }, [{ exists: 'b_rpm_tk' }]],
  ])('guards a limit %s', (_, tokens, balance, guards) => {
    const { changes, conditions } = refillUpdate(key, refill({ limits: [{ name: 'rpm', amount: 10, parameters: undefined, tokens }] }), 1);

    expect(changes.get('b_rpm_tk')).toEqual(balance);
    expect(changes.get('b_rpm_tc')).toEqual('replace' in tokens ? { set: { N: '7' } } : { add: 10 });
    expect(changes.has('b_rpm_cp')).toBe(false);
    expect(conditions.slice(1)).toEqual(guards);
  });

  test('corrects parameters, expiry and index in the same write', () => {
    const limits = [{ name: 'rpm', amount: 0, parameters: rpm, tokens: { gain: 0, exactly: 5 } }];
    const renewed = refillUpdate(key, refill({ limits, expiresAt: 420, leaveResourceIndex: true, discard: ['old'] }), 1).changes;
    const kept = refillUpdate(key, refill({ expiresAt: 'never' }), 1).changes;

    expect(Object.fromEntries(renewed)).toMatchObject({
      b_rpm_cp: { set: { N: '100000' } }, b_rpm_ra: { set: { N: '60000' } }, b_rpm_rp: { set: { N: '60000' } }, ttl: { set: { N: '420' } },
      GSI2PK: { remove: true }, GSI2SK: { remove: true }, b_old_tk: { remove: true }, b_old_tc: { remove: true },
    });
    expect(kept.get('ttl')).toEqual({ remove: true });
  });
});

describe('a creation', () => {
  test('demands that there is no whole bucket', () => {
    expect(createUpdate(key, create(), lineage, 2).conditions).toEqual([{ absent: 'rf' }]);
  });

  test('names its shard in the keys of every index', () => {
    expect(Object.fromEntries(createUpdate(key, create(), lineage, 2).changes)).toMatchObject({
      GSI3SK: { set: { S: 'BUCKET#gpt-4#2' } }, GSI4SK: { set: { S: 'BUCKET#user-1#gpt-4#2' } }, shard_count: { set: { N: '4' } },
    });
  });

  test('has a parent and an expiry only when there is one, never NULL', () => {
    const plain = createUpdate(key, create(), lineage, 2).changes;
    const full = createUpdate(key, create({ expiresAt: 420, discard: ['old'] }), { cascade: true, parentId: 'team-1' }, 2).changes;

    expect([plain.has('parent_id'), plain.has('ttl')]).toEqual([false, false]);
    expect(Object.fromEntries(full)).toMatchObject({
      parent_id: { set: { S: 'team-1' } }, cascade: { set: { BOOL: true } }, ttl: { set: { N: '420' } }, b_old_tk: { remove: true },
    });
  });
});

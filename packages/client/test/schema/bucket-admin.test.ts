import type { BucketKey } from '@zae-limiter/client/core/bucket';
import type { Item } from '@zae-limiter/client/schema/attributes';
import {
  blockUpdate, createBlocked, fillUpdate, lineageUpdate, longestBlockMs, onlyShardUpdate, parseBlock, reconcileUpdate, unblockUpdate,
} from '@zae-limiter/client/schema/bucket-admin';
import { parseBucket } from '@zae-limiter/client/schema/bucket-item';

const key: BucketKey = { namespaceId: 'ns1', entity: 'user-1', resource: 'gpt-4', shard: 0 };
const now = 1_000_000;
const place = { key, shardCount: 1, now };

const limit = (name: string, tk: number, cp = 60_000, ra = 60_000, rp = 60_000): Item => ({
  [`b_${name}_tk`]: { N: String(tk) }, [`b_${name}_cp`]: { N: String(cp) }, [`b_${name}_ra`]: { N: String(ra) }, [`b_${name}_rp`]: { N: String(rp) },
  [`b_${name}_tc`]: { N: '0' },
});
const bucket = (limits: Item, more: Item = {}) => parseBucket({ rf: { N: String(now - 1000) }, shard_count: { N: '1' }, ...limit('wcu', 0), ...limits, ...more });
const target = (rate: number) => ({ capacity: rate, refillAmount: rate, refillPeriodMs: 60_000 });
const changesOf = ({ changes }: { changes: ReadonlyMap<string, unknown> }) => Object.fromEntries(changes);

const FULL_WCU = { b_wcu_tk: { set: { N: '1000000' } }, b_wcu_cp: expect.anything(), b_wcu_ra: expect.anything(), b_wcu_rp: expect.anything() };
const NO_BLOCK = { x_blocked_until: { remove: true }, x_blocked_reason: { remove: true } };

describe('the place in the hierarchy', () => {
  test('W34: goes to a bucket that is there', () => {
    const update = lineageUpdate(key, { cascade: true, parentId: 'org-1' });

    expect(changesOf(update)).toEqual({ cascade: { set: { BOOL: true } }, parent_id: { set: { S: 'org-1' } } });
    expect(update).toMatchObject({ key: { pk: 'ns1/BUCKET#user-1#gpt-4#0', sk: '#STATE' }, conditions: [{ exists: 'rf' }] });
  });

  test('W34: without a parent is an attribute less, not a NULL', () => {
    expect(changesOf(lineageUpdate(key, { cascade: false, parentId: undefined }))).toMatchObject({ parent_id: { remove: true } });
  });
});

describe('a reconciliation', () => {
  test('W3: changes parameters, adds what is new with its share, and removes what is gone', () => {
    const update = reconcileUpdate(bucket({ ...limit('rpm', 5000), ...limit('old', 1) }), {
      ...place, key: { ...key, shard: 1 }, shardCount: 4, limits: new Map([['rpm', target(90_000)], ['tpm', target(1002)]]), ttl: 'never',
    });

    expect(changesOf(update)).toEqual({
      b_rpm_cp: { set: { N: '90000' } }, b_rpm_ra: { set: { N: '90000' } }, b_rpm_rp: { set: { N: '60000' } },
      b_tpm_cp: { set: { N: '1002' } }, b_tpm_ra: { set: { N: '1002' } }, b_tpm_rp: { set: { N: '60000' } },
      b_tpm_tk: { set: { N: '251' } }, b_tpm_tc: { set: { N: '0' } },
      b_old_tk: { remove: true }, b_old_cp: { remove: true }, b_old_ra: { remove: true }, b_old_rp: { remove: true }, b_old_tc: { remove: true },
      ttl: { remove: true },
    });
    expect(update.conditions).toEqual([{ exists: 'rf' }, { exists: 'b_rpm_tk' }, { absent: 'b_tpm_tk' }]);
  });

  test.each([
    ['a balance', 5000, now / 1000 + 100],
    ['a debt, which the bucket outlives', -60_000 * 10, now / 1000 + 11 * 60 - 1], // a second of refill is not booked yet
  ])('lets a bucket with %s expire', (_, tokens, expiresAt) => {
    const update = reconcileUpdate(bucket(limit('rpm', tokens)), { ...place, limits: new Map([['rpm', target(60_000)]]), ttl: { seconds: 100 } });

    expect(changesOf(update)).toMatchObject({ ttl: { set: { N: String(expiresAt) } } });
  });

  test('takes a debt that can never be paid for none', () => {
    const update = reconcileUpdate(bucket(limit('rpm', -5)), { ...place, shardCount: 2, limits: new Map([['rpm', target(1)]]), ttl: { seconds: 100 } });

    expect(changesOf(update)).toMatchObject({ ttl: { set: { N: String(now / 1000 + 100) } } });
  });
});

describe('a reset', () => {
  test('W15: fills each limit to the share of the shard, and ends a block', () => {
    const update = fillUpdate(bucket({ ...limit('rpm', -5, 1001), ...limit('broken', 5, 0) }), { ...place, key: { ...key, shard: 3 }, shardCount: 4 });

    expect(changesOf(update)).toEqual({ rf: { set: { N: String(now) } }, b_rpm_tk: { set: { N: '251' } }, ...FULL_WCU, ...NO_BLOCK });
    expect(update.conditions).toEqual([{ atMost: ['rf', now] }, { exists: 'b_rpm_tk' }]);
  });

  test('W8: never moves the refill time back', () => {
    const update = fillUpdate(bucket(limit('rpm', 0), { rf: { N: String(now + 500) } }), place);

    expect(changesOf(update)).toMatchObject({ rf: { set: { N: String(now + 500) } } });
    expect(update.conditions[0]).toEqual({ atMost: ['rf', now + 500] });
  });
});

describe('a block', () => {
  const until = now + 90_000;

  test('is the debt that refill pays off at its end, on each shard by its share', () => {
    const update = blockUpdate(bucket({ ...limit('rpm', 60_000), ...limit('tpm', 5, 1000, 1000) }), { until, reason: 'abuse' }, { ...place, shardCount: 2 });

    expect(changesOf(update)).toEqual({
      rf: { set: { N: String(now) } }, b_rpm_tk: { set: { N: '-45000' } }, b_tpm_tk: { set: { N: '-750' } }, ...FULL_WCU,
      x_blocked_until: { set: { N: String(until) } }, x_blocked_reason: { set: { S: 'abuse' } },
    });
    expect(update.conditions).toEqual([{ atMost: ['rf', now] }, { exists: 'b_rpm_tk' }, { exists: 'b_tpm_tk' }]);
  });

  test('leaves a deeper debt, and makes the bucket outlive it', () => {
    const update = blockUpdate(bucket(limit('rpm', -600_000), { ttl: { N: '5' } }), { until, reason: undefined }, place);

    expect(changesOf(update)).toMatchObject({ b_rpm_tk: { set: { N: '-599000' } }, ttl: { set: { N: String(now / 1000 + 659) } } });
  });

  test('leaves an expiry that is late enough', () => {
    expect(changesOf(blockUpdate(bucket(limit('rpm', 0), { ttl: { N: '99999' } }), { until, reason: undefined }, place))).toMatchObject({ ttl: { set: { N: '99999' } } });
  });

  test('is read while it lasts', () => {
    const item: Item = { x_blocked_until: { N: String(until) }, x_blocked_reason: { S: 'abuse' } };

    expect(parseBlock(item, until - 1)).toEqual({ until, reason: 'abuse' });
    expect(parseBlock(item, until)).toBeUndefined();
    expect(parseBlock({}, now)).toBeUndefined();
  });

  test.each([['never', undefined], [{ seconds: 60 }, now / 1000 + 150], [{ seconds: 6000 }, now / 1000 + 6000]] as const)(
    'creates a bucket that is not there in debt, with an expiry of %j', (ttl, expiresAt) => {
      const update = createBlocked({ limits: new Map([['rpm', target(60_000)]]), ttl, lineage: { cascade: true, parentId: 'org-1' } }, { until, reason: undefined }, place);

      expect(changesOf(update)).toMatchObject({
        b_rpm_tk: { set: { N: '-90000' } }, b_rpm_tc: { set: { N: '0' } }, parent_id: { set: { S: 'org-1' } }, x_blocked_until: { set: { N: String(until) } },
      });
      expect(changesOf(update).ttl).toEqual(expiresAt === undefined ? undefined : { set: { N: String(expiresAt) } });
      expect(update.conditions).toEqual([{ absent: 'rf' }]);
    });

  test('cannot be longer than the table can count its debt', () => {
    const rate = { capacity: 1e15, refillAmount: 1e15, refillPeriodMs: 1000 };

    expect(longestBlockMs([rate, target(1000)])).toBe(9006);
    expect(longestBlockMs([])).toBe(Infinity);
  });
});

describe('the end of a block', () => {
  test('gives back what is left of its debt, and keeps corrections that were made meanwhile', () => {
    const update = unblockUpdate(bucket({ ...limit('rpm', -46_000), ...limit('tpm', -44_000), ...limit('cut', -500, 1000, 1000) }), now + 45_000, place);

    expect(changesOf(update)).toEqual({
      rf: { set: { N: String(now) } }, b_rpm_tk: { set: { N: '0' } }, b_tpm_tk: { set: { N: '2000' } }, b_cut_tk: { set: { N: '266' } }, ...FULL_WCU, ...NO_BLOCK,
    });
    expect(update.conditions).toEqual(expect.arrayContaining([{ equals: ['rf', { N: String(now - 1000) }] }, { equals: ['b_rpm_tk', { N: '-46000' }] }]));
  });

  test('gives nothing above capacity', () => {
    expect(changesOf(unblockUpdate(bucket(limit('rpm', 0)), now + 900_000, place))).toMatchObject({ b_rpm_tk: { set: { N: '60000' } } });
  });
});

describe('one shard instead of many', () => {
  const shard0 = bucket(limit('rpm', 10_000), { shard_count: { N: '4' } });
  const four = { ...place, shardCount: 4 };

  test('W1: keeps the tokens of shard 0, credited by its share, and adds only debts', () => {
    const others = [
      [1, bucket(limit('rpm', 15_000))], [2, bucket(limit('rpm', -5250))], [3, bucket(limit('tpm', -9000))], [4, parseBucket(limit('rpm', -9000))],
    ] as const;

    const update = onlyShardUpdate(shard0, others, four);

    expect(changesOf(update)).toEqual({
      rf: { set: { N: String(now) } }, b_rpm_tk: { set: { N: String(10_000 + 250 - 5000) } }, shard_count: { set: { N: '1' } }, ...FULL_WCU,
    });
    expect(update.conditions).toEqual(expect.arrayContaining([
      { equals: ['shard_count', { N: '4' }] }, { equals: ['rf', { N: String(now - 1000) }] }, { equals: ['b_rpm_tk', { N: '10000' }] },
    ]));
  });

  test('W26: does not compare a balance with a fraction', () => {
    const update = onlyShardUpdate(bucket(limit('rpm', 1.5), { shard_count: { N: '4' } }), [], four);

    expect(update.conditions).not.toContainEqual({ equals: ['b_rpm_tk', expect.anything()] });
  });
});

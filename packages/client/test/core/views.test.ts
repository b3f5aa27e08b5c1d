import type { BucketState, BucketTarget } from '@zae-limiter/client/core/bucket';
import { availableTokens, viewLimits, viewShards, type Verdict } from '@zae-limiter/client/core/views';

const NOW = Date.UTC(2026, 0, 1);
const rpm = { capacity: 100_000, refillAmount: 60_000, refillPeriodMs: 60_000 };
const subject = { entity: 'user-1', resource: 'api', source: 'system' } as const;
const target: BucketTarget = { limits: new Map([['rpm', rpm]]), ttl: 'keep' };

const bucket = (tokens: number, shardCount = 1): BucketState => ({
  refilledAt: NOW - 5000, limits: new Map([['rpm', { ...rpm, tokens, totalConsumed: 0, exact: true }]]), shardCount,
  cascade: false, parentId: undefined, expiresAt: undefined, operation: undefined, indexedByResource: false,
});

const view = (state: BucketState | null, amount: number, verdict: Verdict, index = 0, count = 1) =>
  viewLimits(subject, target, new Map([['rpm', amount]]), { state, place: { index, count }, now: NOW, verdict })[0]!;

const total = (states: readonly BucketState[], amount: number, verdict: Verdict = 'short') => viewShards(subject, target, new Map([['rpm', amount]]),
  states.map((state, index) => ({ state, place: { index, count: states.length }, now: NOW, verdict })))[0]!;

describe('viewLimits', () => {
  test('counts what refilled since the last write', () => {
    expect(view(bucket(10_000), 15_000, 'admitted')).toMatchObject({ remaining: 15, requested: 15, exceeded: false, retryAfterMs: 0, resetMs: 85_000 });
  });

  test('shows a debt as a negative number', () => {
    expect(view(bucket(-20_001), 0, 'admitted').remaining).toBe(-16);
  });

  test('says when a short limit has enough', () => {
    expect(view(bucket(0), 6000, 'short')).toMatchObject({ exceeded: true, retryAfterMs: 1000 });
    expect(view(bucket(0), 5000, 'short')).toMatchObject({ exceeded: false, retryAfterMs: 0 });
  });

  test('names the limits that others took each time, though tokens are due', () => {
    expect(view(bucket(0), 5000, 'contended')).toMatchObject({ exceeded: true, retryAfterMs: 1 });
    expect(view(bucket(5000), 5000, 'contended')).toMatchObject({ exceeded: false });
  });

  test('shows full limits where there is no bucket, or the bucket lacks the limit', () => {
    expect(view(null, 0, 'admitted')).toMatchObject({ remaining: 100, resetMs: 0 });
    expect(view({ ...bucket(0), limits: new Map() }, 0, 'admitted').remaining).toBe(100);
  });

  test('shows the share of a shard', () => {
    expect(view(bucket(0, 4), 0, 'admitted', 1)).toMatchObject({ capacity: 25, refill: { amount: 15, periodMs: 60_000 }, remaining: 1 });
  });

  test('shows nothing in a further shard that is not there', () => {
    expect(view(null, 0, 'admitted', 1, 4)).toMatchObject({ capacity: 25, remaining: 0 });
    expect(view(null, 0, 'admitted', 0, 4)).toMatchObject({ capacity: 25, remaining: 25 });
  });

  test('cuts a balance above capacity, as the next write does', () => {
    expect(view(bucket(148_000), 120_000, 'short')).toMatchObject({ remaining: 100, exceeded: true, retryAfterMs: undefined });
  });

  test('adds the shards of a bucket up', () => {
    expect(total([bucket(10_000, 2), bucket(-4000, 2)], 0)).toMatchObject({ capacity: 100, refill: { amount: 60 }, remaining: 11, resetMs: 89_000 });
  });

  test('says when the shards of a bucket have enough together', () => {
    expect(total([bucket(10_000, 2), bucket(-4000, 2)], 12_000)).toMatchObject({ exceeded: true, retryAfterMs: 1000 });
    expect(total([bucket(10_000, 2), bucket(-4000, 2)], 101_000)).toMatchObject({ exceeded: true, retryAfterMs: undefined });
  });

  test('refuses for a moment when others took what is scattered over the shards', () => {
    expect(total([bucket(40_000, 2), bucket(40_000, 2)], 70_000, 'scattered')).toMatchObject({ exceeded: true, retryAfterMs: 1, remaining: 85 });
  });

  test('never resets where the share of the refill is nothing', () => {
    expect(view(bucket(0, 60_001), 0, 'admitted', 0).resetMs).toBe(Infinity);
  });

  test('takes a damaged bucket for one that was credited now', () => {
    expect(view({ ...bucket(10_000), refilledAt: undefined }, 0, 'admitted').remaining).toBe(10);
  });
});

describe('availableTokens', () => {
  const available = (state: BucketState | null, verdict: Verdict = 'short', count = 1) =>
    availableTokens(state, target, { place: { index: 0, count }, now: NOW, verdict }).get('rpm');

  test.each([
    ['what is stored and due', bucket(10_000), 15_000],
    ['no more than the capacity', bucket(99_000), 100_000],
    ['a share of a split bucket', bucket(50_000, 4), 25_000],
    ['what is stored in a damaged bucket', { ...bucket(10_000), refilledAt: undefined }, 10_000],
    ['nothing where there is no bucket', null, undefined],
    ['nothing of a limit that the bucket lacks', { ...bucket(0), limits: new Map() }, undefined],
  ])('is %s', (_, state, tokens) => {
    expect(available(state)).toBe(tokens);
  });

  test('is what is stored alone, when others take what is due', () => {
    expect(available(bucket(10_000), 'contended')).toBe(10_000);
  });

  test('trusts the higher of two shard counts', () => {
    expect(available(bucket(50_000, 2), 'short', 4)).toBe(25_000);
  });
});

import fc from 'fast-check';
import { addAmounts, negated, type Amounts, type BucketState, type BucketTarget, type StoredLimit } from '@zae-limiter/client/core/bucket';
import { adoptParameters, expiryForDebt, parametersDiffer, plan as planAt, topUp, type Plan, type RefillPlan } from '@zae-limiter/client/core/plan';
import { runs } from '../support/runs';

const T0 = Date.UTC(2026, 0, 1); // a multiple of every period used here, so that credits are round

const rpm = { capacity: 100_000, refillAmount: 60_000, refillPeriodMs: 60_000 }; // 1 millitoken a millisecond
const target: BucketTarget = { limits: new Map([['rpm', rpm]]), ttl: 'keep' };
const amounts = (rpmAmount: number, more: Record<string, number> = {}) => new Map(Object.entries({ rpm: rpmAmount, ...more }));

function bucket(tokens: number, changes: Partial<BucketState> = {}): BucketState {
  const limit: StoredLimit = { ...rpm, tokens, totalConsumed: 0, exact: true };
  return {
    refilledAt: T0, limits: new Map([['rpm', limit]]), shardCount: 1, cascade: false, parentId: undefined, expiresAt: undefined,
    operation: undefined, indexedByResource: false, ...changes,
  };
}

const plan = (state: BucketState | null | undefined, wanted: BucketTarget, take: Amounts, now: number, index: number, count = 1) =>
  planAt(state, wanted, take, now, { index, count });

const refillOf = (chosen: Plan): RefillPlan => {
  expect(chosen.kind).toBe('refill');
  return chosen as RefillPlan;
};

describe('plan', () => {
  test('takes without a lock while enough is stored and nothing is lost at the top', () => {
    expect(plan(bucket(50_000), target, amounts(10_000), T0 + 1000, 0)).toEqual({
      kind: 'take', amounts: amounts(10_000), refilledSince: undefined,
    });
  });

  test('finds out about a bucket that was never seen by taking from it', () => {
    expect(plan(undefined, target, amounts(1000), T0, 0)).toEqual({ kind: 'take', amounts: amounts(1000), refilledSince: T0 - 1000 });
  });

  test('credits what is due when too little is stored', () => {
    const { refilledAt, now, limits } = refillOf(plan(bucket(5000), target, amounts(10_000), T0 + 8000, 0));

    expect({ refilledAt, now }).toEqual({ refilledAt: T0, now: T0 + 8000 });
    expect(limits).toEqual([{ name: 'rpm', amount: 10_000, parameters: undefined, tokens: { gain: 8000, atLeast: 2000, atMost: 92_000 } }]);
  });

  test('demands the exact balance when the bucket is full, so that a token taken meanwhile keeps its credit', () => {
    const { limits } = refillOf(plan(bucket(95_000), target, amounts(1000), T0 + 60_000, 0));

    expect(limits[0]!.tokens).toEqual({ gain: 5000, exactly: 95_000 });
  });

  test('lets a full bucket lose up to one part in a hundred before it takes the lock', () => {
    expect(plan(bucket(100_000), target, amounts(1000), T0 + 1000, 0).kind).toBe('take');
    expect(plan(bucket(100_000), target, amounts(1000), T0 + 1001, 0).kind).toBe('refill');
  });

  test('W39: cuts a balance above capacity before it can be spent', () => {
    const { limits } = refillOf(plan(bucket(148_000), target, amounts(1000), T0, 0));

    expect(limits[0]!.tokens).toEqual({ gain: -48_000, exactly: 148_000 });
  });

  test('W8: never moves the refill time back', () => {
    const { now } = refillOf(plan(bucket(148_000), target, amounts(1000), T0 - 5000, 0));

    expect(now).toBe(T0);
  });

  test('denies what neither the balance nor its credit covers', () => {
    expect(plan(bucket(0), target, amounts(10_000), T0 + 9999, 0)).toEqual({ kind: 'deny' });
    expect(plan(bucket(0), target, amounts(10_000), T0 + 10_000, 0).kind).toBe('refill');
  });

  test('lets a request pass that takes nothing from a limit in debt', () => {
    const debt = bucket(50_000, { limits: new Map([['rpm', { ...rpm, tokens: 50_000, totalConsumed: 0, exact: true }], ['tpm', { ...rpm, tokens: -9000, totalConsumed: 0, exact: true }]]) });
    const both: BucketTarget = { ...target, limits: new Map([['rpm', rpm], ['tpm', rpm]]) };

    expect(plan(debt, both, amounts(1000, { tpm: 0 }), T0, 0).kind).toBe('take');
    expect(plan(debt, both, amounts(1000, { tpm: 1 }), T0, 0).kind).toBe('deny');
  });

  test('W11: credits every limit whenever the shared refill time moves', () => {
    const state = bucket(0, { limits: new Map([['rpm', { ...rpm, tokens: 0, totalConsumed: 0, exact: true }], ['tpm', { ...rpm, tokens: 10_000, totalConsumed: 0, exact: true }]]) });
    const both: BucketTarget = { ...target, limits: new Map([['rpm', rpm], ['tpm', rpm]]) };
    const { limits } = refillOf(plan(state, both, amounts(1000), T0 + 3000, 0));

    expect(limits.map(({ name, tokens }) => [name, tokens])).toEqual([
      ['rpm', { gain: 3000, atLeast: -2000, atMost: 97_000 }],
      ['tpm', { gain: 3000, atLeast: undefined, atMost: 97_000 }],
    ]);
  });

  test('W3: adds a limit that the bucket lacks, full', () => {
    const both: BucketTarget = { ...target, limits: new Map([['rpm', rpm], ['tpm', rpm]]) };
    const { limits } = refillOf(plan(bucket(50_000), both, amounts(1000, { tpm: 3000 }), T0, 0));

    expect(limits[1]).toEqual({ name: 'tpm', amount: 3000, parameters: rpm, tokens: { start: 97_000 } });
  });

  test('W3: restores a limit that lost its parameters', () => {
    const broken = bucket(0, { limits: new Map([['rpm', { tokens: -7, capacity: 0, refillAmount: 0, refillPeriodMs: 0, totalConsumed: 7, exact: true }]]) });
    const { limits } = refillOf(plan(broken, target, amounts(1000), T0, 0));

    expect(limits[0]).toEqual({ name: 'rpm', amount: 1000, parameters: rpm, tokens: { replace: 99_000, totalConsumed: 1007 } });
  });

  test('W11: credits limits that the request knows nothing of, by the parameters that they carry', () => {
    const fast = { capacity: 50_000, refillAmount: 2000, refillPeriodMs: 1000, tokens: 1000, totalConsumed: 0, exact: true };
    const state = bucket(0, { limits: new Map([['rpm', { ...rpm, tokens: 0, totalConsumed: 0, exact: true }], ['other', fast], ['wcu', fast]]) });
    const { limits } = refillOf(plan(state, target, amounts(1000), T0 + 2000, 0));

    expect(limits.slice(1)).toEqual([{ name: 'other', amount: 0, parameters: undefined, tokens: { gain: 4000, atLeast: undefined, atMost: 46_000 } }]);
  });

  test('W26: writes a balance with a fraction anew, less the fraction', () => {
    const torn = bucket(0, { limits: new Map([['rpm', { ...rpm, tokens: 88_999, totalConsumed: 11_000, exact: false }]]) });
    const { limits } = refillOf(plan(torn, target, amounts(1000), T0, 0));

    expect(limits[0]!.tokens).toEqual({ replace: 87_999, totalConsumed: 12_000 });
  });

  test('counts the credit of a raised limit at its new rate, so that an exhausted bucket follows at once', () => {
    const raised: BucketTarget = { ...target, limits: new Map([['rpm', { ...rpm, capacity: 1e6, refillAmount: 6e6 }]]) };

    const { limits } = refillOf(plan(bucket(0), raised, amounts(100_000), T0 + 1000, 0));

    expect(limits[0]).toMatchObject({ parameters: { capacity: 1e6 }, tokens: { gain: 100_000 } });
  });

  test('W3: starts the counter of a limit anew that lost it with its parameters', () => {
    const stored = { tokens: 0, capacity: 0, refillAmount: 0, refillPeriodMs: 0, totalConsumed: undefined, exact: true };
    const broken = bucket(0, { limits: new Map([['rpm', stored]]) });

    expect(refillOf(plan(broken, target, amounts(1000), T0, 0)).limits[0]!.tokens).toEqual({ replace: 99_000, totalConsumed: 1000 });
  });

  test('W3: discards a broken limit that nobody wants', () => {
    const broken = { tokens: 0, capacity: 0, refillAmount: 0, refillPeriodMs: 0, totalConsumed: 0, exact: true };
    const state = bucket(0, { limits: new Map([['rpm', { ...rpm, tokens: 0, totalConsumed: 0, exact: true }], ['old', broken], ['wcu', broken]]) });

    expect(refillOf(plan(state, target, amounts(1000), T0 + 2000, 0)).discard).toEqual(['old']);
  });

  test('denies a limit that is new to the bucket when the request is above its capacity', () => {
    const both: BucketTarget = { ...target, limits: new Map([['rpm', rpm], ['tpm', rpm]]) };

    expect(plan(bucket(50_000), both, amounts(0, { tpm: 100_001 }), T0, 0).kind).toBe('deny');
  });

  test('W5: corrects parameters that differ, and cuts the balance to a lower capacity', () => {
    const lower: BucketTarget = { ...target, limits: new Map([['rpm', { ...rpm, capacity: 5000 }]]) };
    const { limits } = refillOf(plan(bucket(100_000), lower, amounts(1000), T0, 0));

    expect(limits[0]).toEqual({ name: 'rpm', amount: 1000, parameters: { ...rpm, capacity: 5000 }, tokens: { gain: -95_000, exactly: 100_000 } });
  });

  describe('of a missing bucket', () => {
    test('creates it whole, less what the request takes', () => {
      expect(plan(null, { ...target, ttl: { seconds: 420 } }, amounts(1000), T0, 0)).toEqual({
        kind: 'create', now: T0, shardCount: 1, expiresAt: T0 / 1000 + 420, discard: [], admits: true,
        limits: [{ name: 'rpm', amount: 1000, tokens: 99_000, parameters: rpm }],
      });
    });

    test('W4: replaces a damaged one', () => {
      const ghost = bucket(0, { refilledAt: undefined, limits: new Map([['old', { tokens: -5, capacity: 0, refillAmount: 0, refillPeriodMs: 0, totalConsumed: 5, exact: true }]]) });

      expect(plan(ghost, target, amounts(1000), T0, 0)).toMatchObject({ kind: 'create', discard: ['old'] });
    });

    test('W15: starts a further shard empty, because its tokens are still in the older ones', () => {
      expect(plan(null, target, amounts(0), T0, 1, 4)).toMatchObject({ shardCount: 4, limits: [{ tokens: 0 }], admits: true });
      expect(plan(null, target, amounts(1), T0, 1, 4)).toMatchObject({ kind: 'create', limits: [{ amount: 0, tokens: 0 }], admits: false });
    });

    test('denies what is above the capacity', () => {
      expect(plan(null, target, amounts(100_001), T0, 0).kind).toBe('deny');
    });

    test.each([['never', undefined], ['keep', undefined]] as const)('with an expiry of %s has none', (ttl, expiresAt) => {
      expect(plan(null, { ...target, ttl }, amounts(1000), T0, 0)).toMatchObject({ kind: 'create', expiresAt });
    });
  });

  describe('of the expiry', () => {
    const seconds = T0 / 1000;
    const expiring: BucketTarget = { ...target, ttl: { seconds: 300 } };

    test.each([
      ['leaves it while a third of it remains', seconds + 101, expiring, 'take', undefined],
      ['renews it when less than a third remains', seconds + 99, expiring, 'refill', seconds + 300],
      ['removes it when the bucket must stay', seconds + 1000, { ...target, ttl: 'never' }, 'refill', 'never'],
      ['leaves it alone when told to', seconds - 1, target, 'take', undefined],
    ] as const)('%s', (_, expiresAt, wanted, kind, next) => {
      const chosen = plan(bucket(50_000, { expiresAt }), wanted, amounts(1000), T0, 0);

      expect(chosen.kind).toBe(kind);
      expect((chosen as Partial<RefillPlan>).expiresAt).toBe(next);
    });
  });

  test('W31: takes the bucket out of the resource index with the next refill', () => {
    expect(refillOf(plan(bucket(0, { indexedByResource: true }), target, amounts(1000), T0 + 2000, 0)).leaveResourceIndex).toBe(true);
  });

  test('W15: a shard holds and refills its share only', () => {
    const { limits } = refillOf(plan(bucket(0, { shardCount: 4 }), target, amounts(10_000), T0 + 60_000, 3));

    expect(limits[0]!.tokens).toMatchObject({ gain: 15_000 });
    expect(plan(bucket(0, { shardCount: 4 }), target, amounts(15_001), T0 + 60_000, 3).kind).toBe('deny');
  });

  test('W15: trusts the higher of two shard counts', () => {
    expect(plan(bucket(0, { shardCount: 2 }), target, amounts(25_001), T0 + 60_000, 0, 4).kind).toBe('deny');
    expect(plan(bucket(0, { shardCount: 4 }), target, amounts(25_001), T0 + 60_000, 0, 2).kind).toBe('deny');
  });

  describe('of a correction', () => {
    const seconds = T0 / 1000;

    test('keeps a bucket in debt until it is full again, because an expired one comes back full', () => {
      expect(expiryForDebt(bucket(10_000, { expiresAt: seconds + 100 }), amounts(50_000), T0, 0)).toBe(seconds + 140);
    });

    test.each([
      ['there is no debt', bucket(60_000, { expiresAt: seconds }), amounts(50_000)],
      ['the bucket stays long enough', bucket(10_000, { expiresAt: seconds + 141 }), amounts(50_000)],
      ['the bucket never expires', bucket(10_000), amounts(50_000)],
      ['the bucket is damaged', bucket(10_000, { expiresAt: seconds, refilledAt: undefined }), amounts(50_000)],
      ['the limit is not in the bucket', bucket(10_000, { expiresAt: seconds }), new Map([['tpm', 5]])],
      ['tokens come back', bucket(-5000, { expiresAt: seconds }), amounts(-50_000)],
    ])('leaves the expiry alone when %s', (_, state, take) => {
      expect(expiryForDebt(state, take, T0, 0)).toBeUndefined();
    });

    test('leaves the expiry alone of a share that never refills', () => {
      expect(expiryForDebt(bucket(0, { expiresAt: seconds, shardCount: 60_001 }), amounts(1000), T0, 0)).toBeUndefined();
    });
  });

  test('adopts the parameters of the bucket for limits that it has', () => {
    const other = { capacity: 1, refillAmount: 1, refillPeriodMs: 1 };
    const wanted: BucketTarget = { ...target, limits: new Map([['rpm', other], ['tpm', other]]) };

    expect([...adoptParameters(bucket(0), wanted).limits]).toMatchObject([['rpm', rpm], ['tpm', other]]);
  });

  test('whatever the bucket and the time, an admitted write leaves a balance between zero and capacity', () => {
    const anyTokens = fc.integer({ min: -200_000, max: 200_000 });
    fc.assert(fc.property(anyTokens, fc.integer({ min: 0, max: 120_000 }), fc.integer({ min: 1, max: 110_000 }), (tokens, elapsed, amount) => {
      const chosen = plan(bucket(tokens), target, amounts(amount), T0 + elapsed, 0);
      const held = chosen.kind === 'refill' ? chosen.limits[0]!.tokens : undefined;
      const gain = held !== undefined && 'gain' in held ? held.gain : 0;

      if (chosen.kind === 'deny') {expect(Math.min(100_000, tokens + elapsed)).toBeLessThan(amount);} else {
        expect(tokens + gain - amount).toBeGreaterThanOrEqual(0);
        expect(tokens + gain).toBeLessThanOrEqual(100_000);
      }
    }), { numRuns: runs(2000) });
  });
});

describe('topUp', () => {
  const wcu: StoredLimit = { ...rpm, tokens: 0, totalConsumed: 0, exact: true };

  test('credits every limit of the application by its own parameters, takes nothing and leaves all else as it is', () => {
    const state = bucket(5000, { limits: new Map([...bucket(5000).limits, ['wcu', wcu]]), expiresAt: 1, indexedByResource: true });

    expect(topUp(state, T0 + 8000, 0)).toEqual({
      kind: 'refill', refilledAt: T0, now: T0 + 8000, expiresAt: undefined, leaveResourceIndex: false, discard: [],
      limits: [{ name: 'rpm', amount: 0, parameters: undefined, tokens: { gain: 8000, atLeast: undefined, atMost: 92_000 } }],
    });
  });

  test('credits a shard its share', () => {
    expect(topUp(bucket(0, { shardCount: 4 }), T0 + 8000, 3)!.limits[0]!.tokens).toEqual({ gain: 2000, atLeast: undefined, atMost: 23_000 });
  });

  test.each([['no time has passed', T0, T0], ['the refill time is ahead', T0 + 1, T0], ['there is no refill time', undefined, T0 + 8000]])(
    'does nothing when %s', (_, refilledAt, now) => {
      expect(topUp(bucket(5000, { refilledAt }), now, 0)).toBeUndefined();
    });
});

describe('amounts', () => {
  test('add up by name', () => {
    const sum = new Map([['rpm', 5]]);

    addAmounts(sum, new Map([['rpm', -2], ['tpm', 7]]));

    expect([...sum]).toEqual([['rpm', 3], ['tpm', 7]]);
  });

  test('are given back with the opposite sign', () => {
    expect([...negated(new Map([['rpm', 3], ['tpm', -7]]))]).toEqual([['rpm', -3], ['tpm', 7]]);
  });
});

describe('parametersDiffer', () => {
  test.each([
    ['the same', {}, false], ['another capacity', { capacity: 1 }, true], ['another amount', { refillAmount: 1 }, true],
    ['another period', { refillPeriodMs: 1 }, true], ['parameters that cannot refill', { refillAmount: 0 }, false],
  ])('of a bucket with %s is %p', (_, changes, differs) => {
    const stored: StoredLimit = { ...rpm, tokens: 0, totalConsumed: 0, exact: true, ...changes };

    expect(parametersDiffer(bucket(0, { limits: new Map([['rpm', stored]]) }), target)).toBe(differs);
  });

  test('of a bucket that lacks the limit is false', () => {
    expect(parametersDiffer(bucket(0, { limits: new Map() }), target)).toBe(false);
  });
});

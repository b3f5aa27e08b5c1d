import fc from 'fast-check';
import { share } from '@zae-limiter/client/core/token-bucket';
import { bucketAttribute } from '@zae-limiter/client/schema/keys';
import type { ItemUpdate } from '@zae-limiter/client/schema/update';
import { refillOf } from '../../../lambda-src/aggregator/refill';
import { vectors } from '../../support/vectors';
import { changeOf, type LimitState } from '../support/changes';

interface Input {
  readonly state: {
    readonly shard_id: number;
    readonly shard_count: number;
    readonly rf_ms: number;
    readonly limits: Readonly<Record<string, LimitState>>;
  };
  readonly now_ms: number;
}

interface Expected {
  readonly write: { readonly new_rf: number; readonly expected_rf: number; readonly add: Readonly<Record<string, number>> } | null;
}

/** What an update adds to balances, without those that it leaves. */
function credits({ changes }: ItemUpdate): Record<string, number> {
  return Object.fromEntries([...changes].flatMap(([name, change]) =>
    (/^b_.*_tk$/.test(name) && 'add' in change && change.add !== 0 ? [[name.slice(2, -3), change.add]] : [])));
}

const refill = ({ state: { limits, rf_ms: rf, shard_count: count, shard_id: shard }, now_ms: now }: Input): ItemUpdate | undefined =>
  refillOf([changeOf(limits, rf, count, { shard })], now);

describe('a refill', () => {
  const decisions = vectors<Input, Expected>('aggregator_recommended').filter(({ kind }) => kind === 'refill_decision');
  // The specification's model cuts fractions of millitokens and so may not move the time further than the slowest limit
  // allows. On the grid nothing is cut, so that all limits are credited up to now.
  const onGrid: Readonly<Record<string, Expected>> = {
    'a slow limit that would accrue nothing blocks the write (rf must not move)': { write: { new_rf: 5000, expected_rf: 0, add: { rpm: 8333 } } },
    'rf advances only by the time the slowest limit can turn into whole millitokens': {
      write: { new_rf: 100_000, expected_rf: 0, add: { rpm: 100_000, rpd: 1 } },
    },
  };

  // With the last refill moved to the origin of the grid, the model and ours count the same.
  test.each(decisions)('is decided and credits as the specification says: $title', ({ name, input, expected }) => {
    const { rf_ms: origin } = input.state;
    const moved: Input = { state: { ...input.state, rf_ms: 0 }, now_ms: input.now_ms - origin };
    const wanted = onGrid[name!] ?? (expected.write === null ? expected : {
      write: { ...expected.write, new_rf: expected.write.new_rf - origin, expected_rf: 0 },
    });

    const update = refill(moved);

    if (wanted.write === null) {
      expect(update).toBeUndefined();
      return;
    }
    const { wcu: _, ...add } = wanted.write.add;
    expect(credits(update!)).toEqual(add);
    expect(update!.changes.get('rf')).toEqual({ set: { N: String(wanted.write.new_rf) } });
    expect(update!.conditions).toContainEqual({ equals: ['rf', { N: String(wanted.write.expected_rf) }] });
    // Every write that moves the time fills the internal limit, which only Python clients look at.
    expect(update!.changes.get('b_wcu_tk')).toEqual({ set: { N: '1000000' } });
  });

  const starving = { tc_delta: 60_000, tk_milli: 0, cp_milli: 100_000, ra_milli: 100_000, rp_ms: 60_000 };

  test('F-26: is written when the bucket has run dry and the refill would help', () => {
    expect(credits(refillOf([changeOf({ rpm: starving }, 0, 1)], 30_000)!)).toEqual({ rpm: 50_000 });
  });

  test('F-27: credits every limit that is due, in proportion to the same time', () => {
    const tpm = { tc_delta: 0, tk_milli: 500_000, cp_milli: 1_000_000, ra_milli: 1_000_000, rp_ms: 60_000 };

    expect(credits(refillOf([changeOf({ rpm: starving, tpm }, 0, 1)], 15_000)!)).toEqual({ rpm: 25_000, tpm: 250_000 });
  });

  test('F-27: a slow limit loses nothing, however often the others are refilled', () => {
    const slow = { tc_delta: 0, tk_milli: 0, cp_milli: 10_000, ra_milli: 1000, rp_ms: 86_400_000 };
    const step = 977;
    let credited = 0;

    for (let rf = 0; rf < 1000 * step; rf += step) {
      credited += credits(refillOf([changeOf({ rpm: starving, slow }, rf, 1)], rf + step)!).slow ?? 0;
    }

    expect(credited).toBe(Math.floor((1000 * step * slow.ra_milli) / slow.rp_ms));
  });

  test('F-28: takes the shard count of the last change, and never divides the internal limit', () => {
    const wcu = { tc_delta: 1000, tk_milli: 100_000, cp_milli: 1_000_000, ra_milli: 1_000_000, rp_ms: 1000 };
    const before = changeOf({ rpm: starving, wcu }, 0, 1, { sequence: 1 });
    const after = changeOf({ rpm: starving, wcu }, 0, 4, { sequence: 2 });

    const update = refillOf([before, after], 60_000)!;

    expect(credits(update)).toEqual({ rpm: 25_000 });
    expect(update.changes.get('b_wcu_tk')).toEqual({ set: { N: '1000000' } });
  });

  test('F-28: is not written for a record that a refill or a shard change made', () => {
    const idle = { ...starving, tc_delta: 0, tk_milli: -90_000 };

    expect(refillOf([changeOf({ rpm: idle, wcu: { ...idle, tc_delta: 1000, tk_milli: 0 } }, 0, 1)], 60_000)).toBeUndefined();
  });

  test('leaves a bucket alone that cannot be read', () => {
    const change = changeOf({ rpm: starving }, 0, 1);
    const { rf: _, ...after } = change.after;

    expect(refillOf([{ ...change, after }], 60_000)).toBeUndefined();
  });

  const anyLimit: fc.Arbitrary<LimitState> = fc.record({
    tc_delta: fc.integer({ min: -1e6, max: 1e6 }),
    tk_milli: fc.integer({ min: -1e7, max: 1e7 }),
    cp_milli: fc.integer({ min: 1, max: 1e7 }),
    ra_milli: fc.integer({ min: 1, max: 1e7 }),
    rp_ms: fc.integer({ min: 1, max: 1e8 }),
  });
  const anyPlace = fc.integer({ min: 1, max: 32 }).chain((count) =>
    fc.record({ count: fc.constant(count), shard: fc.integer({ min: 0, max: count - 1 }) }));

  test('never fills a shard above its share, nor a full one, and moves the time forward or not at all', () => {
    fc.assert(fc.property(
      fc.dictionary(fc.constantFrom('rpm', 'tpm', 'my-limit.v1'), anyLimit), anyPlace, fc.integer({ min: 0, max: 2e12 }), fc.integer({ min: -1e6, max: 1e9 }),
      (limits, { count, shard }, rf, elapsed) => {
        const update = refillOf([changeOf(limits, rf, count, { shard })], rf + elapsed);
        if (update === undefined) return;
        expect(elapsed).toBeGreaterThan(0);
        for (const [name, gain] of Object.entries(credits(update))) {
          const { tk_milli: tokens, cp_milli: capacity } = limits[name]!;
          const own = share(capacity, shard, count);
          if (tokens > own) expect(tokens + gain).toBe(own);
          else expect(gain).toBeGreaterThan(0);
          expect(tokens + gain).toBeLessThanOrEqual(own);
          // Whatever others did to the balance meanwhile, the credit does not lift it above the share.
          const bound = update.conditions.find((one) => ('atMost' in one && one.atMost[0] === bucketAttribute(name, 'tk'))
            || ('equals' in one && one.equals[0] === bucketAttribute(name, 'tk')));
          expect(bound).toBeDefined();
        }
      },
    ), { numRuns: 1000 });
  });
});

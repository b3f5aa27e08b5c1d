import { decide, writeRate, WritePressure, type Observation } from '../../../lambda-src/aggregator/sharding';
import { vectors } from '../../support/vectors';
import { DEFAULTS } from '../support/batch';
import { AT } from '../support/bucket-record';
import { changeOf, type LimitState } from '../support/changes';

interface Reading {
  readonly tc_milli: number;
  readonly t_s: number;
}

const reading = ({ tc_milli, t_s }: Reading): Observation => ({ writes: tc_milli, at: t_s });

describe('writeRate', () => {
  type Input = { readonly previous: Reading | null; readonly first: Reading; readonly last: Reading };
  const rates = vectors<Input, { readonly writes_per_second: number }>('aggregator_recommended').filter(({ kind }) => kind === 'write_rate');

  test.each(rates)('is what the specification says: $title', ({ input: { previous, first, last }, expected }) => {
    expect(writeRate(previous === null ? undefined : reading(previous), reading(first), reading(last))).toBe(expected.writes_per_second);
  });
});

describe('decide', () => {
  interface Input {
    readonly writes_per_second: number;
    readonly wcu_capacity_tokens: number;
    readonly hot_streak: number;
    readonly shard_count: number;
    readonly max_shard_count: number;
    readonly cooldown_until_s: number;
    readonly now_s: number;
  }
  type Expected = { readonly bump_to: number | null; readonly streak: number; readonly capped?: boolean };
  const decisions = vectors<Input, Expected>('aggregator_recommended').filter(({ kind }) => kind === 'shard_decision');

  test.each(decisions)('is what the specification says: $title', ({ input, expected }) => {
    const decision = decide({
      writesPerSecond: input.writes_per_second, capacity: input.wcu_capacity_tokens, streak: input.hot_streak, shardCount: input.shard_count,
      cooldownUntil: input.cooldown_until_s, now: input.now_s,
    }, { ...DEFAULTS.sharding, maxShardCount: input.max_shard_count });

    expect(decision).toEqual({ doubleTo: expected.bump_to ?? undefined, streak: expected.streak, capped: expected.capped ?? false });
  });
});

describe('the pressure on a bucket', () => {
  const WCU = { tk_milli: 0, cp_milli: 1_000_000, ra_milli: 1_000_000, rp_ms: 1000 };

  /** A batch of one shard in which its write counter rises from one value to another. */
  const batch = (from: number, to: number, at: number, { shard = 0, count = 1, sequence = 1 } = {}) => {
    const wcu = (value: number): Record<string, LimitState> => ({ wcu: { ...WCU, tc_delta: value * 1000 } });
    const change = changeOf(wcu(to), 0, count, { shard, at, sequence, before: { wcu: from * 1000 } });
    return [change];
  };
  const pressure = () => new WritePressure(DEFAULTS.sharding);
  const doubled = (measured: ReturnType<WritePressure['measure']>) => measured?.update?.changes.get('shard_count');

  test('F-04: doubles the shards in the second hot batch, on the first shard, and only from the count that was seen', () => {
    const gauge = pressure();

    const first = gauge.measure(batch(0, 5000, AT, { shard: 1, count: 2 }));
    const second = gauge.measure(batch(5000, 10_000, AT + 5, { shard: 1, count: 2 }));

    expect(doubled(first)).toBeUndefined();
    expect(second).toMatchObject({ writesPerSecond: 1000, shardCount: 2, capped: false });
    expect(second!.update).toMatchObject({ key: { pk: 'ns1/BUCKET#user-1#gpt-4#0' }, conditions: [{ exists: 'rf' }, { equals: ['shard_count', { N: '2' }] }] });
    expect(doubled(second)).toEqual({ set: { N: '4' } });
  });

  test('F-04: takes a batch that is delivered again for what it is', () => {
    const gauge = pressure();
    const hot = batch(0, 5000, AT);
    gauge.measure(hot);

    expect([gauge.measure(hot), gauge.measure(hot)]).toEqual([undefined, undefined]);
  });

  test('asks again in the next batch when the doubling could not be written, and waits once it is', () => {
    const gauge = pressure();
    const hot = [0, 1, 2, 3, 4].map((step) => batch(step * 5000, (step + 1) * 5000, AT + step * 5));

    const asked = hot.map((changes, step) => {
      const update = gauge.measure(changes)!.update;
      if (step === 3) gauge.doubled(changes[0]!, 2);
      return update !== undefined;
    });

    expect(asked).toEqual([false, true, true, true, false]);
  });

  test('is not measured while a bucket is blocked: its debt cannot be split', () => {
    const blocked = batch(0, 5000, AT).map((change) => ({ ...change, after: { ...change.after, x_blocked_until: { N: String((AT + 60) * 1000) } } }));

    expect(pressure().measure(blocked)).toBeUndefined();
  });

  test('waits after a doubling, whoever did it', () => {
    const gauge = pressure();
    const rates = [0, 1, 2, 3, 4, 5, 6, 7].map((step) => batch(step * 5000, (step + 1) * 5000, AT + step * 5, { count: step === 0 ? 1 : 2 }));

    const doublings = rates.map((changes) => doubled(gauge.measure(changes)));

    // Another process doubled between the first batch and the second: that starts the wait of 30 seconds.
    expect(doublings.map((change) => change !== undefined)).toEqual([false, false, false, false, false, false, false, true]);
  });

  test('is measured anew for a bucket that was created again', () => {
    const gauge = pressure();
    gauge.measure(batch(0, 90_000, AT));

    expect(gauge.measure(batch(0, 50, AT + 1))).toMatchObject({ writesPerSecond: 50 });
  });

  test.each([
    ['no write counter', () => batch(0, 5000, AT).map((change) => ({ ...change, after: {}, before: {} }))],
    ['no capacity', () => batch(0, 5000, AT).map(({ after: { b_wcu_cp: _, ...after }, ...change }) => ({ ...change, after }))],
    ['a counter that appears', () => batch(0, 5000, AT).map(({ before: { b_wcu_tc: _, ...before }, ...change }) => ({ ...change, before }))],
  ])('is unknown for a bucket with %s', (_, changes) => {
    expect(pressure().measure(changes())).toBeUndefined();
  });

  test('is forgotten after a minute', () => {
    const gauge = pressure();
    gauge.measure(batch(0, 5000, AT));
    gauge.forget(AT + 61);

    // Remembered, this would be a batch that was delivered before.
    expect(gauge.measure(batch(0, 5000, AT))).toMatchObject({ writesPerSecond: 5000 });
  });
});

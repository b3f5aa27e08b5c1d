import { CorruptRecordError } from '@zae-limiter/client/core/errors';
import { Limit } from '@zae-limiter/client/core/limit';
import { fromAttribute, int, readBool, readInt, readText, toAttribute, type Item, type Plain } from '@zae-limiter/client/schema/attributes';
import { bucketTarget, bucketTtlSeconds, parseBucket } from '@zae-limiter/client/schema/bucket-item';
import { parseLimits, parseOnUnavailable } from '@zae-limiter/client/schema/config-item';
import { parseEntity } from '@zae-limiter/client/schema/entity-item';
import { activeNamespaceId } from '@zae-limiter/client/schema/namespace-item';
import { parseUsage, windowEnd, windowStart, type UsageWindow } from '@zae-limiter/client/schema/usage-item';
import { checkVersion, compareVersions } from '@zae-limiter/client/schema/version-item';
import { vectors, type Vector } from '../../../../test/support/vectors';

type Input = { readonly kind: string; readonly item: Item; readonly value: Plain };

const of = (kind: string) => vectors<Input, never>('deserialize').filter(({ input }) => input.kind === kind) as unknown as (Vector<Input, object> & { title: string })[];

describe('a bucket item', () => {
  test.each(of('bucket'))('reads as the reference reads it: $title', ({ input: { item }, expected }) => {
    const read = () => {
      const { limits, refilledAt } = parseBucket(item);
      return [...limits].map(([limit_name, { tokens, capacity, refillAmount, refillPeriodMs, totalConsumed }]) => ({
        entity_id: readText(item, 'entity_id') ?? '', resource: readText(item, 'resource') ?? '', limit_name,
        tokens_milli: tokens, last_refill_ms: refilledAt ?? 0, capacity_milli: capacity, refill_amount_milli: refillAmount,
        refill_period_ms: refillPeriodMs, total_consumed_milli: totalConsumed ?? null,
      }));
    };

    if ('error' in expected) expect(read()).toMatchObject([{ tokens_milli: 1 }]); // W26: ours reads a fraction, to repair it
    else expect(read()).toEqual(expected);
  });

  test.each([
    ['a whole balance and counter', '5', '7', { tokens: 5, totalConsumed: 7, exact: true }],
    ['no counter', '5', undefined, { tokens: 5, totalConsumed: undefined, exact: true }],
    ['a fraction in the balance', '-1.5', '7', { tokens: -2, exact: false }],
    ['a fraction in the counter', '5', '7.5', { totalConsumed: 7, exact: false }],
  ])('W26: with %s says whether it can be added to', (_, tokens, counter, expected) => {
    const item: Item = { b_rpm_tk: { N: tokens }, b_rpm_cp: { N: '1.5' }, ...(counter !== undefined && { b_rpm_tc: { N: counter } }) };

    expect(parseBucket(item).limits.get('rpm')).toMatchObject({ capacity: 0, ...expected });
  });

  test('has a balance of 0 for a limit whose balance is no number', () => {
    expect(parseBucket({ b_rpm_tk: { S: 'x' } }).limits.get('rpm')!.tokens).toBe(0);
  });

  test('W4: one without a refill time shows that it is damaged', () => {
    expect(parseBucket({ b_rpm_tk: { N: '5' } }).refilledAt).toBeUndefined();
  });
});

describe('a config item', () => {
  test.each(of('limits'))('reads as the reference reads it: $title', ({ input: { item }, expected }) => {
    const read = () => parseLimits(item).map(({ name, capacity, refillAmount, refillPeriodSeconds }) =>
      ({ name, capacity, refill_amount: refillAmount, refill_period_seconds: refillPeriodSeconds }));

    if ('error' in expected) expect(read).toThrow(CorruptRecordError);
    else expect(read()).toEqual(expected);
  });

  test('W26: with a fraction cannot be read', () => {
    expect(() => parseLimits({ l_rpm_cp: { N: '1.5' } })).toThrow(CorruptRecordError);
  });

  test('lists limits in the order of their names, whatever the order of the attributes', () => {
    const field = { N: '1' };
    const item = { l_z_cp: field, l_z_ra: field, l_z_rp: field, l_a_cp: field, l_a_ra: field, l_a_rp: field, l__cp: field };

    expect(parseLimits(item).map(({ name }) => name)).toEqual(['a', 'z']);
  });

  test.each([['allow', 'allow'], ['block', 'block'], ['maybe', undefined]])('with policy %s reads as %s', (stored, policy) => {
    expect(parseOnUnavailable({ on_unavailable: { S: stored } })).toBe(policy);
  });
});

describe('an entity item', () => {
  test.each(of('entity'))('reads as the reference reads it: $title', ({ input: { item }, expected }) => {
    const { id, name, parentId, cascade, metadata, createdAt } = parseEntity(item);

    expect({ id, name: name ?? null, parent_id: parentId ?? null, cascade, metadata, created_at: createdAt ?? null }).toEqual(expected);
  });
});

describe('a map attribute', () => {
  test.each(of('serialize_map'))('is written as the reference writes it, and reads back: $title', ({ input: { value }, expected }) => {
    const written = toAttribute(value);

    expect(written).toEqual({ M: expected });
    expect(fromAttribute(written)).toEqual(value);
  });

  test('a set reads as a list', () => {
    expect(fromAttribute({ SS: ['a', 'b'] })).toEqual(['a', 'b']);
  });
});

describe('a usage item', () => {
  test.each(of('usage'))('reads as the reference reads it: $title', ({ input: { item }, expected }) => {
    const { entity, resource, windowStart: start, windowEnd: end, window, counters, totalEvents } = parseUsage(item);

    expect({
      entity_id: entity, resource, window_start: start, window_end: end, window_type: window, counters, total_events: totalEvents,
    }).toEqual(expected);
  });

  test('an empty one reads as nothing consumed', () => {
    expect(parseUsage({})).toEqual({ entity: '', resource: '', window: '', windowStart: '', windowEnd: '', counters: {}, totalEvents: 0 });
  });

  test.each([
    ['hourly', '2026-12-31T23:00:00Z', '2026-12-31T23:59:59Z'],
    ['daily', '2026-12-31T00:00:00Z', '2026-12-31T23:59:59Z'],
    ['monthly', '2026-12-01T00:00:00Z', '2026-12-31T23:59:59Z'],
  ] as const)('%s windows start and end on the calendar', (window, start, end) => {
    const time = Date.parse('2026-12-31T23:15:59Z') / 1000;

    expect(windowStart(window, time)).toBe(start);
    expect(windowEnd(window, start)).toBe(Date.parse(end) / 1000);
  });
});

describe('a usage window', () => {
  type Window = { readonly timestamp_ms: number; readonly window: UsageWindow };
  type Expected = { readonly window_key: string; readonly window_end: string };
  const windows = vectors<Window, Expected>('aggregator').filter(({ kind, expected }) => kind === 'window' && !('error' in expected));

  test.each(windows)('is that of the reference: $title', ({ input: { timestamp_ms: time, window }, expected }) => {
    const start = windowStart(window, time / 1000);

    expect(start).toBe(expected.window_key);
    expect(windowEnd(window, start)).toBe(Date.parse(expected.window_end) / 1000);
  });
});

describe('a number attribute', () => {
  test('W26: a fraction is never written', () => {
    expect(() => int(1.5)).toThrow(RangeError);
    expect(() => int(2 ** 53)).toThrow(RangeError);
  });

  test('of another type reads as missing', () => {
    const item: Item = { a: { S: '5' }, b: { N: '5' } };

    expect([readInt(item, 'a'), readText(item, 'b'), readBool(item, 'a'), readInt(item, 'c')]).toEqual([undefined, undefined, false, undefined]);
  });
});

describe('a namespace record', () => {
  const record = (status: string): Item => ({ namespace_id: { S: 'ns1' }, status: { S: status } });

  test.each([['active', 'ns1'], ['deleted', undefined], ['purging', undefined]])('that is %s gives %s', (status, id) => {
    expect(activeNamespaceId(record(status))).toBe(id);
  });

  test('that is missing gives nothing', () => {
    expect(activeNamespaceId(undefined)).toBeUndefined();
  });
});

describe('a version record', () => {
  const record = (schema: string, minimum?: string): Item =>
    ({ schema_version: { S: schema }, ...(minimum !== undefined && { client_min_version: { S: minimum } }) });

  test.each([['0.10.0', '0.0.0'], ['0.9.0', undefined], ['0.99.0', '0.10.0']])('of schema %s for clients from %s is served', (schema, minimum) => {
    expect(() => checkVersion(record(schema, minimum))).not.toThrow();
  });

  test.each([
    ['no record', undefined, 'INCOMPATIBLE_SCHEMA'],
    ['another major version', record('1.0.0'), 'INCOMPATIBLE_SCHEMA'],
    ['a newer client demanded', record('0.10.0', '0.11.0'), 'VERSION_MISMATCH'],
  ])('rejects %s', (_, item, code) => {
    expect(() => checkVersion(item)).toThrow(expect.objectContaining({ code }));
  });

  test.each([['1.2.3', '1.2.3', 0], ['0.10.0', '0.9.0', 1], ['1.0', '1.0.1', -1], ['1.0.0-rc.1', '1.0.0', 0], ['1.1', '1.1.0', 0], ['1.1.1', '1.1', 1]])('%s against %s is %i', (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
  });
});

describe('the life of an idle bucket', () => {
  interface TtlInput {
    readonly fn: string;
    readonly limits: readonly { readonly capacity: number; readonly refill_amount: number; readonly refill_period_seconds: number }[];
    readonly multiplier: number;
    readonly now_ms: number;
    readonly ttl_seconds: number;
  }

  test.each(vectors<TtlInput, number | null>('bucket_ttl'))('is that of the reference: $title', ({ input, expected }) => {
    const epoch = (seconds: number | undefined) => (seconds === undefined ? null : Math.floor(input.now_ms / 1000) + seconds);
    const seconds = () => bucketTtlSeconds(input.limits.map((limit, at) => Limit.custom(`l${at}`, {
      capacity: limit.capacity, refillAmount: limit.refill_amount, refillPeriodSeconds: limit.refill_period_seconds,
    })), input.multiplier);

    switch (input.fn) {
      case 'bucket_ttl_seconds': return expect(seconds() ?? null).toBe(expected);
      case 'bucket_ttl_epoch': return expect(epoch(seconds())).toBe(expected);
      default: return expect(epoch(input.ttl_seconds)).toBe(expected);
    }
  });

  test('has no end when the limits are the entity\'s own, and seven refills otherwise', () => {
    const limits = [Limit.perMinute('rpm', 100)];

    expect(bucketTarget(limits, false).ttl).toBe('never');
    expect(bucketTarget(limits, true).ttl).toEqual({ seconds: 420 });
  });
});

import type { DynamoDBRecord } from 'aws-lambda';
import { int, text, toAttribute, type Plain } from '@zae-limiter/client/schema/attributes';
import { setAll, setAllIfAbsent, type ItemUpdate } from '@zae-limiter/client/schema/update';
import type { UsageWindow } from '@zae-limiter/client/schema/usage-item';
import { parseRecord, type BucketChange } from '../../../lambda-src/aggregator/parse';
import { groupUsage, usageUpdate } from '../../../lambda-src/aggregator/usage';
import { vectors } from '../../support/vectors';
import { usageConfig } from '../support/batch';
import { AT, bucketRecord, sequenceNumber, type BucketRecordOptions } from '../support/bucket-record';

interface PlanInput {
  readonly records: readonly DynamoDBRecord[];
  readonly windows: readonly UsageWindow[];
  readonly ttl_days: number;
}

interface PlannedUpdate {
  readonly key: { readonly PK: string; readonly SK: string };
  readonly set_always: Readonly<Record<string, Plain>>;
  readonly set_if_absent: Readonly<Record<string, Plain>>;
  readonly add: Readonly<Record<string, number>>;
  readonly condition: { readonly attribute: string; readonly absent_or_less_than: string };
}

interface Planned {
  readonly updates: readonly PlannedUpdate[];
  readonly skipped_limits: readonly { readonly sequence: string; readonly limit: string }[];
}

const planVectors = vectors<PlanInput, Planned>('aggregator_recommended').filter(({ kind }) => kind === 'snapshot_plan');

const changesOf = (records: readonly DynamoDBRecord[]): BucketChange[] =>
  records.map(parseRecord).filter((change) => change !== undefined);

/** The update that a vector describes. */
function updateOf({ key, set_always, set_if_absent, add, condition: { attribute, absent_or_less_than } }: PlannedUpdate): ItemUpdate {
  const item = (values: Readonly<Record<string, Plain>>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toAttribute(value)]));
  return {
    key: { pk: key.PK, sk: key.SK },
    changes: new Map([
      ...setAll(item(set_always)),
      ...setAllIfAbsent(item(set_if_absent)),
      ...Object.entries(add).map(([name, amount]) => [name, { add: amount }] as const),
    ]),
    conditions: [{ anyOf: [{ absent: attribute }, { below: [attribute, text(absent_or_less_than)] }] }],
  };
}

/** What an update adds to the counters. */
const added = ({ changes }: ItemUpdate): Record<string, number> =>
  Object.fromEntries([...changes].flatMap(([name, change]) => ('add' in change ? [[name, change.add]] : [])));

/** The updates for records that follow each other. */
function updatesFor(records: readonly BucketRecordOptions[], windows: readonly UsageWindow[] = ['hourly']): ItemUpdate[] {
  const changes = changesOf(records.map((record, position) => bucketRecord({ sequence: position + 1, ...record })));
  return groupUsage(changes, usageConfig({ windows })).groups.map((group) => usageUpdate(group, usageConfig()));
}

describe('the updates for a batch', () => {
  test.each(planVectors)('are what the specification says: $title', ({ input, expected }) => {
    const { groups, skipped } = groupUsage(changesOf(input.records), usageConfig({ windows: input.windows }));
    const updates = groups.map((group) => usageUpdate(group, usageConfig({ retentionDays: input.ttl_days })));

    expect(updates).toEqual(expected.updates.map(updateOf));
    expect(skipped).toEqual(expected.skipped_limits);
  });

  test.each([
    ['one millitoken back is one token back', [-1], -1],
    ['less than a token taken is none', [999], 0],
    ['one token and a half is one', [1500], 1],
    ['one token and a half back is two', [-1500], -2],
    ['the sum is rounded and not its parts', [1500, 1500], 3],
    ['taken and given back cancel out', [1999, -1999], 0],
  ])('round towards minus infinity: %s', (_, deltas, tokens) => {
    const counters = deltas.reduce((all, delta) => [...all, all.at(-1)! + delta], [100_000]);
    const records = deltas.map((__, at) => ({ before: { rpm: counters[at]! }, after: { rpm: counters[at + 1]! } }));

    const [update] = updatesFor(records);

    expect(added(update!).rpm).toBe(tokens);
  });

  test('F-09: events are writes of the bucket, however many limits each of them moved', () => {
    const [update] = updatesFor([
      { before: {}, after: { rpm: 1000, tpm: 1000, ipm: 1000 } },
      { before: { rpm: 1000, tpm: 1000, ipm: 1000 }, after: { rpm: 1000, tpm: 5000, ipm: 2000 } },
    ]);

    expect(added(update!)).toEqual({ rpm: 1, tpm: 5, ipm: 2, total_events: 2 });
  });

  test('F-09: a write that moved no limit is no event', () => {
    const [update] = updatesFor([{ before: { rpm: 0 }, after: { rpm: 1000 } }, { before: { rpm: 1000 }, after: { rpm: 1000, wcu: 1000 } }]);

    expect(added(update!)).toEqual({ rpm: 1, total_events: 1 });
  });

  test('F-05, W18: in the first hour of a month every window has an item of its own', () => {
    const midnight = Date.UTC(2030, 5, 1) / 1000;

    const updates = updatesFor([{ at: midnight }], ['hourly', 'daily', 'monthly']);

    expect(updates.map(({ key }) => key.sk)).toEqual([
      '#USAGE#gpt-4#2030-06-01T00:00:00Z',
      '#USAGE#gpt-4#2030-06-01T00:00:00Z#daily',
      '#USAGE#gpt-4#2030-06-01T00:00:00Z#monthly',
    ]);
    expect(updates.map(added)).toEqual(Array(3).fill({ rpm: 1, total_events: 1 }));
  });

  test.each([
    ['the last second of an hour', AT + 1799, '2030-03-05T14:00:00Z', '2030-03-05T00:00:00Z', '2030-03-01T00:00:00Z'],
    ['the first second of an hour', AT + 1800, '2030-03-05T15:00:00Z', '2030-03-05T00:00:00Z', '2030-03-01T00:00:00Z'],
    ['the last second of a year', Date.UTC(2031, 0, 1) / 1000 - 1, '2030-12-31T23:00:00Z', '2030-12-31T00:00:00Z', '2030-12-01T00:00:00Z'],
    ['the last second of a leap day', Date.UTC(2032, 2, 1) / 1000 - 1, '2032-02-29T23:00:00Z', '2032-02-29T00:00:00Z', '2032-02-01T00:00:00Z'],
  ])('%s lies in the windows that began last', (_, at, hour, day, month) => {
    const updates = updatesFor([{ at }], ['hourly', 'daily', 'monthly']);

    expect(updates.map(({ changes }) => changes.get('window_start'))).toEqual([hour, day, month].map((start) => ({ setIfAbsent: text(start) })));
  });

  test.each<[UsageWindow, number]>([
    ['hourly', Date.UTC(2032, 1, 29, 13)],
    ['daily', Date.UTC(2032, 2, 1)],
    ['monthly', Date.UTC(2032, 2, 1)],
  ])('a snapshot that is %s expires the retention after its window ended, whenever it is written', (window, end) => {
    const [update] = updatesFor([{ at: Date.UTC(2032, 1, 29, 12, 34, 56) / 1000 }], [window]);

    expect(update!.changes.get('ttl')).toEqual({ setIfAbsent: int(end / 1000 + 90 * 86_400) });
  });

  test('nothing is booked together that differs in namespace, entity, resource or shard', () => {
    const different: BucketRecordOptions[] = [{}, { namespaceId: 'ns2' }, { entity: 'user-2' }, { resource: 'gpt-5' }, { shard: 1 }];

    const updates = updatesFor([...different, ...different.map((options) => ({ ...options, before: { rpm: 1000 }, after: { rpm: 3000 } }))]);

    expect(updates.map(added)).toEqual(Array(different.length).fill({ rpm: 3, total_events: 2 }));
  });
});

describe('settings for a table that goes back to the Python aggregator', () => {
  const change = (rf: number) => changesOf([bucketRecord({ more: { after: { rf: int(rf) } } })]);

  test('book by the time of the last refill, as the reference does', () => {
    const config = usageConfig({ clock: 'rf', windows: ['hourly'] });

    const starts = [Date.UTC(2030, 0, 1, 5, 59, 59, 999), 0].map((rf) => groupUsage(change(rf), config).groups[0]!.start);

    expect(starts).toEqual(['2030-01-01T05:00:00Z', '1970-01-01T00:00:00Z']);
  });

  test.each([9e15, -1, (AT + 3601) * 1000])('take the time of the change when the refill time is %d, which no clock can show', (rf) => {
    expect(groupUsage(change(rf), usageConfig({ clock: 'rf', windows: ['hourly'] })).groups[0]!.start).toBe('2030-03-05T14:00:00Z');
  });

  test('fall back to the time of the change for a bucket without a refill time', () => {
    expect(groupUsage(changesOf([bucketRecord()]), usageConfig({ clock: 'rf', windows: ['hourly'] })).groups[0]!.start).toBe('2030-03-05T14:00:00Z');
  });

  test('use its sort keys', () => {
    const config = usageConfig({ keyStyle: 'legacy', windows: ['hourly', 'daily', 'monthly'] });

    const keys = groupUsage(changesOf([bucketRecord()]), config).groups.map((group) => usageUpdate(group, config).key.sk);

    expect(keys).toEqual(['14', '00'].map((hour) => `#USAGE#gpt-4#2030-03-05T${hour}:00:00Z`).concat('#USAGE#gpt-4#2030-03-01T00:00:00Z'));
  });
});

describe('F-10: limits that are named like an attribute of the snapshot', () => {
  const reserved = [
    'PK', 'SK', 'entity_id', 'resource', 'window', 'window_start', 'total_events', 'ttl',
    'GSI1PK', 'GSI1SK', 'GSI2PK', 'GSI2SK', 'GSI3PK', 'GSI3SK', 'GSI4PK', 'GSI4SK', 'LSI1SK', 'LSI2SK', 'LSI3SK', 'LSI4SK', 'LSI5SK',
  ];

  test.each(reserved)('%s is skipped and reported, and the other limits are booked', (limit) => {
    const changes = changesOf([bucketRecord({ after: { [limit]: 9000, rpm: 1000 } })]);

    const { groups, skipped } = groupUsage(changes, usageConfig({ windows: ['hourly'] }));

    expect(skipped).toEqual([{ sequence: sequenceNumber(1), limit }]);
    expect(groups.map((group) => added(usageUpdate(group, usageConfig())))).toEqual([{ rpm: 1, total_events: 1 }]);
  });

  test('a change of nothing else is reported once, whatever the number of windows, and not booked', () => {
    const changes = changesOf([bucketRecord({ after: { ttl: 1000, window: 2000 } })]);

    const { groups, skipped } = groupUsage(changes, usageConfig({ windows: ['hourly', 'daily', 'monthly'] }));

    expect(skipped.map(({ limit }) => limit)).toEqual(['ttl', 'window']);
    expect(groups).toEqual([]);
  });
});

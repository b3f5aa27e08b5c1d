import type { BucketKey } from '@zae-limiter/client/core/bucket';
import { asOperation, asRepetition, operationOf, pullBackUpdate, splitUpdate } from '@zae-limiter/client/schema/bucket-item';
import { setAll, setAllIfAbsent, type ItemUpdate } from '@zae-limiter/client/schema/update';

const KEY: BucketKey = { namespaceId: 'ns1', entity: 'user-1', resource: 'gpt-4', shard: 3 };
const FIRST = { pk: 'ns1/BUCKET#user-1#gpt-4#0', sk: '#STATE' };

/** An update as plain data. */
const plain = ({ key, changes, conditions }: ItemUpdate) => ({ key, changes: Object.fromEntries(changes), conditions });

describe('an update of a bucket', () => {
  test('doubles the shards on the first one, whichever was hot, and only from the number that was seen', () => {
    expect(plain(splitUpdate(KEY, 4))).toEqual({
      key: FIRST, changes: { shard_count: { set: { N: '8' } } }, conditions: [{ exists: 'rf' }, { equals: ['shard_count', { N: '4' }] }],
    });
  });

  test('moves a refill time back, credits nothing, and only while it is the one that was seen', () => {
    expect(plain(pullBackUpdate(KEY, 9000, 5000))).toEqual({
      key: { pk: 'ns1/BUCKET#user-1#gpt-4#3', sk: '#STATE' }, changes: { rf: { set: { N: '5000' } } }, conditions: [{ equals: ['rf', { N: '9000' }] }],
    });
  });

  const update: ItemUpdate = { key: FIRST, changes: new Map([['b_rpm_tk', { add: -1000 }]]), conditions: [{ exists: 'rf' }] };

  test('W44: that carries an id is refused when it arrives a second time', () => {
    expect(plain(asOperation(update, 'a.1'))).toEqual({
      key: FIRST,
      changes: { b_rpm_tk: { add: -1000 }, x_op: { set: { S: 'a.1' } } },
      conditions: [{ exists: 'rf' }, { differs: ['x_op', { S: 'a.1' }] }],
    });
  });

  test.each([
    ['the operation before the first attempt is still the last one', 'b.7', { equals: ['x_op', { S: 'b.7' }] }],
    ['there still is none', undefined, { absent: 'x_op' }],
  ])('W44: that is repeated after its answer was lost holds while %s', (_, previous, condition) => {
    expect(plain(asRepetition(update, 'a.1', previous))).toEqual({
      key: FIRST, changes: { b_rpm_tk: { add: -1000 }, x_op: { set: { S: 'a.1' } } }, conditions: [{ exists: 'rf' }, condition],
    });
  });

  test('is known by the id in the item; an item that is not there or that only Python clients wrote has none', () => {
    expect([operationOf({ x_op: { S: 'a.1' } }), operationOf({}), operationOf(undefined)]).toEqual(['a.1', undefined, undefined]);
  });

  test('sets attributes, or sets those that are missing', () => {
    const item = { a: { S: 'x' }, b: { N: '1' } };

    expect(setAll(item)).toEqual([['a', { set: { S: 'x' } }], ['b', { set: { N: '1' } }]]);
    expect(setAllIfAbsent(item)).toEqual([['a', { setIfAbsent: { S: 'x' } }], ['b', { setIfAbsent: { N: '1' } }]]);
  });
});

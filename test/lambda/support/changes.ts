import type { AttributeValue, Item } from '@zae-limiter/client/schema/attributes';
import { bucketAttribute } from '@zae-limiter/client/schema/keys';
import { parseRecord, type BucketChange } from '../../../lambda-src/aggregator/parse';
import { bucketRecord, type BucketRecordOptions } from './bucket-record';

/** One limit of a bucket, as vectors describe it; all in millitokens and milliseconds. */
export interface LimitState {
  readonly tc_delta: number;
  readonly tk_milli: number;
  readonly cp_milli: number;
  readonly ra_milli: number;
  readonly rp_ms: number;
}

/** The only change of a bucket that is in this state after it. */
export function changeOf(
  limits: Readonly<Record<string, LimitState>>, rf: number, shardCount: number, options: BucketRecordOptions = {},
): BucketChange {
  const counters = (of: (state: LimitState) => number) => Object.fromEntries(Object.entries(limits).map(([name, state]) => [name, of(state)]));
  const number = (value: number): AttributeValue => ({ N: String(value) });
  const after: Item = Object.fromEntries([
    ['rf', number(rf)], ['shard_count', number(shardCount)],
    ...Object.entries(limits).flatMap(([name, { tk_milli, cp_milli, ra_milli, rp_ms }]) => [
      [bucketAttribute(name, 'tk'), number(tk_milli)], [bucketAttribute(name, 'cp'), number(cp_milli)],
      [bucketAttribute(name, 'ra'), number(ra_milli)], [bucketAttribute(name, 'rp'), number(rp_ms)],
    ]),
  ]);
  return parseRecord(bucketRecord({ before: counters(() => 0), after: counters(({ tc_delta }) => tc_delta), more: { after }, ...options }))!;
}

import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeStreamCommand, GetRecordsCommand, GetShardIteratorCommand, TrimmedDataAccessException, type DynamoDBStreamsClient,
} from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBRecord } from 'aws-lambda';
import type { Delivery } from './aggregator.js';
import type { Checkpoints } from './checkpoints.js';
import { toLambdaRecord } from './lambda-record.js';

export interface EventSourceOptions extends Delivery {
  readonly client: DynamoDBStreamsClient;
  readonly streamArn: string;
  readonly checkpoints: Checkpoints;
  /** Takes a batch of one shard. @returns sequence numbers of records to deliver again */
  readonly deliver: (records: readonly DynamoDBRecord[]) => Promise<readonly string[]>;
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Wait before a poll after one that found nothing, in milliseconds. @default 200 */
  readonly pollMs?: number;
}

/** First wait before a failed batch is delivered again, in milliseconds; doubled each time. */
const RETRY_MS = 100;

/**
 * Delivers a table's stream as Lambda does: the records of a shard in order, in batches, a failed one again from its first
 * failed record on. A record that fails for good is logged and skipped. A record may come twice.
 */
export class EventSource {
  /** Position in each shard that is read; undefined in place of the map when the shards must be looked up. */
  private iterators: Map<string, string> | undefined;
  private readonly finished = new Set<string>();

  constructor(private readonly options: EventSourceOptions) {}

  /** Delivers until the signal is aborted. Errors of the stream are logged, and tried again. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const found = await this.poll(signal).catch((error: unknown) => {
        if (!signal.aborted) this.options.log('Error reading the stream', { exception: String(error) });
        this.iterators = undefined; // they may be too old
        return 0;
      });
      if (found === 0) await pause(this.options.pollMs ?? 200, signal);
    }
  }

  /** Delivers what there is. @returns the number of records */
  async poll(signal: AbortSignal): Promise<number> {
    this.iterators ??= await this.open();
    let found = 0;
    for (const [shard, iterator] of [...this.iterators]) {
      if (signal.aborted) break;
      found += await this.read(shard, iterator, signal);
    }
    return found;
  }

  private async read(shard: string, iterator: string, signal: AbortSignal): Promise<number> {
    const { client, batchSize, streamArn } = this.options;
    const command = new GetRecordsCommand({ ShardIterator: iterator, Limit: batchSize });
    const { Records = [], NextShardIterator } = await client.send(command, { abortSignal: signal });
    await this.deliver(shard, Records.map((record) => toLambdaRecord(record, streamArn)), signal);
    if (signal.aborted) return 0;
    if (NextShardIterator !== undefined) {
      this.iterators!.set(shard, NextShardIterator);
      return Records.length;
    }
    this.finished.add(shard);
    this.iterators = undefined; // its children are to be found
    return Math.max(Records.length, 1);
  }

  private async deliver(shard: string, records: readonly DynamoDBRecord[], signal: AbortSignal): Promise<void> {
    const { checkpoints, retryAttempts, log } = this.options;
    const done = (upTo: number): void => {
      if (upTo > 0) checkpoints.set(shard, sequenceOf(records[upTo - 1]!));
    };
    for (let from = 0, attempt = 0; from < records.length && !signal.aborted;) {
      const failed = await this.firstFailed(records, from);
      if (failed > from) attempt = 0;
      from = failed;
      if (from < records.length && attempt++ === retryAttempts) {
        log('A record failed for good and is skipped', { sequence: sequenceOf(records[from]!), keys: records[from]!.dynamodb?.Keys });
        from += 1;
        attempt = 0;
      }
      done(from);
      if (attempt > 0) await pause(RETRY_MS * 2 ** (attempt - 1), signal);
    }
  }

  /** Delivers the records from a place on. @returns the place of the first that failed, or their number */
  private async firstFailed(records: readonly DynamoDBRecord[], from: number): Promise<number> {
    try {
      const failed = new Set(await this.options.deliver(records.slice(from)));
      const at = records.findIndex((record, place) => place >= from && failed.has(sequenceOf(record)));
      return at < 0 ? records.length : at;
    } catch (error) {
      this.options.log('Error delivering a batch', { exception: String(error) });
      return from;
    }
  }

  private async open(): Promise<Map<string, string>> {
    const iterators = new Map<string, string>();
    for (const shard of await this.shards()) {
      if (!this.finished.has(shard)) iterators.set(shard, await this.iteratorOf(shard));
    }
    return iterators;
  }

  /** Oldest first. A child of a shard that is still read waits until its parent is finished. */
  private async shards(): Promise<string[]> {
    const { client, streamArn: StreamArn } = this.options;
    const all: { readonly ShardId?: string; readonly ParentShardId?: string }[] = [];
    for (let ExclusiveStartShardId: string | undefined, first = true; first || ExclusiveStartShardId !== undefined; first = false) {
      const { StreamDescription } = await client.send(new DescribeStreamCommand({ StreamArn, ExclusiveStartShardId }));
      all.push(...StreamDescription!.Shards!);
      ExclusiveStartShardId = StreamDescription!.LastEvaluatedShardId;
    }
    const unread = new Set(all.map(({ ShardId }) => ShardId!).filter((id) => !this.finished.has(id)));
    return all.filter(({ ParentShardId }) => ParentShardId === undefined || !unread.has(ParentShardId)).map(({ ShardId }) => ShardId!);
  }

  private async iteratorOf(ShardId: string): Promise<string> {
    const { client, streamArn: StreamArn, checkpoints } = this.options;
    const SequenceNumber = checkpoints.get(ShardId);
    const start = async (position: object): Promise<string> =>
      (await client.send(new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON', ...position }))).ShardIterator!;
    if (SequenceNumber === undefined) return start({});
    return start({ ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber }).catch(async (error: unknown) => {
      if (!(error instanceof TrimmedDataAccessException)) throw error;
      checkpoints.forget(ShardId);
      return start({});
    });
  }
}

const sequenceOf = (record: DynamoDBRecord): string => record.dynamodb!.SequenceNumber!;

const pause = async (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal }).catch(() => {});

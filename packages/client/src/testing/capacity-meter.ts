import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** What calls cost, as DynamoDB reported it. */
export interface Consumption {
  /** Requests that reached DynamoDB, failed conditions included. */
  readonly calls: number;
  /** Names of the operations, in order. */
  readonly operations: readonly string[];
  /** Write units, those of the indexes included. DynamoDB Local reports none for a failed condition; AWS bills it like the write. */
  readonly writeUnits: number;
  /** Read units, those of the indexes included. */
  readonly readUnits: number;
  /** Calls whose condition failed. */
  readonly refused: number;
}

interface Capacity {
  readonly TableName?: string;
  readonly CapacityUnits?: number;
  readonly ReadCapacityUnits?: number;
  readonly WriteCapacityUnits?: number;
}

const READS: ReadonlySet<string> = new Set(['GetItemCommand', 'BatchGetItemCommand', 'QueryCommand', 'ScanCommand', 'TransactGetItemsCommand']);

/**
 * Counts the calls of a client and the capacity that they consume, by asking DynamoDB for it with every call.
 *
 * @example
 * ```ts
 * const meter = new CapacityMeter(client);
 * const before = meter.take();
 * await limiter.acquire({ entity: 'user-1', resource: 'api', consume: { rpm: 1 } });
 * const { calls, writeUnits } = meter.take();
 * ```
 */
export class CapacityMeter {
  private operations: string[] = [];
  private writeUnits = 0;
  private readUnits = 0;
  private refused = 0;

  constructor(client: DynamoDBClient) {
    client.middlewareStack.add((next, { commandName = '' }) => async (args) => {
      this.operations.push(commandName.replace(/Command$/, ''));
      (args.input as { ReturnConsumedCapacity?: string }).ReturnConsumedCapacity = 'INDEXES';
      try {
        const result = await next(args);
        const capacity = (result.output as { ConsumedCapacity?: Capacity | Capacity[] }).ConsumedCapacity;
        for (const { CapacityUnits = 0 } of [capacity ?? []].flat()) {
          if (READS.has(commandName)) this.readUnits += CapacityUnits;
          else this.writeUnits += CapacityUnits;
        }
        return result;
      } catch (error) {
        if ((error as Error).name === 'ConditionalCheckFailedException') this.refused++;
        throw error;
      }
    }, { step: 'initialize', name: 'capacityMeter' });
  }

  /** What was consumed since the last call of this method. */
  take(): Consumption {
    const { operations, writeUnits, readUnits, refused } = this;
    this.operations = [];
    this.writeUnits = this.readUnits = this.refused = 0;
    return { calls: operations.length, operations, writeUnits, readUnits, refused };
  }
}

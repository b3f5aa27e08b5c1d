import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the calls between two readings cost, as DynamoDB reports it. */
export interface Cost {
  /** Operation names in order; a refused condition counts too. */
  readonly calls: readonly string[];
  /** Calls one after the other: those at the same time count once. */
  readonly roundTrips: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  /** Calls whose condition failed. AWS bills them like the write; DynamoDB Local reports no capacity for them. */
  readonly refused: number;
}

interface Capacity {
  readonly CapacityUnits?: number;
}

const READS = new Set(['GetItem', 'BatchGetItem', 'Query']);

/**
 * Stands between every client and DynamoDB, asks for the consumed capacity with each call (indexes included), and adds
 * it up. A proxy, and not a middleware, because the Lambda bundles bring their own client.
 */
export class MeteringProxy {
  static async start(target: string): Promise<MeteringProxy> {
    const proxy = new MeteringProxy(target);
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  private calls: string[] = [];
  private roundTrips = 0;
  private underWay = 0;
  private writeUnits = 0;
  private readUnits = 0;
  private refused = 0;
  private readonly server = createServer((request, response) => {
    if (this.underWay++ === 0) this.roundTrips++;
    void this.forward(request).finally(() => { this.underWay--; }).then(({ status, type, body }) => {
      response.writeHead(status, { 'content-type': type });
      response.end(body);
    }, (error: unknown) => response.destroy(error as Error));
  });

  private constructor(private readonly target: string) {}

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The cost since the last reading. */
  take(): Cost {
    const { calls, roundTrips, writeUnits, readUnits, refused } = this;
    this.calls = [];
    this.roundTrips = this.writeUnits = this.readUnits = this.refused = 0;
    return { calls, roundTrips, writeUnits, readUnits, refused };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async forward(request: IncomingMessage): Promise<{ status: number; type: string; body: string }> {
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    const body = await text(request);
    const { 'x-amz-target': target, 'authorization': authorization, 'x-amz-date': date, 'content-type': type } = request.headers;
    const measured = JSON.stringify({ ...JSON.parse(body) as object, ReturnConsumedCapacity: 'INDEXES' });
    const answer = await fetch(this.target, {
      method: 'POST',
      headers: { 'x-amz-target': `${target}`, 'authorization': `${authorization}`, 'x-amz-date': `${date}`, 'content-type': `${type}` },
      body: measured,
    });
    const result = await answer.text();
    if (result.includes('ConditionalCheckFailedException')) this.refused++;
    this.count(operation, (JSON.parse(result) as { ConsumedCapacity?: Capacity | Capacity[] }).ConsumedCapacity);
    return { status: answer.status, type: answer.headers.get('content-type')!, body: result };
  }

  private count(operation: string, capacity: Capacity | Capacity[] = []): void {
    this.calls.push(operation);
    for (const { CapacityUnits = 0 } of [capacity].flat()) {
      if (READS.has(operation)) this.readUnits += CapacityUnits;
      else this.writeUnits += CapacityUnits;
    }
  }
}

async function text(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk as string;
  return body;
}

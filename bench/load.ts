/** A load on one subject: callers that each send the next request as soon as the last was answered. */
export interface Load {
  /** What is asked of the subject, one of its cases. */
  readonly name: string;
  readonly keys: Keys;
  readonly callers: number;
  readonly ms: number;
  /** How long it is on before it is measured. */
  readonly warmUpMs: number;
  /** Nothing but the requests may call the database, because calls are counted. What the load needs was prepared by an earlier one. */
  readonly metered?: boolean;
  /** Limits in the bucket, for the cases that vary it. */
  readonly limits?: number;
}

/** How the requests are spread: a number of keys in turn, or a thousand of which the first are asked most. */
export type Keys = number | 'zipf';

/** What was measured while a load was on. */
export interface Window {
  readonly operations: number;
  readonly ms: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of the processes that sent the load, user and system, for one operation. */
  readonly cpuUs: number;
  /** Calls of DynamoDB for one operation; undefined where they are not counted. */
  readonly calls?: number;
}

/** Sends one request for a key. Rejects when the answer is not the one that the case is about. */
export type Request = (key: number) => Promise<unknown>;

const ZIPF_KEYS = 1000;

/** Puts the load on, and measures it. A request that fails ends it. */
export async function runLoad(request: Request, next: () => number, { callers, ms }: Pick<Load, 'callers' | 'ms'>): Promise<Window> {
  const latencies: number[] = [];
  const cpu = process.cpuUsage();
  const began = performance.now();
  const ends = began + ms;
  await Promise.all(Array.from({ length: callers }, async () => {
    for (let sent = began; sent < ends;) { // each caller sends one at least, however busy the machine is
      await request(next());
      const answered = performance.now();
      latencies.push(answered - sent);
      sent = answered;
    }
  }));
  const { user, system } = process.cpuUsage(cpu);
  return {
    operations: latencies.length,
    ms: performance.now() - began,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    cpuUs: (user + system) / latencies.length,
  };
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}

/** The keys of a load's requests, one after the other. */
export function keySource(keys: Keys): () => number {
  let at = 0;
  if (keys !== 'zipf') return () => at++ % keys;
  const weights = Array.from({ length: ZIPF_KEYS }, (_, rank) => 1 / (rank + 1));
  const total = weights.reduce((sum, weight) => sum + weight);
  const order = weights.flatMap((weight, key) => Array.from({ length: Math.max(1, Math.round((weight / total) * 10 * ZIPF_KEYS)) }, () => key));
  return () => order[(at++ * 7919) % order.length]!; // a prime step: spread, and every place once a round
}

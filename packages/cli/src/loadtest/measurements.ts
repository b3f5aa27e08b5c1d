import { Type, type Static } from '@sinclair/typebox';
import { fields } from '../output/result.js';
import { count } from '../output/text.js';

/** What became of a request. */
export type Outcome = 'allowed' | 'denied' | 'failed';

const Milliseconds = Type.Union([Type.Number(), Type.Null()], { description: 'milliseconds; null without an answer' });

export const SummarySchema = Type.Object({
  requests: Type.Integer(),
  requestsPerSecond: Type.Number(),
  denied: Type.Integer({ description: 'refused by a limit' }),
  failures: Type.Integer({ description: 'answered neither yes nor no' }),
  averageMs: Milliseconds, minMs: Milliseconds, maxMs: Milliseconds, p50Ms: Milliseconds, p95Ms: Milliseconds, p99Ms: Milliseconds,
  seconds: Type.Number({ description: 'how long the load took' }),
  errors: Type.Record(Type.String(), Type.Integer(), { description: 'failures by their message' }),
});

export type Summary = Static<typeof SummarySchema>;

/** Collects what requests took, and sums it up. */
export class Measurements {
  private readonly latencies: number[] = [];
  private readonly errors = new Map<string, number>();
  private denied = 0;

  get requests(): number {
    return this.latencies.length;
  }

  /** @param error what was thrown, for a request that failed */
  add(outcome: Outcome, latencyMs: number, error?: unknown): void {
    this.latencies.push(latencyMs);
    if (outcome === 'denied') this.denied++;
    if (outcome !== 'failed') return;
    const message = error instanceof Error ? error.message : String(error);
    this.errors.set(message, (this.errors.get(message) ?? 0) + 1);
  }

  summary(elapsedMs: number): Summary {
    const sorted = Float64Array.from(this.latencies).sort();
    const total = sorted.reduce((sum, latency) => sum + latency, 0);
    const requests = sorted.length;
    return {
      requests, denied: this.denied, failures: [...this.errors.values()].reduce((sum, times) => sum + times, 0),
      requestsPerSecond: elapsedMs > 0 ? rounded((requests / elapsedMs) * 1000) : 0,
      averageMs: requests === 0 ? null : rounded(total / requests),
      minMs: percentile(sorted, 0), maxMs: percentile(sorted, 1),
      p50Ms: percentile(sorted, 0.5), p95Ms: percentile(sorted, 0.95), p99Ms: percentile(sorted, 0.99),
      seconds: rounded(elapsedMs / 1000), errors: Object.fromEntries(this.errors),
    };
  }
}

/** By nearest rank: a latency that was measured, none in between. */
function percentile(sorted: Float64Array, part: number): number | null {
  return sorted.length === 0 ? null : rounded(sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)]!);
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

export const milliseconds = (value: number | null): string => (value === null ? '-' : `${value.toFixed(1)} ms`);

/** A summary as people read it. */
export function summaryLines(summary: Summary): string[] {
  const { requests, requestsPerSecond, denied, failures, averageMs, minMs, maxMs, p50Ms, p95Ms, p99Ms, errors } = summary;
  const part = (some: number): string => `${count(some)} (${requests === 0 ? '0.0' : ((some / requests) * 100).toFixed(1)}%)`;
  return [
    ...fields([
      ['Requests', count(requests)], ['RPS', requestsPerSecond.toFixed(1)], ['Failures', part(failures)], ['Denied', part(denied)],
      ['Avg', milliseconds(averageMs)], ['Min/Max', `${milliseconds(minMs)} / ${milliseconds(maxMs)}`],
      ['p50', milliseconds(p50Ms)], ['p95', milliseconds(p95Ms)], ['p99', milliseconds(p99Ms)],
    ]),
    ...Object.entries(errors).map(([message, times]) => `  ${count(times)} times: ${message}`),
  ];
}

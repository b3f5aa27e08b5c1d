import { Limit } from '@zae-limiter/client/core/limit';
import { RateLimiter, type OpenOptions } from '@zae-limiter/client/limiter/rate-limiter';

/** Entity and resource of the bucket that the probe takes from. The function's role may write to no other. */
export const CANARY = 'zae-limiter-probe';

/** Comes with the request, so that nobody has to store it: far more than the probe takes, whatever its interval. */
const LIMITS = [Limit.perMinute('probes', 60)];

const DAY_MS = 86_400_000;

/** What one attempt found. */
export type Outcome = { readonly latencyMs: number } | { readonly code: string; readonly reason: string };

/**
 * Does what an application does: takes a token, and gives it back.
 *
 * A limiter that worked is kept, so that the next attempt measures a request and not a connection. After a failure it is opened
 * again, which finds out what is gone: the table, or the namespace.
 */
export class Probe {
  private limiter: RateLimiter | undefined;

  /** @param now milliseconds that only grow */
  constructor(private readonly options: OpenOptions, private readonly now: () => number = () => performance.now()) {}

  /** One attempt: 2 writes of 1 write unit, and 4 reads when it is the first or follows a failure. Never throws: a failure is a finding. */
  async attempt(): Promise<Outcome> {
    try {
      return { latencyMs: await this.takeAndGiveBack() };
    } catch (error) {
      this.limiter = undefined;
      const { code, name, message } = error as Error & { code?: string };
      return { code: code ?? name, reason: message };
    }
  }

  /** @returns how long it took until the token was taken, in milliseconds; opening the limiter is not counted */
  private async takeAndGiveBack(): Promise<number> {
    // Each attempt is to find out by itself, so nothing is refused from memory. Reads in the background would be cut off with
    // the invocation, and the canary's place in the hierarchy never changes.
    this.limiter ??= await RateLimiter.open({ ...this.options, denyTtlMs: 0, breaker: false, cache: { ttlMs: DAY_MS } });
    const started = this.now();
    const lease = await this.limiter.acquire({ entity: CANARY, resource: CANARY, consume: { probes: 1 }, limits: LIMITS, onUnavailable: 'block' });
    const latencyMs = this.now() - started;
    await lease.rollback();
    return latencyMs;
  }
}

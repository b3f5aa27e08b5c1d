import type { ZaeLimiterError } from '../core/errors.js';
import type { LimitView } from '../core/limit-view.js';

/** What a limiter tells its listeners. */
export interface LimiterEvents {
  /** A request was refused, or would have been (`shadow`). */
  denied: { readonly entity: string; readonly resource: string; readonly violations: readonly LimitView[]; readonly shadow: boolean };
  /** A request was let through without the store, because of its policy for outages. */
  degraded: { readonly entity: string; readonly resource: string; readonly cause: ZaeLimiterError };
  /** Corrections of a lease that was granted without the store were dropped. */
  correctionsDropped: { readonly entity: string; readonly resource: string; readonly amounts: Readonly<Record<string, number>> };
  /** The store answers again, after it had been left alone because it did not. */
  recovered: { readonly table: string };
  /** A lease could not be settled; the amounts, positive for taken, are those that were not written. */
  settlementFailed: {
    readonly entity: string;
    readonly resource: string;
    readonly amounts: Readonly<Record<string, number>>;
    readonly cause: unknown;
  };
  /** DynamoDB throttled a bucket, which now has this many shards. */
  shardSplit: { readonly entity: string; readonly resource: string; readonly shards: number };
  /** Somebody credited a bucket up to a time that is more than a minute in the future: no refill until then. */
  clockAhead: { readonly entity: string; readonly resource: string; readonly aheadMs: number };
}

type Listener<E extends keyof LimiterEvents> = (event: LimiterEvents[E]) => void;

/** Listeners by event. One that throws does not disturb the others, nor the request that it hears of. */
export class EventHub {
  private readonly listeners = new Map<keyof LimiterEvents, Set<Listener<never>>>();

  /** Adds a listener; the function that it returns takes it away again. */
  on<E extends keyof LimiterEvents>(event: E, listener: Listener<E>): () => void {
    const all = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, all.add(listener));
    return () => void all.delete(listener);
  }

  emit<E extends keyof LimiterEvents>(event: E, detail: LimiterEvents[E]): void {
    for (const listener of this.listeners.get(event) ?? []) {
      try {
        const running: unknown = (listener as Listener<E>)(detail);
        if (running instanceof Promise) running.catch(() => undefined);
      } catch {
        // a listener's failure is its own
      }
    }
  }
}

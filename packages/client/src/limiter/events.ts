import type { ZaeLimiterError } from '../core/errors.js';

/** What a limiter tells its listeners. */
export interface LimiterEvents {
  /** A lease could not be settled after its body succeeded; the amounts are those that were not written. */
  settlementFailed: {
    readonly entity: string;
    readonly resource: string;
    readonly amounts: Readonly<Record<string, number>>;
    readonly cause: unknown;
  };
  /** A request was let through without the store, because its policy for outages is `allow`. */
  degraded: { readonly entity: string; readonly resource: string; readonly cause: ZaeLimiterError };
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
        (listener as Listener<E>)(detail);
      } catch {
        // a listener's failure is its own
      }
    }
  }
}

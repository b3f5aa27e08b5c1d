import type { Clock } from '../core/clock.js';
import { LimiterUnavailableError } from '../core/errors.js';
import type { Item } from '../schema/attributes.js';
import type { PrimaryKey } from '../schema/keys.js';
import type { ItemUpdate } from '../schema/update.js';
import type { ReadOptions, RequestStore, UpdateOptions, UpdateOutcome } from './store.js';

export interface BreakerPolicy {
  /** Calls in a row without an answer after which the store is left alone. 1 or more. @default 5 */
  readonly failures?: number;
  /** How long it is left alone before one call tries again, in milliseconds. @default 1000 */
  readonly coolDownMs?: number;
}

/**
 * A store that is left alone for a moment after it did not answer several times in a row, so that an outage costs each
 * caller nothing instead of a time-out. After each moment one call tries; the others go on failing at once until one succeeds.
 *
 * Only calls without an answer count: a store that throttles or refuses is there.
 */
export class CircuitBreaker implements RequestStore {
  private failed = 0;
  /** Epoch milliseconds from which one call may try. */
  private closedUntil = -Infinity;
  private readonly failures: number;
  private readonly coolDownMs: number;

  /** @param onRecover called when a call succeeds after the store was left alone */
  constructor(
    private readonly store: RequestStore, private readonly clock: Clock, { failures = 5, coolDownMs = 1000 }: BreakerPolicy,
    private readonly onRecover: () => void,
  ) {
    this.failures = failures;
    this.coolDownMs = coolDownMs;
  }

  get tableName(): string {
    return this.store.tableName;
  }

  update(update: ItemUpdate, options?: UpdateOptions): Promise<UpdateOutcome> {
    return this.guard(() => this.store.update(update, options));
  }

  get(key: PrimaryKey, options?: ReadOptions): Promise<Item | undefined> {
    return this.guard(() => this.store.get(key, options));
  }

  getMany(keys: readonly PrimaryKey[], options?: ReadOptions): Promise<readonly (Item | undefined)[]> {
    return this.guard(() => this.store.getMany(keys, options));
  }

  private async guard<T>(call: () => Promise<T>): Promise<T> {
    const open = this.failed >= this.failures;
    if (open && this.clock.now() < this.closedUntil) {
      throw new LimiterUnavailableError(`table '${this.tableName}' did not answer ${this.failed} times in a row; it is left alone for a moment`, true);
    }
    if (open) this.closedUntil = this.clock.now() + this.coolDownMs; // one call tries, and another if it never ends
    try {
      const answer = await call();
      this.succeeded();
      return answer;
    } catch (error) {
      if (LimiterUnavailableError.is(error) && error.reason === 'unanswered') {
        this.failed++;
        this.closedUntil = this.clock.now() + this.coolDownMs;
      } else {
        this.succeeded();
      }
      throw error;
    }
  }

  private succeeded(): void {
    const recovered = this.failed >= this.failures;
    this.failed = 0;
    if (recovered) this.onRecover();
  }
}

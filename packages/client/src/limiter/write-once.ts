import type { Clock } from '../core/clock.js';
import { LimiterUnavailableError } from '../core/errors.js';
import type { Item } from '../schema/attributes.js';
import { asOperation, asRepetition, operationOf } from '../schema/bucket-item.js';
import type { ItemUpdate } from '../schema/update.js';
import type { RequestStore } from '../store/store.js';

/** What became of a write. `unknown`: it may have been done, and others wrote since. */
export interface OnceOutcome {
  readonly result: 'applied' | 'refused' | 'unknown';
  /** The item as the write left or found it; undefined when there is none. */
  readonly item: Item | undefined;
}

export interface OnceOptions {
  /** Operation that last changed the item, as far as it is known. */
  readonly previous: string | undefined;
  /** Times that the write is sent at most. */
  readonly attempts: number;
  /** Longest wait for each answer, in milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  /** Called each time that the store was too busy. */
  onThrottle(): void;
}

/** Waits between attempts, in milliseconds; each is drawn from its upper half, so that processes do not return together. */
const BACKOFF_MS = [20, 40, 80, 160];

/**
 * Writes a bucket once, however often it has to be sent.
 *
 * DynamoDB's ADD is not idempotent, and a write whose answer was lost may have been done. Every write leaves an id in the
 * item; when it is sent again, the item shows whether the first was done (W44). Only when others wrote in between does
 * that stay unknown.
 *
 * @throws {LimiterUnavailableError} the store refused, or did not answer often enough; with reason `unanswered` the write may
 * have been done
 */
export async function writeOnce(store: RequestStore, update: ItemUpdate, options: OnceOptions): Promise<OnceOutcome> {
  const { previous, attempts, timeoutMs, clock, random, onThrottle } = options;
  const id = newOperation();
  let lost: LimiterUnavailableError | undefined; // the first failure after which the write may have been done
  for (let attempt = 1; ; attempt++) {
    try {
      const sent = lost === undefined ? asOperation(update, id) : asRepetition(update, id, previous);
      const { applied, item } = await store.update(sent, { timeoutMs, repeat: false });
      if (applied || operationOf(item) === id) return { result: 'applied', item };
      const untouched = lost === undefined || operationOf(item) === previous;
      return { result: untouched ? 'refused' : 'unknown', item };
    } catch (error) {
      if (!LimiterUnavailableError.is(error)) throw error;
      if (error.reason === 'throttled') onThrottle();
      if (error.reason === 'unanswered') lost ??= error;
      if (error.reason === 'rejected' || attempt === attempts) throw lost ?? error;
      const wait = BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length) - 1]!;
      await clock.sleep(wait / 2 + (random() * wait) / 2);
    }
  }
}

/** Differs for every process; short, because every write carries it. */
const PROCESS = Buffer.from(crypto.getRandomValues(new Uint8Array(6))).toString('base64url');
let operations = 0;

function newOperation(): string {
  return `${PROCESS}.${(operations++).toString(36)}`;
}

import type { Amounts } from '../core/bucket.js';
import { UnknownLimitError, ValidationError } from '../core/errors.js';
import { checkEntityId, checkLimitName, checkResource } from '../core/identifiers.js';
import { checkLimits, MAX_LIMIT_VALUE, type Limit } from '../core/limit.js';
import { checkOutagePolicy, type OutagePolicy } from '../core/on-unavailable.js';
import { MILLI } from '../core/token-bucket.js';

/** What to take, from whom, for what. */
export interface AcquireRequest {
  /** Who is limited: a user, key or tenant. */
  readonly entity: string;
  /** What is protected: a model, route or job. */
  readonly resource: string;
  /** Whole tokens per limit name, 0 or more. All are taken, or none. Every name must be a limit that applies. */
  readonly consume: Readonly<Record<string, number>>;
  /** Limits to use instead of the stored ones, for the entity and its parent. @default the stored limits of the entity, resource or system */
  readonly limits?: readonly Limit[];
  /** What to do when the store cannot answer. @default the stored policy, else that of the limiter, else `block` */
  readonly onUnavailable?: OutagePolicy;
  /** Wait for tokens instead of being refused at once. @default false */
  readonly wait?: false | WaitOptions;
  /** `shadow` lets a request pass that would be refused, takes nothing for it, and says so. @default 'enforce' */
  readonly mode?: 'enforce' | 'shadow';
  /** Gives up when it is aborted: the call rejects with the signal's reason, and nothing stays taken. */
  readonly signal?: AbortSignal;
}

/** How long a request may wait for tokens. Requests of a process for the same bucket are served in the order in which they came. */
export interface WaitOptions {
  /** Longest wait in milliseconds, more than 0. A request that could not pass within it is refused at once. */
  readonly maxMs: number;
  /**
   * Part of the computed wait, from 0 to 1, that is added at random, so that processes do not come back together.
   *
   * @default 0.1
   */
  readonly jitter?: number;
}

/**
 * Checks everything about a request that needs no call.
 *
 * @returns millitokens per limit name
 */
export function checkRequest({ entity, resource, consume, limits, onUnavailable, wait, mode }: AcquireRequest): Amounts {
  checkEntityId(entity);
  checkResource(resource);
  if (limits !== undefined) checkLimits(limits);
  checkOutagePolicy(onUnavailable);
  if (wait !== undefined && wait !== false) checkWait(wait);
  if (mode !== undefined && mode !== 'enforce' && mode !== 'shadow') throw new ValidationError('mode', mode, 'unknown', "must be 'enforce' or 'shadow'");
  const amounts = checkAmounts(consume, 'amount');
  if (amounts.size === 0) throw new ValidationError('consume', '{}', 'empty', 'must name at least one limit');
  return amounts;
}

function checkWait({ maxMs, jitter = 0 }: WaitOptions): void {
  if (!(maxMs > 0)) throw new ValidationError('wait.maxMs', maxMs, 'not_positive', 'must be more than 0 milliseconds');
  if (!(jitter >= 0 && jitter <= 1)) throw new ValidationError('wait.jitter', jitter, 'format', 'must be from 0 to 1');
}

/** Checks whole tokens per limit name; a `delta` may be negative. */
export function checkAmounts(tokens: Readonly<Record<string, number>>, kind: 'amount' | 'delta'): Amounts {
  if (typeof tokens !== 'object' || tokens === null) throw new ValidationError('consume', tokens, 'type', 'must be an object of amounts by limit name');
  const amounts = new Map<string, number>();
  for (const [name, amount] of Object.entries(tokens)) {
    const field = `consume.${name}`;
    checkLimitName(name, field);
    if (!Number.isInteger(amount)) throw new ValidationError(field, amount, 'not_an_integer', 'must be an integer');
    if (kind === 'amount' && amount < 0) throw new ValidationError(field, amount, 'negative', 'must not be negative');
    if (Math.abs(amount) > MAX_LIMIT_VALUE) throw new ValidationError(field, amount, 'too_large', `must be at most ${MAX_LIMIT_VALUE}`);
    amounts.set(name, amount * MILLI);
  }
  return amounts;
}

/** Refuses a request for a limit that does not apply; taking it as unlimited would hide a slip (W26). */
export function checkKnown(amounts: Amounts, limits: readonly Limit[]): void {
  for (const wanted of amounts.keys()) {
    if (!limits.some(({ name }) => name === wanted)) throw new UnknownLimitError(wanted, limits.map(({ name }) => name));
  }
}

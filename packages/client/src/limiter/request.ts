import type { Amounts } from '../core/bucket.js';
import { UnknownLimitError, ValidationError } from '../core/errors.js';
import { checkEntityId, checkLimitName, checkResource } from '../core/identifiers.js';
import { checkLimits, MAX_LIMIT_VALUE, type Limit } from '../core/limit.js';
import { checkOnUnavailable, type OnUnavailable } from '../core/on-unavailable.js';
import { MILLI } from '../core/token-bucket.js';

/** What to take, from whom, for what. */
export interface AcquireRequest {
  /** Who is limited: a user, key or tenant. */
  readonly entity: string;
  /** What is protected: a model, route or job. */
  readonly resource: string;
  /** Whole tokens per limit name, 0 or more. All are taken, or none. Every name must be a limit that applies. */
  readonly consume: Readonly<Record<string, number>>;
  /** Limits to use instead of the stored ones. @default the stored limits of the entity, resource or system */
  readonly limits?: readonly Limit[];
  /** What to do when the store cannot answer. @default the stored policy, else that of the limiter, else `block` */
  readonly onUnavailable?: OnUnavailable;
}

/**
 * Checks everything about a request that needs no call.
 *
 * @returns millitokens per limit name
 */
export function checkRequest({ entity, resource, consume, limits, onUnavailable }: AcquireRequest): Amounts {
  checkEntityId(entity);
  checkResource(resource);
  if (limits !== undefined) checkLimits(limits);
  checkOnUnavailable(onUnavailable);
  const amounts = checkAmounts(consume, 'amount');
  if (amounts.size === 0) throw new ValidationError('consume', '{}', 'empty', 'must name at least one limit');
  return amounts;
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
  const names = limits.map(({ name }) => name);
  for (const name of amounts.keys()) {
    if (!names.includes(name)) throw new UnknownLimitError(name, names);
  }
}

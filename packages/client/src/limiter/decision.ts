import { RateLimitExceededError, type LimiterUnavailableError } from '../core/errors.js';
import type { LimitView } from '../core/limit-view.js';
import type { Lease } from './lease.js';

/** The answer to a request. `allowed` tells whether to go on; `outcome` tells why. */
export type Decision =
  AllowedDecision | ShadowDecision | DegradedDecision | LimitedDecision | UnsatisfiableDecision | UnavailableDecision;

/** A decision without the lease that it came with. */
export type Check = Decision extends infer D ? D extends { readonly lease: Lease } ? Omit<D, 'lease'> : D : never;

/** The tokens were taken. */
export interface AllowedDecision {
  readonly outcome: 'allowed';
  readonly allowed: true;
  /** Every limit of the entity, then of its parent when it is charged too. */
  readonly limits: readonly LimitView[];
  readonly lease: Lease;
}

/** The request would have been refused, and its mode is `shadow`: nothing was taken. */
export interface ShadowDecision {
  readonly outcome: 'shadow';
  readonly allowed: true;
  /** The limits that were short, longest wait first. Never empty. */
  readonly wouldDeny: readonly LimitView[];
  readonly limits: readonly LimitView[];
  readonly lease: Lease;
}

/** The store did not answer and the policy is `allow`, or `local` and there was room: nothing was taken from the table. */
export interface DegradedDecision {
  readonly outcome: 'degraded';
  readonly allowed: true;
  readonly cause: LimiterUnavailableError;
  readonly limits: readonly LimitView[];
  readonly lease: Lease;
}

/** A limit is short; nothing was taken. */
export interface LimitedDecision {
  readonly outcome: 'limited';
  readonly allowed: false;
  /** The limits that were short, longest wait first. Never empty. */
  readonly violations: readonly LimitView[];
  /** Milliseconds until the request could pass, if nobody else takes the tokens. */
  readonly retryAfterMs: number;
  readonly limits: readonly LimitView[];
  /** How long the request waited, and how many of this process were before it; undefined when it did not want to wait. */
  readonly waited?: { readonly ms: number; readonly position: number };
}

/** The request asks for more than a limit's capacity, so it can never pass; nothing was taken. */
export interface UnsatisfiableDecision {
  readonly outcome: 'unsatisfiable';
  readonly allowed: false;
  readonly violations: readonly LimitView[];
  readonly limits: readonly LimitView[];
}

/** The store did not answer and the policy is `block`. */
export interface UnavailableDecision {
  readonly outcome: 'unavailable';
  readonly allowed: false;
  readonly cause: LimiterUnavailableError;
  readonly limits: readonly [];
}

/** A request that was let through. Few callers look at its limits, so they are made when one does. */
export class Allowed implements AllowedDecision {
  /** A property of its own, so that a copy has it too; the same for all, so that they keep one shape. */
  private static readonly LIMITS: PropertyDescriptor & ThisType<Allowed> = {
    enumerable: true,
    get() { return this.lease.limitsAtStart(); },
  };

  readonly outcome = 'allowed';
  readonly allowed = true;
  declare readonly limits: readonly LimitView[];

  constructor(readonly lease: Lease) {
    Object.defineProperty(this, 'limits', Allowed.LIMITS);
  }
}

/** The refusal that limits show, at least one of which was exceeded. */
export function refusal(limits: readonly LimitView[]): LimitedDecision | UnsatisfiableDecision {
  const { violations, retryAfterMs } = new RateLimitExceededError(limits);
  return retryAfterMs === undefined
    ? { outcome: 'unsatisfiable', allowed: false, violations, limits }
    : { outcome: 'limited', allowed: false, violations, retryAfterMs, limits };
}

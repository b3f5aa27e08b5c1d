import type { LimiterUnavailableError } from '../core/errors.js';
import type { LimitView } from '../core/limit-view.js';
import type { Lease } from './lease.js';

/** The answer to a request. `allowed` tells whether to go on; `outcome` tells why. */
export type Decision = AllowedDecision | DegradedDecision | LimitedDecision | UnsatisfiableDecision | UnavailableDecision;

/** The tokens were taken. */
export interface AllowedDecision {
  readonly outcome: 'allowed';
  readonly allowed: true;
  readonly limits: readonly LimitView[];
  readonly lease: Lease;
}

/** The store did not answer and the policy is `allow`: nothing was taken. */
export interface DegradedDecision {
  readonly outcome: 'degraded';
  readonly allowed: true;
  readonly cause: LimiterUnavailableError;
  readonly limits: readonly [];
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

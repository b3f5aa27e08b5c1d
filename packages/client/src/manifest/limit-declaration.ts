import { Limit } from '../core/limit.js';

/** One limit as a limits manifest declares it. */
export interface LimitDeclaration {
  /** Whole tokens. */
  readonly capacity: number;
  /** Older name for a capacity that is larger than the rate. */
  readonly burst?: number;
  /** Whole tokens that come back every period. @default capacity */
  readonly refill_amount?: number;
  /** Seconds. @default 60 */
  readonly refill_period?: number;
}

const DEFAULT_PERIOD_SECONDS = 60;

/**
 * Reads one limit of a manifest. A burst raises the capacity only: the sustained rate stays that of `capacity` (F-16).
 *
 * @throws {InvalidNameError} the name is not valid
 * @throws {ValidationError} a number is not an integer from 1 to 999 999 999 999
 */
export function parseLimitDeclaration(name: string, { capacity, burst, refill_amount: amount, refill_period: period }: LimitDeclaration): Limit {
  return Limit.custom(name, {
    capacity: burst ?? capacity,
    refillAmount: amount ?? capacity,
    refillPeriodSeconds: period ?? DEFAULT_PERIOD_SECONDS,
  });
}

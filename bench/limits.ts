import { Limit } from '@zae-limiter/client';

const limit = (name: string, capacity: number, refillAmount: number, refillPeriodSeconds: number): Limit =>
  Limit.custom(name, { capacity, refillAmount, refillPeriodSeconds });

/** Limits that are never short within a run, and refill so slowly that no take has to book it. */
export const ampleLimits = (names: readonly string[]): Limit[] => names.map((name) => limit(name, 1_000_000_000, 1000, 60));
export const AMPLE_LIMITS = ampleLimits(['rpm', 'tpm']);
/** One token, and another after a day. */
export const SHORT_LIMITS = [limit('rpm', 1, 1, 86_400)];
/** What one request takes, and full again a millisecond later. */
export const REFILLING_LIMITS = [limit('rpm', 1, 1000, 1), limit('tpm', 5, 5000, 1)];

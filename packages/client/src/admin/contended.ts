import { LimiterUnavailableError } from '../core/errors.js';

/** Times that a change is tried again after somebody else changed the same. */
export const ATTEMPTS = 4;

/** The error for a change that others overtook each time. */
export function contended(what: string): LimiterUnavailableError {
  return new LimiterUnavailableError(`others kept changing ${what}`, true);
}

import { ValidationError } from './errors.js';

/** What a limiter does while the store cannot answer, as it can be stored: let requests pass, or refuse them. */
export type OnUnavailable = 'allow' | 'block';

/**
 * What a limiter does while the store cannot answer. `local` goes on limiting with buckets in this process's memory, which
 * start full: each process admits by itself what all should share.
 */
export type OutagePolicy = OnUnavailable | 'local';

/** Refuses anything but the two policies: a slip must not turn the limits off. */
export function checkOnUnavailable(value: OnUnavailable | undefined): void {
  if (value !== undefined && value !== 'allow' && value !== 'block') {
    throw new ValidationError('onUnavailable', value, 'unknown', "must be 'allow' or 'block'");
  }
}

/** Like `checkOnUnavailable`, for a request or a process. */
export function checkOutagePolicy(value: OutagePolicy | undefined): void {
  if (value !== undefined && value !== 'allow' && value !== 'block' && value !== 'local') {
    throw new ValidationError('onUnavailable', value, 'unknown', "must be 'allow', 'block' or 'local'");
  }
}

import { ValidationError } from './errors.js';

/** What a limiter does while the store cannot answer: let requests pass, or refuse them. */
export type OnUnavailable = 'allow' | 'block';

/** Refuses anything but the two policies: a slip must not turn the limits off. */
export function checkOnUnavailable(value: OnUnavailable | undefined): void {
  if (value !== undefined && value !== 'allow' && value !== 'block') {
    throw new ValidationError('onUnavailable', value, 'unknown', "must be 'allow' or 'block'");
  }
}

import { canonicalJson, type PlannedChange } from '@zae-limiter/client/admin';
import { CliError } from '../errors.js';

/** @throws {CliError} the changes are not those that were shown, because the table or what is managed changed meanwhile */
export function checkSameChanges(shown: readonly PlannedChange[], found: readonly PlannedChange[]): void {
  if (fingerprint(shown) === fingerprint(found)) return;
  throw new CliError('PLAN_OUT_OF_DATE', 'the limits changed since the plan was made, so it was not carried out; nothing was changed', {
    hints: ['zae-limiter limits plan   makes a new plan'],
  });
}

const fingerprint = (changes: readonly PlannedChange[]): string =>
  canonicalJson(JSON.parse(JSON.stringify(changes.map(({ action, target, before, after }) => ({ action, target, before, after })))));

import type { Format } from '../command/global-options.js';
import type { Context } from '../context.js';

/**
 * Says on standard error how to get the rest of a list, where standard output has no place for it: lines of csv and ndjson, and
 * what a query found, are entries and nothing else. JSON and YAML hold the cursor.
 *
 * @param format  that the result is printed in; undefined for table or plain
 * @param isBelow whether people read it below the list anyway
 */
export function tellMore({ io, globals: { query, quiet } }: Context, hint: string, format: Format | undefined, isBelow: boolean): void {
  if (quiet || format === 'json' || format === 'yaml') return;
  const forPeople = query === undefined && format !== 'csv' && format !== 'ndjson';
  if (!forPeople || !isBelow) io.stderr.write(`${hint}\n`);
}

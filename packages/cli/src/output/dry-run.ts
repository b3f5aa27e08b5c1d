import { fromAttribute } from '@zae-limiter/client/admin';
import type { PlannedWrite } from '../table/dry-run-store.js';
import type { Result } from './result.js';

/** What a command would have written, in place of its own result. */
export function dryRunResult(writes: readonly PlannedWrite[]): Result & { readonly schema: string } {
  const shown = writes.map(({ action, key, item }) => ({
    action, pk: key.pk, sk: key.sk,
    item: item === undefined ? null : Object.fromEntries(Object.entries(item).map(([name, attribute]) => [name, fromAttribute(attribute)])),
  }));
  return {
    schema: 'zae-limiter.dry-run/1',
    data: { writes: shown },
    rows: 'writes',
    human: ({ bold }) => [
      writes.length === 0 ? 'Dry run: nothing would be written.' : `Dry run: ${writes.length} item(s) would be written, nothing was.`,
      ...shown.flatMap(({ action, pk, sk, item }) => [
        '', bold(`${action} ${pk} ${sk}`), ...Object.entries(item ?? {}).filter(([name]) => name !== 'PK' && name !== 'SK')
          .map(([name, value]) => `  ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`),
      ]),
    ],
  };
}

import { Type } from '@sinclair/typebox';
import type { Style } from '../output/style.js';

/** A change of a resource, as `--output json` shows it. */
export const ChangeSchema = Type.Object({
  action: Type.String({ description: 'Add, Modify, Remove, Import or Dynamic' }),
  type: Type.String(),
  logicalId: Type.String(),
  physicalId: Type.Union([Type.String(), Type.Null()]),
  replacement: Type.Union([Type.String(), Type.Null()], { description: 'True, False or Conditional; null for what is added or removed' }),
});

export interface Change {
  readonly action: string;
  readonly type: string;
  readonly logicalId: string;
  readonly physicalId: string | null;
  readonly replacement: string | null;
}

/** Whether something would be gone afterwards. */
export const destroys = ({ action, replacement }: Change): boolean => action === 'Remove' || replacement === 'True' || replacement === 'Conditional';

/** `  + AWS::DynamoDB::Table  LimiterTable`, the same signs as those of `limits plan`. */
export function changeLine({ action, type, logicalId, replacement }: Change, { green, red, yellow }: Style): string {
  const sign = action === 'Add' || action === 'Import' ? green('+') : action === 'Remove' ? red('-') : yellow('~');
  const note = replacement === 'True' ? '  (is replaced)' : replacement === 'Conditional' ? '  (may be replaced)' : action === 'Import' ? '  (is adopted)' : '';
  return `  ${sign} ${type.padEnd(32)} ${logicalId}${note}`;
}

import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { choice } from '../../command/option.js';
import { changeLines, limitOption, mergeOption, storeLimits } from '../limits-of-scope.js';
import { settingsData, SettingsSchema } from './settings.js';

export const setDefaults = command({
  path: 'system set-defaults',
  summary: 'Store the limits of the whole namespace, for every entity and resource without others',
  description: 'The policy for outages stays as it is stored unless --on-unavailable is given.',
  scope: 'namespace',
  effect: 'writes',
  options: {
    limits: limitOption,
    onUnavailable: choice('--on-unavailable <policy>', 'what happens to requests while the table does not answer', ['allow', 'block']),
    merge: mergeOption,
  },
  output: Type.Object({ before: SettingsSchema, after: SettingsSchema }),
  examples: ['system set-defaults -l rpm:100 -l tpm:10000 --on-unavailable block'],
  async run(context, { limits, onUnavailable, merge }) {
    const { admin } = await context.namespace();
    const { before, after } = await storeLimits(admin.limits, {}, limits, { merge, onUnavailable });
    return {
      data: { before: settingsData(before), after: settingsData(after) },
      human: ({ arrow }) => [
        `Set ${limits.length} system-wide default(s):`,
        ...changeLines(before.limits, after.limits, arrow),
        ...policyLine(before.onUnavailable, after.onUnavailable, arrow),
      ],
    };
  },
});

function policyLine(before: string | undefined, after: string | undefined, arrow: string): string[] {
  if (after === undefined) return [];
  return [`  on_unavailable: ${before === undefined || before === after ? after : `${before} ${arrow} ${after}`}`];
}

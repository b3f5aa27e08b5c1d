import { Type } from '@sinclair/typebox';
import { Limit } from '@zae-limiter/client';
import { command } from '../../command/command.js';
import { choice, list } from '../../command/option.js';
import { invalid } from '../../errors.js';
import { changeLines, limitOption, mergeOption, storeLimits } from '../limits-of-scope.js';
import { settingsData, SettingsSchema } from './settings.js';

export const setDefaults = command({
  path: 'system set-defaults',
  summary: 'Store the limits of the whole namespace, for every entity and resource without others',
  description: 'What is not given stays as it is stored: the policy without --on-unavailable, and the limits without -l.',
  scope: 'namespace',
  effect: 'writes',
  options: {
    limits: list(limitOption.flags, limitOption.description, { parse: Limit.parse }),
    onUnavailable: choice('--on-unavailable <policy>', 'what happens to requests while the table does not answer', ['allow', 'block']),
    merge: mergeOption,
  },
  output: Type.Object({ before: SettingsSchema, after: SettingsSchema }),
  examples: ['system set-defaults -l rpm:100 -l tpm:10000 --on-unavailable block'],
  async run(context, { limits, onUnavailable, merge }) {
    if (limits.length === 0 && onUnavailable === undefined) throw invalid('nothing to store', 'pass -l NAME:RATE, or --on-unavailable allow|block');
    const { admin } = await context.namespace();
    // Without limits only the policy changes: an empty list would remove those that are stored.
    const { before, after } = await storeLimits(admin.limits, {}, limits, { merge: merge || limits.length === 0, onUnavailable });
    return {
      data: { before: settingsData(before), after: settingsData(after) },
      human: ({ arrow }) => [
        limits.length === 0 ? 'Set the system-wide policy for outages:' : `Set ${limits.length} system-wide default(s):`,
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

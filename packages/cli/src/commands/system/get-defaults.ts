import { command } from '../../command/command.js';
import { limitLines } from '../limits-of-scope.js';
import { isEmpty, settingsData, SettingsSchema } from './settings.js';

export const getDefaults = command({
  path: 'system get-defaults',
  summary: 'Show the limits of the whole namespace and its policy for outages',
  scope: 'namespace',
  effect: 'reads',
  output: SettingsSchema,
  async run(context) {
    const { admin } = await context.namespace();
    const stored = await admin.limits.get();
    const { limits, onUnavailable } = stored;
    return {
      data: settingsData(stored),
      human: () => (isEmpty(stored) ? ['No system-wide defaults configured'] : [
        'System-wide defaults:',
        ...(limits.length === 0 ? [] : ['  Limits:', ...limitLines(limits).map((line) => `  ${line}`)]),
        ...(onUnavailable === undefined ? [] : [`  on_unavailable: ${onUnavailable}`]),
      ]),
    };
  },
});

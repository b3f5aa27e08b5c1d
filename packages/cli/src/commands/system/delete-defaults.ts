import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { isEmpty, settingsData, SettingsSchema } from './settings.js';

export const deleteDefaults = command({
  path: 'system delete-defaults',
  summary: 'Remove the limits of the whole namespace and its policy for outages',
  description: 'Requests of entities and resources without other limits then fail, as there is nothing to limit them by.',
  scope: 'namespace',
  effect: 'writes',
  output: Type.Object({ removed: SettingsSchema }),
  async run(context) {
    const { admin } = await context.namespace();
    const stored = await admin.limits.get();
    if (!isEmpty(stored)) {
      await context.confirm('Are you sure you want to delete the system-wide defaults?');
      await admin.limits.delete();
    }
    return {
      data: { removed: settingsData(stored) },
      human: () => [isEmpty(stored) ? 'No system-wide defaults configured' : 'Deleted system-wide defaults'],
    };
  },
});

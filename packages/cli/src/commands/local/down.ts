import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { runningOn } from '../../local/running.js';
import { dockerHostOption, portOption } from './options.js';

export const down = command({
  path: 'local down',
  summary: 'End what `local up` started',
  description: 'Items in memory are gone; those in a folder are there when it is started again.',
  scope: 'offline',
  effect: 'writes',
  options: { port: portOption, dockerHost: dockerHostOption },
  output: Type.Object({
    port: Type.Integer(),
    stopped: Type.Boolean({ description: 'false when nothing ran, and in a dry run' }),
    name: Type.Union([Type.String(), Type.Null()], { description: 'limiter of what ran; null when nothing did' }),
  }),
  async run(context, { port, dockerHost }) {
    const found = await runningOn(port, context, dockerHost);
    if (found === undefined) return { data: { port, stopped: false, name: null }, human: () => [`Nothing that \`local up\` started runs on port ${port}.`] };
    const { backend, instance } = found;
    const { name } = instance;
    if (context.dryRun) return { data: { port, stopped: false, name }, human: () => [`Dry run: ${backend.title} on port ${port} would be ended.`] };
    const progress = await context.progress(`Ending ${backend.title}`);
    await backend.stop(instance);
    progress.done(`${backend.title} ended`);
    return {
      data: { port, stopped: true, name },
      human: ({ ok }) => [`${ok} ${backend.title} on port ${port} was ended.${instance.data === null ? '' : ` Its items stay in ${instance.data}.`}`],
    };
  },
});

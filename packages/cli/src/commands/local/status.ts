import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { EXIT } from '../../exit-codes.js';
import { endpointOf } from '../../local/instance.js';
import { runningOn } from '../../local/running.js';
import { fields } from '../../output/result.js';
import { dockerHostOption, instanceData, InstanceSchema, localCommand, portOption } from './options.js';

export const status = command({
  path: 'local status',
  summary: 'Show what runs on this machine; exit code 1 when nothing does',
  scope: 'offline',
  effect: 'reads',
  options: { port: portOption, dockerHost: dockerHostOption },
  output: Type.Object({
    running: Type.Boolean(),
    healthy: Type.Boolean({ description: 'whether it answers' }),
    port: Type.Integer(),
    endpoint: Type.String(),
    instance: Type.Union([Type.Object(InstanceSchema, { additionalProperties: false }), Type.Null()]),
    services: Type.Union([Type.Record(Type.String(), Type.String()), Type.Null()], { description: 'state of each service of LocalStack' }),
  }),
  async run(context, { port, dockerHost }) {
    const endpoint = endpointOf(port);
    const found = await runningOn(port, context, dockerHost);
    if (found === undefined) {
      return {
        data: { running: false, healthy: false, port, endpoint, instance: null, services: null },
        exitCode: EXIT.failed,
        human: () => [`Nothing that \`local up\` started runs on port ${port}.`, `  ${localCommand('up', port)}   starts it`],
      };
    }
    const { instance, backend } = found;
    const { healthy, services } = await backend.health(instance);
    return {
      data: { running: true, healthy, port, endpoint, instance: instanceData(instance), services },
      human: ({ ok, failed }) => fields([
        ['State', `${backend.title} runs`],
        ['Endpoint', endpoint],
        ['Health', healthy ? `${ok} answers` : `${failed} does not answer`],
        ['Limiter', instance.name],
        ['Image', instance.image ?? undefined],
        ['Data', instance.backend === 'localstack' ? undefined : instance.data ?? 'in memory'],
        ['Log', instance.log ?? undefined],
        ['Process', instance.pid === null ? undefined : String(instance.pid)],
        ['Started', instance.startedAt],
        ['Services', services === null ? undefined : Object.entries(services).map(([service, state]) => `${service} ${state}`).join(', ')],
      ]),
    };
  },
});

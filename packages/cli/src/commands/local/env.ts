import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { choiceOr } from '../../command/option.js';
import { assignment, CLEARED, clientEnvironment, removal, SHELLS } from '../../local/client-environment.js';
import { nameOption, portOption } from './options.js';

export const env = command({
  path: 'local env',
  summary: 'Print the environment of clients of what runs on this machine',
  description: 'Nothing needs to run. The keys are no secret: what runs on this machine takes any.',
  scope: 'offline',
  effect: 'reads',
  options: {
    format: choiceOr('-f, --format <format>', 'shell that reads it', SHELLS, 'eval'),
    port: portOption,
    name: nameOption,
  },
  output: Type.Object({ variables: Type.Record(Type.String(), Type.String()) }),
  examples: ['local env --format direnv > .envrc', 'local env --format powershell | Invoke-Expression'],
  async run(context, { format, port, name }) {
    const variables = clientEnvironment(port, name || context.name);
    return {
      data: { variables },
      human: () => [...Object.entries(variables).map(([variable, text]) => assignment(format, variable, text)), removal(format, CLEARED)],
    };
  },
});

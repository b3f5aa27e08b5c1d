import { command } from '../../command/command.js';
import { schemaName, type CommandInfo } from '../../command/info.js';
import { operands } from '../../command/option.js';
import { notFound } from '../../errors.js';

export const outputSchemas = command({
  path: 'schema output',
  summary: 'Print the JSON Schema of what a command prints with --output json',
  description: 'Without a command, those of all commands, by their names.',
  scope: 'offline',
  effect: 'reads',
  writesFile: true,
  arguments: { words: operands('command', 'words of the command, such as limits plan') },
  examples: ['schema output limits plan', 'schema output > schemas.json'],
  async run(context, { words }) {
    const commands = (await context.commands()).filter((each) => each.output !== undefined);
    const path = words.join(' ');
    const found = commands.filter((each) => path === '' || each.path === path);
    if (found.length === 0) throw notFound(`no command '${path}' prints JSON`, 'zae-limiter schema output   prints the schemas of all commands');
    const schemas = Object.fromEntries(found.map((each) => [each.path, outputSchema(each)]));
    context.io.stdout.write(`${JSON.stringify(path === '' ? schemas : schemas[path], undefined, 2)}\n`);
  },
});

/** The schema of all that is printed: what the command returns, and the name of the schema. */
function outputSchema({ output: data, ...named }: CommandInfo): object {
  const name = schemaName(named);
  const { properties, required = [], ...rest } = JSON.parse(JSON.stringify(data)) as { properties: object; required?: readonly string[] };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: name,
    ...rest,
    required: ['schema', ...required],
    properties: { schema: { const: name }, ...properties },
  };
}

import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { flag, value } from '../../command/option.js';
import { integer } from '../../command/parsers.js';
import { notFound } from '../../errors.js';
import { runningOn } from '../../local/running.js';
import { dockerHostOption, localCommand, portOption } from './options.js';

export const logs = command({
  path: 'local logs',
  summary: 'Show what the server and the aggregator on this machine log',
  scope: 'offline',
  effect: 'reads',
  options: {
    follow: flag('-f, --follow', 'go on with new lines until Ctrl-C, which ends it without an error'),
    tail: value('--tail <lines>', 'lines from the end', 100, { parse: integer(0) }),
    port: portOption,
    dockerHost: dockerHostOption,
  },
  output: Type.Object({ lines: Type.Array(Type.String()) }),
  async run(context, { follow, tail, port, dockerHost }) {
    const found = await runningOn(port, context, dockerHost);
    if (found === undefined) throw notFound(`nothing that \`local up\` started runs on port ${port}`, `${localCommand('up', port)}   starts it`);
    for await (const lines of found.backend.logs(found.instance, { tail, follow })) {
      await context.print({ data: { lines }, rows: 'lines', human: () => lines });
    }
  },
});

import { command } from '../../command/command.js';
import { operands, value } from '../../command/option.js';
import { candidates } from '../../completion/candidates.js';

export const complete = command({
  path: 'complete',
  summary: 'List the words that could be typed next, for the scripts of completion',
  scope: 'offline',
  effect: 'reads',
  writesFile: true,
  arguments: { before: operands('words', 'words before the current one, behind --') },
  options: { current: value('--current <word>', 'beginning of the word that is typed', '', { parse: String }) },
  async run(context, { before, current }) {
    const found = candidates(await context.program(before), before, current, (kind) => context.io.names?.of(kind) ?? []);
    for (const { value: word, description } of found) context.io.stdout.write(`${word}${description === '' ? '' : `\t${description}`}\n`);
  },
});

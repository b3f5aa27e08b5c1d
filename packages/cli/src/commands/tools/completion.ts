import { command } from '../../command/command.js';
import { argument } from '../../command/option.js';
import { SCRIPTS, SHELLS, type Shell } from '../../completion/scripts.js';
import { invalid } from '../../errors.js';

export const completion = command({
  path: 'completion',
  summary: 'Print the script that completes commands in a shell',
  description: 'Completes commands, flags, and names of limiters, namespaces and resources that were used before. Makes no call.',
  scope: 'offline',
  effect: 'reads',
  writesFile: true,
  arguments: { shell: argument('shell', SHELLS.join(', '), shellOf) },
  examples: ['completion bash > ~/.local/share/bash-completion/completions/zae-limiter'],
  run: async (context, { shell }) => { context.io.stdout.write(SCRIPTS[shell]); },
});

function shellOf(text: string): Shell {
  const shell = SHELLS.find((name) => name === text);
  if (shell === undefined) throw invalid(`must be one of ${SHELLS.join(', ')}, got '${text}'`);
  return shell;
}

import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { table } from '../../output/result.js';
import { loadStacks } from './stacks.js';

export const listLoadtests = command({
  path: 'loadtest list',
  summary: 'List stacks of load generators: those whose names end with -load',
  scope: 'account',
  effect: 'reads',
  output: Type.Object({
    stacks: Type.Array(Type.Object({
      name: Type.String(), limiter: Type.String(), status: Type.String(), createdAt: Type.Union([Type.String(), Type.Null()]),
    })),
  }),
  async run(context) {
    const stacks = (await loadStacks(context)).map(({ StackName: name = '', StackStatus: status = '', CreationTime: created }) =>
      ({ name, limiter: name.slice(0, -'-load'.length), status, createdAt: created?.toISOString() ?? null }));
    return {
      data: { stacks },
      rows: 'stacks',
      human: () => (stacks.length === 0
        ? ['No load generators found']
        : [table(['Name', 'Limiter', 'Status', 'Created'], stacks.map(({ name, limiter, status, createdAt }) => [name, limiter, status, createdAt ?? '-'])), '', `Total: ${stacks.length}`]),
    };
  },
});

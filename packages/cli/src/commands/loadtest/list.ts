import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { table } from '../../output/result.js';
import { limiterOf } from './stacks.js';

export const listLoadtests = command({
  path: 'loadtest list',
  summary: 'List stacks of load generators, which the Python library deploys',
  scope: 'account',
  effect: 'reads',
  output: Type.Object({
    stacks: Type.Array(Type.Object({
      name: Type.String(), limiter: Type.String(), status: Type.String(), createdAt: Type.Union([Type.String(), Type.Null()]),
    })),
  }),
  async run(context) {
    const { allStacks, cloudFormation } = await import('../../stack/stacks.js');
    const { isLoadGenerator } = await import('../../stack/ownership.js');
    const found = (await allStacks(cloudFormation(await context.aws()))).filter(isLoadGenerator);
    const stacks = found.map(({ StackName: name = '', StackStatus: status = '', CreationTime: created }) =>
      ({ name, limiter: limiterOf(name), status, createdAt: created?.toISOString() ?? null }));
    return {
      data: { stacks },
      rows: 'stacks',
      human: () => (stacks.length === 0
        ? ['No load generators found']
        : [table(['Name', 'Limiter', 'Status', 'Created'], stacks.map(({ name, limiter, status, createdAt }) => [name, limiter, status, createdAt ?? '-'])), '', `Total: ${stacks.length}`]),
    };
  },
});

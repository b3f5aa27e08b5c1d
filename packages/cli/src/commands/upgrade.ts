import { Type } from '@sinclair/typebox';
import { Registry, SCHEMA_VERSION } from '@zae-limiter/client';
import { command } from '../command/command.js';
import { flag, toggle } from '../command/option.js';
import type { Context } from '../context.js';
import { CliError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import type { Result } from '../output/result.js';
import type { DeployedFunction } from '../stack/upgrade.js';
import { compatibility } from '../table/compatibility.js';
import { version } from '../version.js';

export const upgrade = command({
  path: 'upgrade',
  summary: 'Bring the code of a deployed limiter up to this version',
  description: 'Replaces the code of its functions, then the tags of table and stack, then the version record. The template stays as it is: what a new '
    + 'version changes there comes with `deploy`, or with `cdk deploy` for a limiter of an app. A backup of the table is made first.',
  scope: 'table',
  effect: 'writes',
  audited: false,
  options: {
    lambdaOnly: flag('--lambda-only', 'the code of the functions and nothing else; without a backup, because the table is not touched'),
    force: flag('--force', 'also when it is up to date'),
    plan: flag('--plan', 'show what would be done, and do nothing'),
    backup: toggle('--backup', 'back up the table first', true),
  },
  output: Type.Object({
    name: Type.String(),
    version: Type.String({ description: 'that the limiter has now' }),
    status: Type.Union([Type.Literal('upgraded'), Type.Literal('up-to-date'), Type.Literal('planned')]),
    functions: Type.Array(Type.Object({
      name: Type.String(), from: Type.Union([Type.String(), Type.Null()]), to: Type.String(), replaced: Type.Boolean({ description: 'or would be' }),
    })),
    backup: Type.Union([Type.String(), Type.Null()], { description: 'ARN' }),
  }),
  examples: ['upgrade --plan', 'upgrade -n my-limiter', 'upgrade --lambda-only --force'],
  async run(context, { lambdaOnly, force, plan, backup }) {
    const steps = await import('../stack/upgrade.js');
    const { cloudFormation, existingStack, resourcesOf } = await import('../stack/stacks.js');
    const [{ LambdaClient }, { DynamoDBClient }] = await Promise.all([import('@aws-sdk/client-lambda'), import('@aws-sdk/client-dynamodb')]);
    const clients = await context.aws();
    const [cfn, lambda, dynamodb] = [cloudFormation(clients), clients.get(LambdaClient), clients.get(DynamoDBClient, { maxAttempts: 3 })];
    await checkCompatibility(context);
    const stack = await existingStack(cfn, context.name);
    const functions = await steps.functionsOf(lambda, await resourcesOf(cfn, stack.StackId!));
    const old = functions.filter((one) => force || one.version !== version);
    if (plan || context.dryRun || old.length === 0) {
      return upgradeResult(context.name, old.length === 0 ? 'up-to-date' : 'planned', functions, old, null);
    }
    const saved = backup && !lambdaOnly ? await steps.backUp(dynamodb, context.name, context.io.clock.now()) : null;
    if (saved !== null) context.say(`Backup: ${saved}`);
    const count = lambdaOnly ? 1 : 3;
    for (const one of old) {
      context.say(`[1/${count}] Lambda code of ${one.name}: ${one.version ?? 'unknown'} ${context.style.arrow} ${version}`);
      await steps.updateCode(lambda, one);
    }
    if (!lambdaOnly) {
      context.say('[2/3] Tags of table and stack');
      const { newestEvent, waitForStack } = await import('../stack/operation.js');
      const after = await newestEvent(cfn, stack.StackId!);
      if (await steps.updateTags({ dynamodb, cloudFormation: cfn }, context.name, stack)) {
        context.onInterrupt('CloudFormation goes on with the tags; run upgrade again for the version record');
        const { clock } = context.io;
        await waitForStack({ client: cfn, stackId: stack.StackId!, after, clock, signal: context.signal, onEvent: (line) => context.note(line) });
      }
      context.say('[3/3] Version record');
      const { store } = await context.table();
      await new Registry(store, context.io.clock).recordVersion(SCHEMA_VERSION, `cli:${version}`);
    }
    return upgradeResult(context.name, 'upgraded', functions, old, saved);
  },
});

/** @throws {CliError} the table follows a schema that this version cannot take over */
async function checkCompatibility(context: Context): Promise<void> {
  const { readTable } = await import('../stack/read-table.js');
  const record = await (await readTable(context)).admin.version();
  if (compatibility(record) !== 'incompatible') return;
  throw new CliError('INCOMPATIBLE_SCHEMA', `the table follows schema ${record!.schemaVersion}, this program ${SCHEMA_VERSION}: an upgrade does not convert it`, {
    exitCode: EXIT.incompatible,
  });
}

function upgradeResult(
  name: string, status: 'upgraded' | 'up-to-date' | 'planned', all: readonly DeployedFunction[], old: readonly DeployedFunction[], backup: string | null,
): Result {
  const functions = all.map((one) => ({ name: one.name, from: one.version, to: version, replaced: old.includes(one) }));
  return {
    data: { name, version, status, functions, backup },
    human: ({ ok, arrow }) => {
      if (status === 'upgraded') return [`${ok} ${name} runs version ${version}`];
      if (status === 'up-to-date') return [`${ok} ${name} is up to date (${version})`];
      return ['Plan: nothing was changed.', ...old.map((one) => `  ~ ${one.name}  ${one.version ?? 'unknown'} ${arrow} ${version}`)];
    },
  };
}

import { Type } from '@sinclair/typebox';
import { Registry, SCHEMA_VERSION, type TableVersion } from '@zae-limiter/client';
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
    + 'version changes there comes with `deploy`, or with `cdk deploy` for a limiter of an app. A backup of the table is made first. '
    + 'What is done already is left out, so that an upgrade that was interrupted can be finished.',
  scope: 'table',
  effect: 'writes',
  audited: false,
  options: {
    lambdaOnly: flag('--lambda-only', 'the code of the functions and nothing else; without a backup, because the table is not touched'),
    force: flag('--force', 'also what is up to date'),
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
    tags: Type.Boolean({ description: 'whether those of table and stack were changed, or would be' }),
    record: Type.Boolean({ description: 'whether the version record was written, or would be' }),
    backup: Type.Union([Type.String(), Type.Null()], { description: 'ARN' }),
  }),
  examples: ['upgrade --plan', 'upgrade -n my-limiter', 'upgrade --lambda-only --force'],
  async run(context, { lambdaOnly, force, plan, backup }) {
    const steps = await import('../stack/upgrade.js');
    const { cloudFormation, existingStack, resourcesOf } = await import('../stack/stacks.js');
    const [{ LambdaClient }, { DynamoDBClient }] = await Promise.all([import('@aws-sdk/client-lambda'), import('@aws-sdk/client-dynamodb')]);
    const clients = await context.aws();
    const [cfn, lambda, dynamodb] = [cloudFormation(clients), clients.get(LambdaClient), clients.get(DynamoDBClient, { maxAttempts: 3 })];
    const record = await compatibleRecord(context);
    const stack = await existingStack(cfn, context.name);
    const functions = await steps.functionsOf(lambda, context.name, await resourcesOf(cfn, stack.StackId!));
    const left: Left = {
      functions: functions.filter((one) => force || one.version !== version),
      tags: !lambdaOnly && (force || !await steps.areTagsCurrent(dynamodb, context.name, stack)),
      record: !lambdaOnly && (force || !steps.isRecordCurrent(record)),
    };
    const isCurrent = left.functions.length === 0 && !left.tags && !left.record;
    if (plan || context.dryRun || isCurrent) return upgradeResult(context.name, isCurrent ? 'up-to-date' : 'planned', functions, left, null);
    const saved = backup && !lambdaOnly ? await steps.backUp(dynamodb, context.name, context.io.clock.now()) : null;
    if (saved !== null) context.say(`Backup: ${saved}`);
    const count = lambdaOnly ? 1 : 3;
    for (const one of left.functions) {
      context.say(`[1/${count}] Lambda code of ${one.name}: ${one.version ?? 'unknown'} ${context.style.arrow} ${version}`);
      await steps.updateCode(lambda, one);
    }
    if (left.tags) {
      context.say('[2/3] Tags of table and stack');
      const { newestEvent, waitForStack } = await import('../stack/operation.js');
      const after = await newestEvent(cfn, stack.StackId!);
      if (await steps.updateTags({ dynamodb, cloudFormation: cfn }, context.name, stack)) {
        context.onInterrupt('CloudFormation goes on with the tags; run upgrade again for the version record');
        const { clock } = context.io;
        await waitForStack({ client: cfn, stackId: stack.StackId!, after, clock, signal: context.signal, onEvent: (line) => context.note(line) });
      }
    }
    if (left.record) {
      context.say('[3/3] Version record');
      const { store } = await context.table();
      await new Registry(store, context.io.clock).recordVersion(SCHEMA_VERSION, `cli:${version}`);
    }
    return upgradeResult(context.name, 'upgraded', functions, left, saved);
  },
});

/** What an upgrade has to do: all of it, or what an earlier one that was interrupted left. */
interface Left {
  readonly functions: readonly DeployedFunction[];
  readonly tags: boolean;
  readonly record: boolean;
}

/** @throws {CliError} the table follows a schema that this version cannot take over */
async function compatibleRecord(context: Context): Promise<TableVersion | undefined> {
  const { readTable } = await import('../stack/read-table.js');
  const record = await (await readTable(context)).admin.version();
  if (compatibility(record) !== 'incompatible') return record;
  throw new CliError('INCOMPATIBLE_SCHEMA', `the table follows schema ${record!.schemaVersion}, this program ${SCHEMA_VERSION}: an upgrade does not convert it`, {
    exitCode: EXIT.incompatible,
  });
}

function upgradeResult(
  name: string, status: 'upgraded' | 'up-to-date' | 'planned', all: readonly DeployedFunction[], { functions: old, tags, record }: Left, backup: string | null,
): Result {
  const functions = all.map((one) => ({ name: one.name, from: one.version, to: version, replaced: old.includes(one) }));
  return {
    data: { name, version, status, functions, tags, record, backup },
    human: ({ ok, arrow }) => {
      if (status === 'upgraded') return [`${ok} ${name} runs version ${version}`];
      if (status === 'up-to-date') return [`${ok} ${name} is up to date (${version})`];
      return [
        'Plan: nothing was changed.', ...old.map((one) => `  ~ ${one.name}  ${one.version ?? 'unknown'} ${arrow} ${version}`),
        ...tags ? ['  ~ Tags of table and stack'] : [], ...record ? ['  ~ Version record'] : [],
      ];
    },
  };
}

import { Type } from '@sinclair/typebox';
import { checkLimiterName } from '@zae-limiter/client/admin';
import { command } from '../command/command.js';
import { flag, toggle } from '../command/option.js';
import type { Context } from '../context.js';
import { fields, type Result } from '../output/result.js';
import type { ChangeSet } from '../stack/change-set.js';
import { changeLine, ChangeSchema, destroys } from '../stack/change.js';
import { checkFlags, deployOptions, uselessFlags, type DeployFlags } from '../stack/deploy-options.js';
import { settingLines } from '../stack/settings.js';
import type { Synthesis } from '../stack/synthesis.js';

/** Days that audit events are kept unless it is said otherwise. */
const AUDIT_RETENTION_DAYS = 90;

export const deploy = command({
  path: 'deploy',
  summary: 'Deploy a limiter, or bring one up to date',
  description: 'Shows what CloudFormation would change, and lets it; asks before something is removed or replaced. Flags that are not given have '
    + 'their defaults each time: give the same ones again that the stack was deployed with. Code goes through the bucket of `cdk bootstrap`; '
    + 'everything is done with the rights of the caller. --dry-run uploads the code as well, because CloudFormation needs it to tell what would change.',
  scope: 'table',
  effect: 'writes',
  audited: false,
  options: {
    ...deployOptions,
    wait: toggle('--wait', 'wait until CloudFormation is done', true),
    templateOnly: flag('--template-only', 'print the template, and speak to nobody'),
    bootstrap: flag('--bootstrap', 'make the account and region ready for the CDK first'),
    importExisting: flag('--import-existing', 'adopt a table that an earlier stack of the name left behind'),
  },
  output: Type.Object({
    name: Type.String(),
    status: Type.String({ description: 'of the stack; UNCHANGED, PLANNED for a dry run, STARTED with --no-wait, SYNTHESISED with --template-only' }),
    stackId: Type.Union([Type.String(), Type.Null()], { description: 'null with --template-only' }),
    changes: Type.Array(ChangeSchema),
    warnings: Type.Array(Type.String(), { description: 'what the construct says about the flags' }),
    template: Type.Unknown({ description: 'with --template-only; else null' }),
  }),
  examples: ['deploy', 'deploy -n prod --profile-preset production', 'deploy -n prod --pitr-recovery-days 7 --dry-run'],
  async run(context, { wait, templateOnly, bootstrap, importExisting, ...flags }) {
    checkLimiterName(context.name);
    checkFlags(flags);
    if (templateOnly) return templateResult(context.name, await synthesised(context, flags));
    context.say(`Deploying stack: ${context.name}`);
    for (const line of settingLines(flags)) context.say(line);
    const { planDeployment, applyChanges, discard } = await import('../stack/deployment.js');
    const progress = await context.progress('Synthesising the stack');
    const synthesis = await synthesised(context, flags, context.dryRun ? await isProtected(context) : undefined);
    const planned = await planDeployment(context, progress, synthesis, { bootstrap, importExisting });
    progress.done(planned.changes.length === 0 ? 'The stack is as it should be' : `${planned.changes.length} change(s):`);
    for (const change of planned.changes) context.say(changeLine(change, context.style));
    if (!await isApproved(context, planned, () => discard(context, planned))) {
      return deployResult(context.name, planned.changes.length === 0 ? 'UNCHANGED' : 'PLANNED', synthesis, planned);
    }
    const work = await context.progress('Waiting for CloudFormation');
    const status = await applyChanges(context, work, planned, wait);
    work.done(`Stack ${context.name}: ${status}`);
    if (wait && !synthesis.preparesTable) await prepare(context, flags);
    return deployResult(context.name, status, synthesis, planned);
  },
});

/** Whether the changes are to be made. Those that are not are thrown away. @throws {CliError} somebody said no */
async function isApproved(context: Context, { changes }: ChangeSet, discard: () => Promise<void>): Promise<boolean> {
  if (changes.length === 0 || context.dryRun) {
    await discard();
    return false;
  }
  const gone = changes.filter(destroys);
  if (gone.length === 0) return true;
  try {
    await context.confirm(`Are you sure you want to remove or replace ${gone.map(({ logicalId }) => logicalId).join(', ')}?`);
    return true;
  } catch (error) {
    await discard();
    throw error;
  }
}

/** Whether the stack is protected now. The toolkit would change that with the change set of a dry run. */
async function isProtected(context: Context): Promise<boolean> {
  const { cloudFormation, findStack } = await import('../stack/stacks.js');
  return (await findStack(cloudFormation(await context.aws()), context.name))?.EnableTerminationProtection ?? false;
}

async function synthesised(context: Context, flags: DeployFlags, terminationProtection?: boolean): Promise<Synthesis> {
  const { synthesise } = await import('../stack/synthesis.js');
  const found = synthesise({ name: context.name, flags, terminationProtection });
  const synthesis = { ...found, warnings: [...uselessFlags(flags), ...found.warnings] };
  for (const warning of synthesis.warnings) context.say(`${context.style.warning} ${warning}`);
  return synthesis;
}

/** What a stack without a provisioner cannot do for itself. */
async function prepare(context: Context, { auditRetentionDays = AUDIT_RETENTION_DAYS }: DeployFlags): Promise<void> {
  const { prepareTable } = await import('../stack/prepare-table.js');
  await prepareTable(await context.table(), auditRetentionDays);
  context.say(`${context.style.ok} Version record initialized`);
  context.say(`${context.style.ok} Default namespace registered`);
}

function templateResult(name: string, { template, warnings }: Synthesis): Result {
  return {
    data: { name, status: 'SYNTHESISED', stackId: null, changes: [], warnings, template },
    human: () => [JSON.stringify(template, undefined, 2)],
  };
}

function deployResult(name: string, status: string, { warnings }: Synthesis, { stackId, changes }: ChangeSet): Result {
  return {
    data: { name, status, stackId, changes, warnings, template: null },
    human: ({ ok, pending }) => [
      ...said(status, { ok, pending }), ...fields([['Stack ID', stackId]]),
      ...(status === 'STARTED' ? [`zae-limiter status --name ${name}   shows how far it is`] : []),
    ],
  };
}

function said(status: string, { ok, pending }: { readonly ok: string; readonly pending: string }): string[] {
  switch (status) {
    case 'UNCHANGED': return [`${ok} Nothing to change`];
    case 'PLANNED': return ['Dry run: nothing of the stack was changed.'];
    case 'STARTED': return [`${pending} CloudFormation has begun`];
    default: return [`${ok} Stack ${status.toLowerCase().replaceAll('_', ' ')}`];
  }
}

import { Type } from '@sinclair/typebox';
import { checkLimiterName } from '@zae-limiter/client/admin';
import { command } from '../command/command.js';
import { flag, toggle } from '../command/option.js';
import type { Context } from '../context.js';
import { fields, type Result } from '../output/result.js';
import type { Style } from '../output/style.js';
import type { ChangeSet } from '../stack/change-set.js';
import { changeLine, ChangeSchema, destroys } from '../stack/change.js';
import { checkFlags, deployOptions, uselessFlags, type DeployFlags } from '../stack/deploy-options.js';
import { settingLines } from '../stack/settings.js';
import type { Stack } from '../stack/stacks.js';
import type { Synthesis } from '../stack/synthesis.js';

/** Days that audit events are kept unless it is said otherwise. */
const AUDIT_RETENTION_DAYS = 90;

export const deploy = command({
  path: 'deploy',
  summary: 'Deploy a limiter, or bring one up to date',
  description: 'Shows what CloudFormation would change, and lets it; asks before something is removed or replaced, or the protection of the stack is '
    + 'turned off. A stack that something else deployed, such as an app of the CDK, is refused. Flags that are not given have '
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
    status: Type.String({ description: 'of the stack; UNCHANGED, PROTECTION_CHANGED when nothing else changes, PLANNED for a dry run, STARTED with --no-wait, SYNTHESISED with --template-only' }),
    stackId: Type.Union([Type.String(), Type.Null()], { description: 'null with --template-only' }),
    changes: Type.Array(ChangeSchema),
    protection: Type.Union([Type.Boolean(), Type.Null()], { description: 'what the protection of the stack against deletion becomes; null when it stays' }),
    warnings: Type.Array(Type.String(), { description: 'what the construct says about the flags' }),
    template: Type.Unknown({ description: 'with --template-only; else null' }),
  }),
  examples: ['deploy', 'deploy -n prod --profile-preset production', 'deploy -n prod --pitr-recovery-days 7 --dry-run'],
  async run(context, { wait, templateOnly, bootstrap, importExisting, ...flags }) {
    checkLimiterName(context.name);
    checkFlags(flags);
    if (templateOnly) return templateResult(context.name, await synthesised(context, flags));
    const existing = await currentStack(context);
    context.say(`Deploying stack: ${context.name}`);
    for (const line of settingLines(flags)) context.say(line);
    const { planDeployment, applyChanges, discard, protect } = await import('../stack/deployment.js');
    const progress = await context.progress('Synthesising the stack');
    const isProtected = existing?.EnableTerminationProtection ?? false;
    const synthesis = await synthesised(context, flags, isProtected);
    const changeSet = await planDeployment(context, progress, synthesis, { bootstrap, importExisting });
    const planned: Planned = { ...changeSet, protection: synthesis.protects === isProtected ? null : synthesis.protects };
    const isEmpty = planned.changes.length === 0 && planned.protection === null;
    progress.done(isEmpty ? 'The stack is as it should be' : `${planned.changes.length} change(s):`);
    for (const line of planLines(planned, context.style)) context.say(line);
    if (isEmpty || context.dryRun) {
      await discard(context, planned);
      return deployResult(context.name, isEmpty ? 'UNCHANGED' : 'PLANNED', synthesis, planned);
    }
    await approve(context, planned, () => discard(context, planned));
    if (planned.protection !== null) await protect(context, planned, planned.protection);
    if (planned.changes.length === 0) {
      await discard(context, planned);
      return deployResult(context.name, 'PROTECTION_CHANGED', synthesis, planned);
    }
    const work = await context.progress('Waiting for CloudFormation');
    const status = await applyChanges(context, work, planned, wait);
    work.done(`Stack ${context.name}: ${status}`);
    if (wait && !synthesis.preparesTable) await prepare(context, flags);
    return deployResult(context.name, status, synthesis, planned);
  },
});

/** What a deployment would do. */
interface Planned extends ChangeSet {
  /** What the protection of the stack becomes; null when it stays. */
  readonly protection: boolean | null;
}

const onOff = (value: boolean): string => (value ? 'on' : 'off');

const planLines = ({ changes, protection }: Planned, style: Style): string[] => [
  ...changes.map((change) => changeLine(change, style)),
  ...protection === null ? [] : [`  ${style.yellow('~')} Protection of the stack: ${onOff(!protection)} ${style.arrow} ${onOff(protection)}`],
];

/** Asks before anything is lost. Changes that nobody wants are thrown away. @throws {CliError} somebody said no */
async function approve(context: Context, { changes, protection }: Planned, discard: () => Promise<void>): Promise<void> {
  const gone = changes.filter(destroys);
  const losses = [
    ...gone.length === 0 ? [] : [`remove or replace ${gone.map(({ logicalId }) => logicalId).join(', ')}`],
    ...protection === false ? ['turn off the protection of the stack against deletion'] : [],
  ];
  if (losses.length === 0) return;
  try {
    await context.confirm(`Are you sure you want to ${losses.join(' and ')}?`);
  } catch (error) {
    await discard();
    throw error;
  }
}

/** The stack as it is; undefined when there is none. @throws {CliError} it is another's */
async function currentStack(context: Context): Promise<Stack | undefined> {
  const { cloudFormation, findStack, templateOf } = await import('../stack/stacks.js');
  const { checkDeployable } = await import('../stack/ownership.js');
  const client = cloudFormation(await context.aws());
  const stack = await findStack(client, context.name);
  if (stack !== undefined) checkDeployable(stack, await templateOf(client, stack.StackId!));
  return stack;
}

async function synthesised(context: Context, flags: DeployFlags, isProtected?: boolean): Promise<Synthesis> {
  const { synthesise } = await import('../stack/synthesis.js');
  const found = synthesise({ name: context.name, flags, isProtected });
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
    data: { name, status: 'SYNTHESISED', stackId: null, changes: [], protection: null, warnings, template },
    human: () => [JSON.stringify(template, undefined, 2)],
  };
}

function deployResult(name: string, status: string, { warnings }: Synthesis, { stackId, changes, protection }: Planned): Result {
  return {
    data: { name, status, stackId, changes, protection, warnings, template: null },
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

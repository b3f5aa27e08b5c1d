import { command } from '../../command/command.js';
import { flag, optional, optionalArgument } from '../../command/option.js';
import type { Context } from '../../context.js';
import { invalid } from '../../errors.js';
import { AppliedSchema, carryOut, type CarryOut } from '../../provisioning/carry-out.js';
import type { OnConflict, Provisioning } from '../../provisioning/provisioning.js';
import { checkSameChanges } from '../../provisioning/same-changes.js';
import { readPlan } from '../../provisioning/saved-plan.js';
import { conflictOption, conflictRule, fileOption, manifestOf, provisioningOf, viaOption } from './options.js';

interface ApplyValues {
  readonly file: string | undefined;
  readonly planFile: string | undefined;
  readonly via: 'lambda' | undefined;
  readonly onConflict: OnConflict | undefined;
}

export const apply = command({
  path: 'limits apply',
  summary: 'Make the limits of a namespace what a manifest declares',
  description: 'Takes a manifest, or a plan that limits plan --out kept; a plan is refused once the table or the manifest is not what it was made for.\n'
    + 'Asks before it removes limits. A failure in one place does not stop the others, and applying again does the rest.',
  scope: 'namespace',
  effect: 'writes',
  nameRequired: true,
  arguments: { planFile: optionalArgument('plan', 'file that limits plan --out made') },
  options: {
    file: optional(fileOption.flags, `${fileOption.description}; needed unless there is a plan`), via: viaOption, onConflict: conflictOption,
    adopt: flag('--adopt', 'take over limits that a stack manages'),
  },
  output: AppliedSchema,
  examples: ['limits apply -n my-app -f limits.yaml', 'limits apply -n my-app plan.json --yes'],
  async run(context, { adopt, ...values }) {
    if (context.dryRun && values.via !== undefined) {
      throw invalid('--dry-run shows the items that this program would write, and with --via lambda it writes none', 'zae-limiter limits plan --via lambda   shows what would change');
    }
    const prepare = values.planFile === undefined ? fromManifest : fromPlan;
    const { provisioning, ...prepared } = await prepare(context, values);
    return carryOut(context, provisioning, { ...prepared, adopt });
  },
});

type Prepared = Omit<CarryOut, 'adopt'> & { readonly provisioning: Provisioning };

async function fromManifest(context: Context, { file, via, onConflict: given }: ApplyValues): Promise<Prepared> {
  if (file === undefined) throw invalid('a manifest is needed: --file limits.yaml', 'or a plan: zae-limiter limits apply plan.json');
  const onConflict = conflictRule(given, via);
  const manifest = await manifestOf(context, file);
  const provisioning = await provisioningOf(context, via);
  return { provisioning, manifest, onConflict, plan: await provisioning.plan(manifest) };
}

async function fromPlan(context: Context, { file, planFile, via, onConflict: given }: ApplyValues): Promise<Prepared> {
  const { manifest, onConflict, changes, namespaceId } = await readPlan(context.io, planFile!, context.name, context.globals.namespace);
  if (given !== undefined && given !== onConflict) throw invalid(`the plan was made with --on-conflict ${onConflict}, not ${given}`);
  conflictRule(onConflict, via);
  if (file !== undefined && (await manifestOf(context, file)).hash !== manifest.hash) {
    throw invalid(`${file} is not the manifest that the plan was made of`, 'zae-limiter limits plan   makes a new plan');
  }
  const provisioning = await provisioningOf(context, via);
  const plan = await provisioning.plan(manifest);
  if (plan.namespaceId !== namespaceId) throw invalid(`the plan is for another namespace that was called '${manifest.manifest.namespace}'`);
  checkSameChanges(changes, plan.changes);
  return { provisioning, manifest, onConflict, plan };
}

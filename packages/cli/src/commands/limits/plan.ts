import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { flag, optional } from '../../command/option.js';
import { EXIT } from '../../exit-codes.js';
import { changeLines, countsText } from '../../provisioning/change-lines.js';
import { changeData, ChangeSchema } from '../../provisioning/change-view.js';
import { splitChanges } from '../../provisioning/conflicts.js';
import { OWNER } from '../../provisioning/provisioning.js';
import { savePlan } from '../../provisioning/saved-plan.js';
import { conflictOption, conflictRule, fileOption, manifestOf, provisioningOf, viaOption } from './options.js';

export const plan = command({
  path: 'limits plan',
  summary: 'Show what applying a manifest would change',
  description: 'Writes nothing to the table. Limits that were set outside the manifest and would be lost are marked with !.',
  scope: 'namespace',
  effect: 'reads',
  nameRequired: true,
  options: {
    file: fileOption, via: viaOption, onConflict: conflictOption,
    out: optional('--out <file>', 'keep the plan, for limits apply'),
    detailedExitcode: flag('--detailed-exitcode', 'end with 6 when there are changes'),
  },
  output: Type.Object({
    name: Type.String(), namespace: Type.String(),
    hash: Type.String({ description: 'of the manifest' }),
    owner: Type.Union([Type.String(), Type.Null()], { description: 'who manages the limits; null when nobody does, and with --via lambda' }),
    changes: Type.Array(ChangeSchema),
    unchanged: Type.Integer({ description: 'targets that are just so' }),
    conflicts: Type.Integer({ description: 'changes that are not carried out, because they would lose what somebody set' }),
  }),
  examples: ['limits plan -n my-app -f limits.yaml', 'limits plan -n my-app -f limits.yaml --out plan.json'],
  async run(context, { file, via, onConflict: given, out, detailedExitcode }) {
    const onConflict = conflictRule(given, via);
    const manifest = await manifestOf(context, file);
    const found = await (await provisioningOf(context, via)).plan(manifest);
    const { name, io } = context;
    if (out !== undefined) await savePlan(io, out, { name, manifest, onConflict, plan: found });
    const { namespace } = manifest.manifest;
    const { changes, unchanged, owner } = found;
    const { wanted, kept } = splitChanges(changes, onConflict);
    return {
      data: { name, namespace, hash: manifest.hash, owner: owner ?? null, changes: changes.map(changeData), unchanged, conflicts: kept.length },
      rows: 'changes',
      exitCode: detailedExitcode && changes.length > 0 ? EXIT.drift : EXIT.ok,
      human: (style) => [
        ...(changes.length === 0
          ? ['No changes. Infrastructure is up-to-date.']
          : [
            `Plan for ${name} / ${namespace}: ${countsText(wanted, unchanged, kept.length)}`, '',
            ...changeLines(changes, { style, now: io.clock.now(), onConflict }),
          ]),
        ...(owner === undefined || owner === OWNER ? [] : ['', `${style.warning} ${owner} manages these limits: limits apply needs --adopt to take them over.`]),
        ...(out === undefined ? [] : ['', `Kept in ${out}. To carry it out: zae-limiter limits apply -n ${name} ${out}`]),
      ],
    };
  },
});

import { Type } from '@sinclair/typebox';
import { declaredBy, LimitsProvisioner, targetId, targetsOf, type Target } from '@zae-limiter/client/admin';
import { command } from '../../command/command.js';
import { flag } from '../../command/option.js';
import { liveManifest } from '../../provisioning/live-manifest.js';
import { isChangedSince } from '../../provisioning/outside-changes.js';
import { OWNER } from '../../provisioning/provisioning.js';
import { checkSameChanges } from '../../provisioning/same-changes.js';
import { fileOption, manifestOf } from './options.js';

const targetList = (description: string) => Type.Array(Type.String(), { description });

export const importLimits = command({
  path: 'limits import',
  summary: 'Manage limits that were set by hand from now on',
  description: 'Limits that the manifest declares and the table holds are recorded as managed, with the values that they have: none is changed.\n'
    + 'limits plan shows then how they differ from the manifest, and limits apply changes them without a conflict.',
  scope: 'namespace',
  effect: 'writes',
  nameRequired: true,
  options: { file: fileOption, adopt: flag('--adopt', 'take over limits that a stack manages') },
  output: Type.Object({
    name: Type.String(), namespace: Type.String(),
    imported: targetList('managed from now on'),
    managed: targetList('managed before'),
    missing: targetList('declared, and not in the table'),
    damaged: targetList('not imported, because a number is missing in the record'),
  }),
  examples: ['limits import -n my-app -f limits.yaml'],
  async run(context, { file, adopt }) {
    const { manifest } = await manifestOf(context, file);
    const connection = await context.table();
    const { id, admin, name: namespace } = await connection.namespace(manifest.namespace);
    const provisioner = new LimitsProvisioner({ store: connection.store, namespaceId: id, clock: context.io.clock });
    const record = await provisioner.record();
    const declared = declaredBy(manifest).map(([target]) => target);
    const isDeclared = member(declared);
    // What somebody changed, and the manifest does not speak of, must not look as if a manifest had set it.
    const others = targetsOf(record.managed).filter((target) => !isDeclared(target));
    const changed: Target[] = [];
    for (const target of others) if (await isChangedSince(admin, target, record)) changed.push(target);
    const live = await liveManifest(provisioner, namespace, [...declared, ...others.filter((target) => !member(changed)(target))]);

    await provisioner.apply(live.manifest, {
      owner: OWNER, adoptExisting: adopt, leave: member([...changed, ...live.damaged]), approve: ({ changes }) => checkSameChanges([], changes),
    });

    const isHeld = member(declaredBy(live.manifest).map(([target]) => target));
    const [isManaged, isDamaged] = [member(targetsOf(record.managed)), member(live.damaged)];
    const ids = (targets: readonly Target[]): string[] => targets.map((target) => targetId(target).trim());
    const data = {
      name: connection.name, namespace,
      imported: ids(declared.filter((target) => isHeld(target) && !isManaged(target))),
      managed: ids(declared.filter((target) => isHeld(target) && isManaged(target))),
      missing: ids(declared.filter((target) => !isHeld(target) && !isDamaged(target))),
      damaged: ids(declared.filter(isDamaged)),
    };
    return {
      data,
      human: ({ ok, warning }) => [
        ...data.imported.map((target) => `  ${ok} ${target}`),
        ...data.damaged.map((target) => `  ${warning} ${target} is damaged: store its limits anew`),
        `Imported: ${data.imported.length}, managed before: ${data.managed.length}, not in the table: ${data.missing.length}.`,
      ],
    };
  },
});

function member(targets: readonly Target[]): (target: Target) => boolean {
  const ids = new Set(targets.map(targetId));
  return (target) => ids.has(targetId(target));
}

import { Type } from '@sinclair/typebox';
import { checkManifest, declarationOf, declaredBy, LimitsProvisioner, targetId } from '@zae-limiter/client/admin';
import { command } from '../../command/command.js';
import { flag, optional } from '../../command/option.js';
import { manifestYaml } from '../../manifest/write-manifest.js';
import { writeNewFile } from '../../output/file.js';
import { liveManifest, liveTargets } from '../../provisioning/live-manifest.js';

export const pull = command({
  path: 'limits pull',
  summary: 'Write a manifest of the limits that a namespace has',
  description: 'Holds all limits, whoever set them. Comparing it with the table finds no difference.',
  scope: 'namespace',
  effect: 'reads',
  nameRequired: true,
  options: {
    file: optional('-f, --file <file>', 'file to write; standard output unless given'),
    force: flag('--force', 'replace the file if it is there'),
  },
  output: Type.Object({
    name: Type.String(), namespace: Type.String(),
    file: Type.Union([Type.String(), Type.Null()]),
    manifest: Type.Unknown({ description: 'spec/manifest.schema.json is its definition' }),
    damaged: Type.Array(Type.String(), { description: 'records that lack a number and are not in the manifest' }),
    problems: Type.Array(Type.Object({ path: Type.String(), code: Type.String() }), {
      description: 'what an older client stored and a manifest may not hold; it must be changed before the manifest is applied',
    }),
  }),
  examples: ['limits pull -n my-app > limits.yaml', 'limits pull -n my-app -N tenant-1 -f tenant-1.yaml'],
  async run(context, { file, force }) {
    const { id, name: namespace, admin } = await context.namespace();
    const provisioner = new LimitsProvisioner({ store: (await context.table()).store, namespaceId: id, clock: context.io.clock });
    const live = await liveManifest(provisioner, namespace, await liveTargets(admin, provisioner));
    const manifest = declarationOf(live.manifest);
    const problems = checkManifest(manifest);
    const damaged = live.damaged.map(targetId);
    const text = manifestYaml(manifest);
    if (file !== undefined) await writeNewFile(context.io, file, text, { force });
    damaged.forEach((target) => context.say(`Left out, because its record is damaged: ${target}`));
    problems.forEach(({ path, code }) => context.say(`Not valid in a manifest, so change it before you apply this: ${path} ${code}`));
    return {
      data: { name: context.name, namespace, file: file ?? null, manifest, damaged, problems },
      human: ({ ok }) => (file === undefined ? [text.trimEnd()] : [`${ok} Wrote ${declaredBy(live.manifest).length} target(s) to ${file}`]),
    };
  },
});

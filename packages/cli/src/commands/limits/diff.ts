import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { EXIT } from '../../exit-codes.js';
import { changeLines } from '../../provisioning/change-lines.js';
import { changeData, ChangeSchema } from '../../provisioning/change-view.js';
import { fileOption, manifestOf, provisioningOf, viaOption } from './options.js';

export const diff = command({
  path: 'limits diff',
  summary: 'Show how the table differs from a manifest',
  description: 'Ends with 6 when it does, so that a schedule or a pipeline notices.',
  scope: 'namespace',
  effect: 'reads',
  nameRequired: true,
  options: { file: fileOption, via: viaOption },
  output: Type.Object({
    name: Type.String(), namespace: Type.String(),
    inSync: Type.Boolean(),
    hash: Type.String({ description: 'of the manifest' }),
    drift: Type.Array(ChangeSchema, { description: 'what would have to change for the table to be what the manifest says' }),
    unchanged: Type.Integer({ description: 'targets that are just so' }),
  }),
  examples: ['limits diff -n my-app -f limits.yaml'],
  async run(context, { file, via }) {
    const manifest = await manifestOf(context, file);
    const { changes, unchanged } = await (await provisioningOf(context, via)).plan(manifest);
    return {
      data: {
        name: context.name, namespace: manifest.manifest.namespace, inSync: changes.length === 0, hash: manifest.hash,
        drift: changes.map(changeData), unchanged,
      },
      rows: 'drift',
      exitCode: changes.length === 0 ? EXIT.ok : EXIT.drift, // X13
      human: (style) => (changes.length === 0
        ? ['No drift detected. Live state matches YAML.']
        : [`Drift detected: ${changes.length} difference(s)`, '', ...changeLines(changes, { style, now: context.io.clock.now(), onConflict: 'show' })]),
    };
  },
});

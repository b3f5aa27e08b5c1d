import { Type } from '@sinclair/typebox';
import { checkLimiterName, checkNamespace } from '@zae-limiter/client/admin';
import { command } from '../command/command.js';
import { flag, optional } from '../command/option.js';
import { checkNewFiles, writeNewFile } from '../output/file.js';
import { starterCode, starterManifest } from '../starter/starter.js';

const MANIFEST = 'limits.yaml';
const CODE = 'limiter.mts';

export const init = command({
  path: 'init',
  summary: 'Write a limits manifest and a program to begin with',
  description: `Makes ${MANIFEST}, which editors check against the schema of manifests, and ${CODE}, a program that uses these limits. Calls nothing.`,
  scope: 'offline',
  effect: 'writes',
  options: {
    name: optional('-n, --name <name>', "name of the limiter; 'zae-limiter' unless given", { env: 'ZAEL_STACK' }),
    namespace: optional('-N, --namespace <namespace>', "namespace; 'default' unless given", { env: 'ZAEL_NAMESPACE' }),
    force: flag('--force', 'replace files that are there'),
  },
  output: Type.Object({ files: Type.Array(Type.String(), { description: 'what was written, or would be in a dry run' }), dryRun: Type.Boolean() }),
  examples: ['init', 'init -n my-app -N tenant-1'],
  async run({ io, dryRun }, { name: givenName, namespace: givenNamespace, force }) {
    const name = givenName || 'zae-limiter';
    const namespace = givenNamespace || 'default';
    checkLimiterName(name);
    checkNamespace(namespace);
    const files = [[MANIFEST, starterManifest(namespace)], [CODE, starterCode(name, namespace)]] as const;
    checkNewFiles(io, files.map(([file]) => file), force);
    if (!dryRun) for (const [file, text] of files) await writeNewFile(io, file, text, { force });
    return {
      data: { files: files.map(([file]) => file), dryRun },
      human: ({ ok }) => [
        ...files.map(([file]) => (dryRun ? `Would write ${file}` : `${ok} Wrote ${file}`)),
        '', 'Next:',
        `  zae-limiter limits validate -f ${MANIFEST}`,
        `  zae-limiter deploy --name ${name}`,
        `  zae-limiter limits apply --name ${name} -f ${MANIFEST}`,
      ],
    };
  },
});

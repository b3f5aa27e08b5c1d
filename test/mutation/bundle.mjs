// Makes one file of all tests of a part, with the code that they test: for each mutant jest loads it anew, and loading them one
// by one takes longer than the tests. What takes seconds stays out, and so does what speaks to DynamoDB itself.
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const FOLDERS = { core: ['core', 'schema'], limiter: ['limiter'] };
const LEFT_OUT = /\.property\.test\.ts$|^(saturation|golden|rate-limiter)\.test\.ts$/;

/** Bundles the tests of a part; the answer lists every file that went into it. */
export async function bundleTests(part, { write = true } = {}) {
  const suites = FOLDERS[part].flatMap((folder) => readdirSync(`packages/client/test/${folder}`)
    .filter((file) => file.endsWith('.test.ts') && !LEFT_OUT.test(file))
    .map((file) => `describe('${folder}/${file}', () => { require(${JSON.stringify(resolve('packages/client/test', folder, file))}); });`));
  const { metafile } = await build({
    stdin: { contents: suites.join('\n'), resolveDir: process.cwd() },
    outfile: 'coverage/mutation/all-tests.js', // two folders below the root, as what reads files of spec/ expects
    bundle: true, platform: 'node', format: 'cjs', target: 'node20', external: ['@aws-sdk/*', 'fast-check', 'esbuild'], tsconfig: 'tsconfig.check.json',
    metafile: true, write, logLevel: 'warning',
  });
  return Object.keys(metafile.inputs).filter((file) => !file.includes('node_modules/') && file !== '<stdin>');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await bundleTests(process.env.MUTATED_PART);

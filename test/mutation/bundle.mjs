// Makes one file of all tests of a part, with the code that they test: for each mutant jest loads it anew, and loading them one
// by one takes longer than the tests. What takes seconds stays out, and so does what speaks to DynamoDB itself.
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { build } from 'esbuild';

const FOLDERS = { core: ['core', 'schema'], limiter: ['limiter'] };
const LEFT_OUT = /\.property\.test\.ts$|^(saturation|golden|rate-limiter)\.test\.ts$/;

const suites = FOLDERS[process.env.MUTATED_PART].flatMap((folder) => readdirSync(`packages/client/test/${folder}`)
  .filter((file) => file.endsWith('.test.ts') && !LEFT_OUT.test(file))
  .map((file) => `describe('${folder}/${file}', () => { require(${JSON.stringify(resolve('packages/client/test', folder, file))}); });`));

await build({
  stdin: { contents: suites.join('\n'), resolveDir: process.cwd() },
  outfile: 'coverage/mutation/all-tests.js', // two folders below the root, as what reads files of spec/ expects
  bundle: true, platform: 'node', format: 'cjs', target: 'node20', external: ['@aws-sdk/*', 'fast-check', 'esbuild'], tsconfig: 'tsconfig.check.json', logLevel: 'warning',
});

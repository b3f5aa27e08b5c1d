// Compiles the workspace packages: the client to dist/esm and dist/cjs; the CLI to dist/, with the construct library bundled
// beside it. The CLI's types are checked with everything else by `npm run typecheck`.
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));

function compileClient(folder) {
  rmSync(`${folder}/dist`, { recursive: true, force: true });
  for (const config of ['tsconfig.json', 'tsconfig.cjs.json']) execFileSync(process.execPath, [tsc, '-p', `${folder}/${config}`], { stdio: 'inherit' });
  // The package is "type": "module"; this marks the CommonJS half.
  mkdirSync(`${folder}/dist/cjs`, { recursive: true });
  writeFileSync(`${folder}/dist/cjs/package.json`, '{"type":"commonjs"}\n');
}

async function compileCli(folder) {
  rmSync(`${folder}/dist`, { recursive: true, force: true });
  const sources = readdirSync(`${folder}/src`, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  const common = { platform: 'node', target: 'node20.19', format: 'cjs', logLevel: 'warning', tsconfigRaw: {} };
  await build({ ...common, entryPoints: sources.map((path) => `${folder}/src/${path}`), outbase: `${folder}/src`, outdir: `${folder}/dist` });
  await build({
    ...common, entryPoints: ['src/index.ts'], outfile: `${folder}/dist/construct/index.js`,
    bundle: true, external: ['aws-cdk-lib', 'aws-cdk-lib/*', 'constructs'], keepNames: true, tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
  });
  chmodSync(`${folder}/dist/main.js`, 0o755);
}

compileClient('packages/client');
await compileCli('packages/cli');

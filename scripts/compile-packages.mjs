// Compiles the workspace packages to dist/esm and dist/cjs.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
for (const name of ['client']) {
  const folder = `packages/${name}`;
  rmSync(`${folder}/dist`, { recursive: true, force: true });
  for (const config of ['tsconfig.json', 'tsconfig.cjs.json']) execFileSync(process.execPath, [tsc, '-p', `${folder}/${config}`], { stdio: 'inherit' });
  // The package is "type": "module"; this marks the CommonJS half.
  mkdirSync(`${folder}/dist/cjs`, { recursive: true });
  writeFileSync(`${folder}/dist/cjs/package.json`, '{"type":"commonjs"}\n');
}

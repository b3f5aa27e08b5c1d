// Bundles every Lambda of lambda-src/ into assets/<name>/index.js, the file that is deployed, and what the construct library
// needs at synth into assets/manifest/index.js.
import { build } from 'esbuild';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { CHECK_FILE, compileManifestSchema } from './compile-manifest-schema.mjs';

writeFileSync(CHECK_FILE, compileManifestSchema());

const functions = readdirSync('lambda-src').filter((entry) => existsSync(`lambda-src/${entry}/handler.ts`))
  .map((name) => ({ name, entry: `lambda-src/${name}/handler.ts`, target: 'node22' }));
const bundles = [...functions, { name: 'manifest', entry: 'synth-src/manifest.ts', target: 'node20' }];

rmSync('assets', { recursive: true, force: true });
for (const { name, entry, target } of bundles) {
  const out = `assets/${name}`;
  mkdirSync(out, { recursive: true });
  const { metafile } = await build({
    entryPoints: [entry],
    outfile: `${out}/index.js`,
    bundle: true,
    platform: 'node',
    target,
    format: 'cjs', // loads faster than ESM, which would need a banner for the SDK's require calls
    mainFields: ['module', 'main'], // the SDK's ESM build can be shaken, its CommonJS build cannot
    minify: true,
    keepNames: true, // error logs name their classes
    sourcemap: false,
    legalComments: 'none',
    charset: 'utf8',
    metafile: true,
    tsconfig: 'tsconfig.check.json',
    logLevel: 'warning',
  });
  writeFileSync(`${out}/package.json`, '{"type":"commonjs"}\n');
  console.log(`${name}: ${Math.ceil(Object.values(metafile.outputs)[0].bytes / 1024)} KiB`);
}

// The CLI deploys them, and runs the aggregator beside DynamoDB Local.
rmSync('packages/cli/assets', { recursive: true, force: true });
cpSync('assets', 'packages/cli/assets', { recursive: true });
// Files of spec/ that its commands read.
for (const file of ['manifest.schema.json', 'prices.json']) cpSync(`spec/${file}`, `packages/cli/assets/${file}`);

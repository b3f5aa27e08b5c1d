import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const recorded = JSON.parse(readFileSync('spec/client-size.json', 'utf8')) as { readonly gzippedBytes: number };

/** What an application that bundles the client pays for it, the SDK left out. */
async function gzippedBytes(): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: ['packages/client/src/index.ts'],
    bundle: true, minify: true, write: false, platform: 'node', format: 'esm', target: 'node20', external: ['@aws-sdk/*'], tsconfig: 'tsconfig.check.json',
  });
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
}

describe('the bundled client', () => {
  test('is under 40 kB, minified and gzipped, and no more than 5 % above its record in spec/client-size.json', async () => {
    const bytes = await gzippedBytes();

    expect(bytes).toBeLessThan(40_000);
    expect(bytes).toBeLessThanOrEqual(recorded.gzippedBytes * 1.05);
    expect(bytes).toBeGreaterThanOrEqual(recorded.gzippedBytes * 0.8); // a client that shrank gets a new record
  });
});

import { readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';

const recorded = JSON.parse(readFileSync('spec/bundle-sizes.json', 'utf8')) as Readonly<Record<string, number>>;

/** The SDK looks for it when it signs for access points of several regions, which nobody here uses. */
const OPTIONAL: ReadonlySet<string> = new Set(['@aws-sdk/signature-v4-crt']);

describe('the bundle', () => {
  test.each(Object.entries(recorded))('%s is under 1 MB with all that it needs, and no more than 5 %% above its record', (name, bytes) => {
    const { size } = statSync(`assets/${name}/index.js`);

    expect(size).toBeLessThan(1_000_000);
    expect(size).toBeLessThanOrEqual(bytes * 1.05);
    expect(size).toBeGreaterThanOrEqual(bytes * 0.8); // a bundle that shrank gets a new record
  });

  test.each(Object.keys(recorded))('%s needs no module that is not in it', (name) => {
    const required = [...readFileSync(`assets/${name}/index.js`, 'utf8').matchAll(/\brequire\("([^"]+)"\)/g)].map(([, module]) => module!);

    expect(required.filter((module) => !isBuiltin(module) && !OPTIONAL.has(module))).toEqual([]);
  });
});

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

// All test files of a part as one, because loading each of them anew for each mutant takes longer than its tests. What takes
// seconds stays out, and so does what speaks to DynamoDB itself.
const FOLDERS: Readonly<Record<string, readonly string[]>> = { core: ['core', 'schema'], limiter: ['limiter'] };
const LEFT_OUT = /\.property\.test\.ts$|^(saturation|golden|rate-limiter)\.test\.ts$/;

for (const folder of FOLDERS[process.env.MUTATED_PART!]!) {
  const files = join(__dirname, '../../packages/client/test', folder);
  for (const file of readdirSync(files).filter((name) => name.endsWith('.test.ts') && !LEFT_OUT.test(name))) {
    describe(`${folder}/${file}`, () => {
      jest.requireActual(join(files, file));
    });
  }
}

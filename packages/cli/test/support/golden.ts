import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Compares with test/golden/NAME.txt. With UPDATE_GOLDEN=1 it writes the file instead: look at the difference before you commit it. */
export function expectGolden(name: string, text: string): void {
  const path = join(__dirname, '..', 'golden', `${name}.txt`);
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  expect(text).toBe(readFileSync(path, 'utf8'));
}

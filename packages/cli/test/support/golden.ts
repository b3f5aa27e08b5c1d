import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Compares with test/golden/<name>.txt, which UPDATE_GOLDEN=1 writes. */
export function expectGolden(name: string, text: string): void {
  const file = join(__dirname, '..', 'golden', `${name}.txt`);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, 'utf8'));
}

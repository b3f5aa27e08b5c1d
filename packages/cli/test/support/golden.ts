import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Fails unless the text is that of `test/golden/<name>.txt`, which UPDATE_GOLDEN=1 writes. */
export function expectGolden(name: string, text: string): void {
  const path = join(__dirname, '..', 'golden', `${name}.txt`);
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  expect(text).toBe(existsSync(path) ? readFileSync(path, 'utf8') : `there is no ${path}; UPDATE_GOLDEN=1 writes it`);
}

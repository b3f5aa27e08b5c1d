import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One case of a file in `spec/vectors`: what the reference makes of an input. */
export interface Vector<Input, Expected, Recommended = unknown> {
  readonly name?: string;
  readonly kind?: string;
  readonly note?: string;
  readonly input: Input;
  readonly expected: Expected;
  /** What ours makes of it, where the reference is wrong. */
  readonly recommended: Recommended;
}

/** The cases of a file, each with a title for `test.each`. */
export function vectors<Input, Expected, Recommended = unknown>(file: string): (Vector<Input, Expected, Recommended> & { readonly title: string })[] {
  const path = join(__dirname, '..', '..', 'spec', 'vectors', `${file}.json`);
  const cases = JSON.parse(readFileSync(path, 'utf8')) as Vector<Input, Expected, Recommended>[];
  return cases.map((vector, at) => ({ ...vector, title: `${at}: ${vector.name ?? JSON.stringify(vector.input).slice(0, 100)}` }));
}

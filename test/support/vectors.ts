import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One case of a file in `spec/vectors`: what the reference makes of an input. */
export interface Vector<Input, Expected> {
  readonly name?: string;
  readonly kind?: string;
  readonly note?: string;
  readonly input: Input;
  readonly expected: Expected;
}

/** The cases of a file, each with a title for `test.each`. */
export function vectors<Input, Expected>(file: string): (Vector<Input, Expected> & { readonly title: string })[] {
  const path = join(__dirname, '..', '..', 'spec', 'vectors', `${file}.json`);
  const cases = JSON.parse(readFileSync(path, 'utf8')) as Vector<Input, Expected>[];
  return cases.map((vector, at) => ({ ...vector, title: `${at}: ${vector.name ?? JSON.stringify(vector.input).slice(0, 100)}` }));
}

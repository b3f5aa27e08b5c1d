import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { invalid } from '../errors.js';
import type { Io } from '../io.js';

/** A text and the name under which messages speak of it. */
export interface SourceText {
  readonly name: string;
  readonly text: string;
}

/**
 * Reads a file, or standard input when it is called `-`.
 *
 * @throws {CliError} it cannot be read
 */
export async function readSource({ cwd, stdin }: Io, file: string): Promise<SourceText> {
  if (file === '-') return { name: 'standard input', text: await text(stdin) };
  try {
    return { name: file, text: await readFile(resolve(cwd, file), 'utf8') };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw invalid(code === 'ENOENT' ? `there is no file '${file}'` : `${file} cannot be read: ${message}`);
  }
}

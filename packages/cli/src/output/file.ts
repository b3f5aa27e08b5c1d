import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { invalid } from '../errors.js';

/**
 * Writes a file that was asked for.
 *
 * @param folder in which the command runs
 * @throws {CliError} the file cannot be written, or is there and must not be replaced
 */
export function writeOutput(
  folder: string, file: string, content: string | Uint8Array, { replace = true }: { readonly replace?: boolean } = {},
): void {
  const path = resolve(folder, file);
  if (!replace && existsSync(path)) throw invalid(`${file} is there already`, 'pass --force to replace it');
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw invalid(`${file} cannot be written: ${(error as Error).message}`);
  }
}

import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { invalid } from '../errors.js';
import type { Io } from '../io.js';

/**
 * Writes a new file.
 *
 * @param force whether one that is there is replaced
 * @throws {CliError} it is there, or cannot be written
 */
export async function writeNewFile({ cwd }: Io, file: string, text: string, force: boolean): Promise<void> {
  try {
    await writeFile(resolve(cwd, file), text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === 'EEXIST' ? invalid(`${file} is there already`, 'pass --force to replace it') : invalid(`${file} cannot be written: ${message}`);
  }
}

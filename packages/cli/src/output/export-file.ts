import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { flag, optional } from '../command/option.js';
import type { Context } from '../context.js';
import { refused } from '../errors.js';

/** Flags of commands that export what may be personal, or much. */
export const exportOptions = {
  file: optional('-o, --output <file>', 'file to write; standard output unless given'),
  force: flag('-f, --force', 'replace the file when it is there'),
} as const;

/**
 * Writes an export to a file that only its owner may read, or to standard output. A file that cannot be finished is removed.
 *
 * @throws {CliError} the file is there, and `--force` was not given
 */
export async function writeExport(
  { io, signal }: Context, { file, force }: { readonly file: string | undefined; readonly force: boolean }, text: AsyncIterable<string>,
): Promise<void> {
  if (file === undefined) {
    for await (const chunk of text) io.stdout.write(chunk);
    return;
  }
  const path = resolve(io.cwd, file);
  try {
    await pipeline(Readable.from(text), createWriteStream(path, { flags: force ? 'w' : 'wx', mode: 0o600 }), { signal });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw refused(`${file} is there already, nothing was written.`, 'pass --force to replace it');
    await rm(path, { force: true });
    throw error;
  }
}

import { flag, optional } from '../command/option.js';
import type { Context } from '../context.js';
import { writeNewFile } from './file.js';

/** Flags of commands that export what may be personal, or much. */
export const exportOptions = {
  file: optional('-o, --output <file>', 'file to write; standard output unless given'),
  force: flag('-f, --force', 'replace the file when it is there'),
} as const;

/**
 * Writes an export to a file that only its owner may read, or to standard output.
 *
 * @throws {CliError} the file is there, and `--force` was not given; or it cannot be written
 */
export async function writeExport(
  { io, signal }: Context, { file, force }: { readonly file: string | undefined; readonly force: boolean }, text: AsyncIterable<string>,
): Promise<void> {
  if (file !== undefined) return writeNewFile(io, file, text, { force, mode: 0o600, signal });
  for await (const chunk of text) io.stdout.write(chunk);
}

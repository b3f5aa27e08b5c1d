import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { invalid, type CliError } from '../errors.js';
import type { Io } from '../io.js';

type Place = Pick<Io, 'cwd'>;

export interface WriteOptions {
  /** Whether a file that is there is replaced. */
  readonly force: boolean;
  /** Permissions of the file, less those that the process withholds. @default 0o666 */
  readonly mode?: number;
  readonly signal?: AbortSignal;
}

/**
 * Writes a file that was asked for. It appears as a whole: one that is replaced stays until the new one is finished, and one that
 * cannot be finished is not left behind.
 *
 * @throws {CliError} the file is there and must not be replaced, or cannot be written
 */
export async function writeNewFile(
  { cwd }: Place, file: string, content: string | Uint8Array | AsyncIterable<string>, { force, mode, signal }: WriteOptions,
): Promise<void> {
  const path = resolve(cwd, file);
  const { handle, finish, discard } = await (force ? replacement(path, mode) : newFile(path, mode)).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? isThere([file]) : invalid(`${file} cannot be written: ${error.message}`);
  });
  try {
    await pipeline(Readable.from(content), handle.createWriteStream(), { signal });
    await finish();
  } catch (error) {
    await discard();
    throw error;
  }
}

/**
 * For commands that write several files, or none.
 *
 * @throws {CliError} some are there, and must not be replaced
 */
export function checkNewFiles({ cwd }: Place, files: readonly string[], force: boolean): void {
  const there = files.filter((file) => existsSync(resolve(cwd, file)));
  if (there.length > 0 && !force) throw isThere(there);
}

const isThere = (files: readonly string[]): CliError =>
  invalid(`${files.join(', ')} ${files.length === 1 ? 'is' : 'are'} there already`, 'pass --force to replace it');

/** A file that is being written. */
interface Draft {
  readonly handle: FileHandle;
  readonly finish: () => Promise<void>;
  readonly discard: () => Promise<void>;
}

async function newFile(path: string, mode?: number): Promise<Draft> {
  return { handle: await open(path, 'wx', mode), finish: async () => {}, discard: async () => rm(path, { force: true }) };
}

/** A file beside the one that it takes the place of. What is no file, such as /dev/stdout, is written to as it is. */
async function replacement(path: string, mode?: number): Promise<Draft> {
  const there = await stat(path).catch(() => undefined);
  if (there !== undefined && !there.isFile()) return { handle: await open(path, 'w'), finish: async () => {}, discard: async () => {} };
  const target = there === undefined ? path : await realpath(path); // a link stays one
  const temporary = `${target}.${randomUUID()}.tmp`;
  const draft = await newFile(temporary, mode);
  return { ...draft, finish: async () => rename(temporary, target) };
}

import { buffer } from 'node:stream/consumers';
import type { CodeFile } from './functions.js';

/** The earliest that a zip file can say: the same code is the same file, byte by byte. */
const MTIME = new Date(1980, 0, 1);

/** A zip file of these files, the same each time for the same content. */
export async function zipped(files: readonly CodeFile[]): Promise<Buffer> {
  const { ZipFile } = await import('yazl');
  const zip = new ZipFile();
  for (const { name, content } of files) zip.addBuffer(content, name, { mtime: MTIME, mode: 0o100644, forceDosTimestamp: true });
  zip.end();
  return buffer(zip.outputStream);
}

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Clock } from '@zae-limiter/client';

/** Read at once. */
const CHUNK = 64 * 1024;
const POLL_MS = 250;

/** Lines of a log that grows. */
export class LogFile {
  private position = 0;

  constructor(private readonly path: string) {}

  /** The last lines that there are. */
  last(count: number): string[] {
    const lines = this.read();
    return count === 0 ? [] : lines.slice(-count);
  }

  /** Lines that are written from now on, until the signal is aborted. */
  async *follow(clock: Clock, signal: AbortSignal): AsyncIterable<string[]> {
    while (!signal.aborted) {
      const lines = this.read();
      if (lines.length > 0) yield lines;
      else await clock.sleep(POLL_MS, signal).catch(() => {});
    }
  }

  private read(): string[] {
    const file = openSync(this.path, 'r');
    try {
      if (fstatSync(file).size < this.position) this.position = 0; // it was started anew
      const bytes = readFrom(file, this.position);
      const end = bytes.lastIndexOf('\n') + 1; // a line whose end is not written yet is left for later
      this.position += end;
      return bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
    } finally {
      closeSync(file);
    }
  }
}

function readFrom(file: number, position: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = position, size = 1; size > 0; at += size) {
    const chunk = Buffer.alloc(CHUNK);
    size = readSync(file, chunk, 0, CHUNK, at);
    parts.push(chunk.subarray(0, size));
  }
  return Buffer.concat(parts);
}

import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** How far a stream was read: the last sequence number of each shard. Kept in a file, if there is one, so that it outlives the process. */
export class Checkpoints {
  private readonly shards: Map<string, string>;

  /** @param file null when the stream itself does not outlive the process */
  constructor(private readonly file: string | null, private readonly streamArn: string) {
    const { stream, shards } = file === null ? {} : read(file);
    this.shards = new Map(stream === streamArn ? Object.entries(shards ?? {}) : []);
  }

  get(shard: string): string | undefined {
    return this.shards.get(shard);
  }

  set(shard: string, sequence: string): void {
    this.shards.set(shard, sequence);
    if (this.file === null) return;
    const temporary = `${this.file}.new`;
    writeFileSync(temporary, JSON.stringify({ stream: this.streamArn, shards: Object.fromEntries(this.shards) }));
    renameSync(temporary, this.file); // so that a crash leaves the old file or the new one
  }

  /** Starts a shard over: the stream no longer holds what was read last. */
  forget(shard: string): void {
    this.shards.delete(shard);
  }
}

function read(file: string): { stream?: string; shards?: Record<string, string> } {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as object;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

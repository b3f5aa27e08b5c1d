import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { DeletedEvent } from './archive-event';

/** A file of the archive: the events of one UTC day that were deleted together. */
export interface ArchiveObject {
  readonly key: string;
  /** Gzipped lines, one event each. */
  readonly body: Uint8Array;
  readonly events: number;
  /** Sequence numbers of the records that it came from. */
  readonly sequenceNumbers: readonly string[];
}

/** Sorts events into objects, oldest day first. The same events are the same objects, in whatever order they come. */
export function toObjects(events: readonly DeletedEvent[]): ArchiveObject[] {
  const days = new Map<string, DeletedEvent[]>();
  for (const event of [...events].sort(byTimeAndId)) {
    const day = new Date(event.at).toISOString().slice(0, 10);
    days.set(day, [...days.get(day) ?? [], event]);
  }
  return [...days].map(([day, ofDay]) => ({
    key: objectKey(day, ofDay),
    body: gzip(ofDay.map(({ line }) => `${line}\n`).join('')),
    events: ofDay.length,
    sequenceNumbers: ofDay.map(({ sequence }) => sequence),
  }));
}

function byTimeAndId(a: DeletedEvent, b: DeletedEvent): number {
  return a.at - b.at || order(a.timestamp, b.timestamp) || order(a.id, b.id) || order(a.line, b.line);
}

const order = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Names the object after what is in it: a batch that is delivered again overwrites it with the same. */
function objectKey(day: string, events: readonly DeletedEvent[]): string {
  const [year, month, date] = day.split('-');
  const batch = createHash('sha256').update(events.map(({ id }) => id).sort().join('\n')).digest('hex').slice(0, 16);
  return `audit/year=${year}/month=${month}/day=${date}/audit-${batch}-${fileName(events[0]!.timestamp)}.jsonl.gz`;
}

/** A time that is none may be any text: S3 must take it, and it must not open a folder. */
const fileName = (timestamp: string): string => timestamp.replaceAll('+', '').replace(/[^\w.-]/g, '-').slice(0, 40);

/** Offset in a gzip header of the operating system, and what stands for none. The time in the header is 0 already. */
const OS_OFFSET = 9;
const UNKNOWN_OS = 255;

function gzip(lines: string): Uint8Array {
  const zipped = gzipSync(lines);
  zipped[OS_OFFSET] = UNKNOWN_OS;
  return zipped;
}

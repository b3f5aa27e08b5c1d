import type { DynamoDBRecord } from 'aws-lambda';
import { forEach } from '../shared/for-each';
import { readDeletedEvent, type ArchiveScope } from './archive-event';
import { toObjects, type ArchiveObject } from './archive-object';

/** Where objects are kept. */
export interface ArchiveStore {
  /** Stores an object, in place of one with the same key. Throws when it is not certain that it is stored. */
  put(object: ArchiveObject): Promise<void>;
}

/** An object that was not stored. */
export interface ArchiveFailure {
  readonly key: string;
  /** Records that must be delivered again. */
  readonly sequenceNumbers: readonly string[];
  readonly error: unknown;
}

export interface ArchiveResult {
  /** Events in the objects that were stored. */
  readonly archived: number;
  /** Objects that were stored. */
  readonly objects: number;
  readonly failures: readonly ArchiveFailure[];
}

/** Objects that are stored at the same time. */
const CONCURRENCY = 10;

/** The objects that hold the deleted audit events among stream records, oldest day first. */
export function archiveObjects(records: readonly DynamoDBRecord[], scope: ArchiveScope): ArchiveObject[] {
  return toObjects(records.flatMap((record) => readDeletedEvent(record, scope) ?? []));
}

/**
 * Archives the deleted audit events among stream records. Safe to repeat: the same batch is the same objects.
 *
 * The events are in the table no more, so every failure is to be tried again, whatever the error: a bucket or a role that is
 * repaired while Lambda still delivers the records loses nothing (F-30). One put for each UTC day on which an event happened.
 *
 * @param hasTime asked before each put; when it says no, the object is a failure
 */
export async function archive(
  records: readonly DynamoDBRecord[], store: ArchiveStore, scope: ArchiveScope, hasTime: () => boolean = () => true,
): Promise<ArchiveResult> {
  let [archived, objects] = [0, 0];
  const failures: ArchiveFailure[] = [];
  await forEach(archiveObjects(records, scope), CONCURRENCY, async (object) => {
    try {
      if (!hasTime()) throw new Error('not started: the time of the invocation is used up');
      await store.put(object);
      archived += object.events;
      objects++;
    } catch (error) {
      failures.push({ key: object.key, sequenceNumbers: object.sequenceNumbers, error });
    }
  });
  return { archived, objects, failures };
}

import { MemoryStore } from '@zae-limiter/client';
import type { Item } from '@zae-limiter/client/schema/attributes';
import type { PrimaryKey } from '@zae-limiter/client/schema/keys';
import type { ItemUpdate, ItemWrite } from '@zae-limiter/client/schema/update';
import type { UpdateOutcome } from '@zae-limiter/client/store/store';

/** One item before and after a write that was applied; undefined where there is none. */
export interface ObservedWrite {
  readonly before: Item | undefined;
  readonly after: Item | undefined;
}

/** A table in memory that tells of every write, in the order in which they were applied. */
export class ObservedStore extends MemoryStore {
  readonly writes: ObservedWrite[] = [];
  private readonly known = new Map<string, Item>();

  override async update(update: ItemUpdate): Promise<UpdateOutcome> {
    const outcome = await super.update(update);
    if (outcome.applied) this.note(update.key, outcome.item);
    return outcome;
  }

  override async transact(writes: readonly ItemWrite[]): Promise<boolean> {
    const applied = await super.transact(writes);
    if (!applied) return false;
    for (const write of writes) {
      const key = 'update' in write ? write.update.key : 'delete' in write ? write.delete : keyOf(write.put);
      this.note(key, await this.get(key));
    }
    return true;
  }

  private note(key: PrimaryKey, after: Item | undefined): void {
    const id = JSON.stringify(key);
    this.writes.push({ before: this.known.get(id), after });
    if (after === undefined) this.known.delete(id);
    else this.known.set(id, after);
  }
}

function keyOf({ PK, SK }: Item): PrimaryKey {
  return { pk: (PK as { S: string }).S, sk: (SK as { S: string }).S };
}

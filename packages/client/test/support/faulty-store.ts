import { LimiterUnavailableError } from '@zae-limiter/client';
import type { ItemUpdate } from '@zae-limiter/client/schema/update';
import type { Store, UpdateOutcome } from '@zae-limiter/client/store/store';

/** What happens instead of, or before, an update. */
export type Fault = (update: ItemUpdate) => void | Promise<void>;

/** An outage that passes by itself. */
export const outage: Fault = () => {
  throw new LimiterUnavailableError('the store is down', true);
};

/** A missing permission: waiting does not help. */
export const denied: Fault = () => {
  throw new LimiterUnavailableError('access denied', false);
};

/** A store whose updates can be disturbed. Without a fault it behaves as the store behind it. */
export class FaultyStore implements Store {
  /** Called before each update; throw to make it fail. */
  fault: Fault | undefined;
  updates = 0;

  constructor(private readonly store: Store) {}

  get tableName(): string { return this.store.tableName; }

  async update(update: ItemUpdate): Promise<UpdateOutcome> {
    this.updates++;
    await this.fault?.(update);
    return this.store.update(update);
  }

  get: Store['get'] = (...args) => this.store.get(...args);
  getMany: Store['getMany'] = (...args) => this.store.getMany(...args);
  query: Store['query'] = (...args) => this.store.query(...args);
  transact: Store['transact'] = (...args) => this.store.transact(...args);
}

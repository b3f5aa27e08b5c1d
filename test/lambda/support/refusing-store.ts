import type { ItemUpdate } from '@zae-limiter/client/schema/update';
import { classifyError } from '@zae-limiter/client/store/dynamodb/classify-error';
import type { Store } from '@zae-limiter/client/store/store';

/**
 * A store that refuses some updates, as a table would whose SDK throws an error of this name.
 *
 * @param refuses says which updates
 */
export function refusingStore(store: Store, sdkError: string, refuses: (update: ItemUpdate) => boolean): Store {
  return {
    tableName: store.tableName,
    async update(update) {
      if (!refuses(update)) return store.update(update);
      throw classifyError(Object.assign(new Error('refused by a test'), { name: sdkError }), store.tableName);
    },
    get: (key, options) => store.get(key, options),
    getMany: (keys) => store.getMany(keys),
    query: (query) => store.query(query),
    transact: (writes) => store.transact(writes),
    deleteMany: (keys) => store.deleteMany(keys),
    describe: () => store.describe(),
  };
}

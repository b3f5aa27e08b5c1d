import type { Store } from '@zae-limiter/client';

/** A store that cannot be changed: a command that only reads is held to it. */
export function readOnly(store: Store): Store {
  const refuse = (call: string) => async (): Promise<never> => { throw new Error(`a command that only reads asked for a write (${call})`); };
  return {
    tableName: store.tableName,
    get: (...args) => store.get(...args),
    getMany: (...args) => store.getMany(...args),
    query: (...args) => store.query(...args),
    describe: () => store.describe(),
    update: refuse('update'),
    transact: refuse('transact'),
    deleteMany: refuse('deleteMany'),
  };
}

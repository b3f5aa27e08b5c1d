import { MemoryStore } from '@zae-limiter/client';
import { connectTestTable } from '../../../../test/support/table';
import { storeContract } from './store.contract';

storeContract('DynamoDbStore', async () => {
  const { store, namespaceId } = await connectTestTable();
  return { store, partition: namespaceId };
});

storeContract('MemoryStore', async () => ({ store: new MemoryStore(), partition: 'memory' }));

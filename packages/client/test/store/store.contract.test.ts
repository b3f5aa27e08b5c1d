import { DynamoDbStore, MemoryStore, type Store } from '@zae-limiter/client';
import { FakeClock, FaultyStore, STORE_CONTRACT } from '@zae-limiter/client/testing';
import { connectDynamoDbTable, PATIENCE_MS } from '../../../../test/support/table';

const STORES: [name: string, connect: () => Promise<{ store: Store; partition: string }>][] = [
  ['DynamoDbStore', async () => {
    const { store, namespaceId } = await connectDynamoDbTable();
    return { store, partition: namespaceId };
  }],
  ['DynamoDbStore past the middleware', async () => {
    const { client, name, namespaceId } = await connectDynamoDbTable();
    return { store: new DynamoDbStore(client, name, { timeoutMs: PATIENCE_MS, direct: true }), partition: namespaceId };
  }],
  ['MemoryStore', async () => ({ store: new MemoryStore(), partition: 'memory' })],
  ['FaultyStore without a fault', async () => ({ store: new FaultyStore(new MemoryStore(), new FakeClock()), partition: 'memory' })],
];

describe.each(STORES)('%s keeps its promises', (name, connect) => {
  let connected: { store: Store; partition: string };

  beforeAll(async () => { connected = await connect(); });

  test.each(STORE_CONTRACT)('$title', ({ check }) => check(connected.store, connected.partition));

  test('says what its table holds, and whether its changes are streamed', async () => {
    const { itemCount, sizeBytes, streamEnabled } = await connected.store.describe();

    expect(itemCount).toBeGreaterThan(0);
    expect(sizeBytes).toBeGreaterThan(0);
    expect(streamEnabled).toBe(name.startsWith('DynamoDbStore'));
  });
});

test('the contract notices a store that breaks it', async () => {
  const store = new MemoryStore();
  const forgetful = Object.assign(Object.create(store) as Store, { get: async () => undefined });

  const results = await Promise.allSettled(STORE_CONTRACT.map(({ check }) => check(forgetful, 'forgetful')));

  expect(results.filter(({ status }) => status === 'rejected').length).toBeGreaterThanOrEqual(2);
});

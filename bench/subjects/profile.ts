import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDbStore, RateLimiter, type Store } from '@zae-limiter/client';
import { takeUpdate } from '@zae-limiter/client/schema/bucket-item';
import { updateExpressions } from '@zae-limiter/client/store/dynamodb/expressions';
import { AMPLE_LIMITS } from '../limits';
import type { Request } from '../load';
import { floorInput } from './floor';
import { CONSUME, readEnvironment, RESOURCES, type Subject } from './subject';

/** What a call costs this process: against a server that gives one answer, so that no database is in it. */
export async function profile(): Promise<Subject> {
  const { table, namespaceId } = readEnvironment();
  const endpoint = process.env.BENCH_CANNED_ENDPOINT!;
  const key = { namespaceId, entity: 'user-1', resource: RESOURCES.ample, shard: 0 };
  const amounts = new Map(Object.entries(CONSUME).map(([name, tokens]) => [name, tokens * 1000]));
  const update = takeUpdate(key, { kind: 'take', amounts, refilledSince: undefined }, 1);
  const client = new DynamoDBClient({ endpoint, maxAttempts: 1 });
  const input = floorInput('user-1');
  const throughSdk = new DynamoDbStore(client, table);
  const direct = new DynamoDbStore(client, table, { direct: true });
  const outcome = await throughSdk.update(update);
  const limiterOn = (writing: Pick<Store, 'update'>): RateLimiter => {
    const store = Object.assign(Object.create(throughSdk) as Store, { update: writing.update.bind(writing), getMany: readNothing });
    return new RateLimiter({ store, namespaceId });
  };
  const memory = limiterOn({ update: async () => outcome });
  const overSdk = limiterOn(throughSdk);
  const overDirect = limiterOn(direct);
  const request = { entity: 'user-1', resource: RESOURCES.ample, consume: CONSUME, limits: AMPLE_LIMITS };
  const cases: Record<string, Request> = {
    'UpdateItem through the SDK': () => client.send(new UpdateItemCommand(input())),
    'the store, through the SDK': () => throughSdk.update(update),
    'the store, past the middleware': () => direct.update(update),
    'expressions of an update': async () => updateExpressions(update),
    'tryAcquire without a store': () => memory.tryAcquire(request),
    'tryAcquire, through the SDK': () => overSdk.tryAcquire(request),
    'tryAcquire, past the middleware': () => overDirect.tryAcquire(request),
  };
  return { prepare: async ({ name }) => cases[name]! };
}

/** There is no parent, and the limits come with the request. */
const readNothing: Store['getMany'] = async (keys) => keys.map(() => undefined);

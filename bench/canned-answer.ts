import type { Item } from '@zae-limiter/client/schema/attributes';
import { bucketTarget, createUpdate } from '@zae-limiter/client/schema/bucket-item';
import { AMPLE_LIMITS } from './limits';
import { RESOURCES } from './subjects/subject';

/** The answer of DynamoDB to the write of a warm request: the whole bucket, which was credited `NOW`. */
export function cannedAnswer(): Item {
  const limits = [...bucketTarget(AMPLE_LIMITS, true).limits]
    .map(([name, parameters]) => ({ name, amount: 0, tokens: parameters.capacity, parameters }));
  const { key, changes } = createUpdate({ namespaceId: 'bench', entity: 'user-1', resource: RESOURCES.ample, shard: 0 }, {
    kind: 'create', now: 0, shardCount: 1, limits, expiresAt: undefined, discard: [], admits: true,
  }, { cascade: false, parentId: undefined }, 1);
  const attributes = [...changes].flatMap(([name, change]) => ('set' in change ? [[name, change.set]] : []));
  return { ...Object.fromEntries(attributes) as Item, PK: { S: key.pk }, SK: { S: key.sk }, rf: { N: 'NOW' } };
}

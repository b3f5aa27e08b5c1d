import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { argument } from '../../command/option.js';
import { count } from '../../output/text.js';
import { noBucket } from './bucket-data.js';

export const resetShards = command({
  path: 'bucket reset-shards',
  summary: 'Make one item of a bucket that was split',
  description: 'The first shard keeps its tokens and takes over the debts of the others; tokens of the others come back by refill.',
  scope: 'namespace',
  effect: 'writes',
  arguments: { entity: argument('entity', 'entity'), resource: argument('resource', 'resource') },
  output: Type.Object({ entity: Type.String(), resource: Type.String(), removed: Type.Integer({ description: 'further shards that were removed' }) }),
  async run(context, { entity, resource }) {
    const { admin } = await context.namespace();
    const [bucket] = await admin.buckets.show(entity, resource);
    if (bucket === undefined) throw noBucket(entity, resource);
    await context.confirm(`Are you sure you want to remove all shards but one of the bucket of '${entity}' on '${resource}'?`);
    const removed = await admin.buckets.resetShards(entity, resource);
    return {
      data: { entity, resource, removed },
      human: () => [removed === 0 ? 'The bucket is one item already' : `Removed ${count(removed)} further shard(s) of the bucket of '${entity}' on '${resource}'`],
    };
  },
});

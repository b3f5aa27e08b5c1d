import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { argument, optionalArgument } from '../../command/option.js';
import { watching, watchOptions } from '../../ui/watch.js';
import { bucketBlocks, bucketData, BucketSchema, noBucket } from './bucket-data.js';

export const showBuckets = command({
  path: 'bucket show',
  summary: 'Show the tokens that an entity has',
  scope: 'namespace',
  effect: 'reads',
  arguments: { entity: argument('entity', 'entity'), resource: optionalArgument('resource', 'resource; every one unless given') },
  options: watchOptions,
  output: Type.Object({ buckets: Type.Array(BucketSchema) }),
  examples: ['bucket show user-1', 'bucket show user-1 gpt-4 --watch --interval 1s'],
  async run(context, { entity, resource, ...watch }) {
    const { admin } = await context.namespace();
    return watching(context, watch, async () => {
      const buckets = await admin.buckets.show(entity, resource);
      if (resource !== undefined && buckets.length === 0) throw noBucket(entity, resource);
      return {
        data: { buckets: buckets.map(bucketData) },
        rows: 'buckets',
        human: (style) => (buckets.length === 0
          ? [`No buckets of entity '${entity}'`]
          : buckets.flatMap((bucket, at) => [...(at === 0 ? [] : ['']), ...bucketBlocks(bucket, style)])),
      };
    });
  },
});

import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { argument } from '../../command/option.js';
import { noBucket } from './bucket-data.js';

export const resetBucket = command({
  path: 'bucket reset',
  summary: 'Fill every limit of a bucket, and end its debt or block',
  scope: 'namespace',
  effect: 'writes',
  arguments: { entity: argument('entity', 'entity'), resource: argument('resource', 'resource') },
  output: Type.Object({ entity: Type.String(), resource: Type.String() }),
  async run(context, { entity, resource }) {
    const { admin } = await context.namespace();
    const [bucket] = await admin.buckets.show(entity, resource);
    if (bucket === undefined) throw noBucket(entity, resource);
    await context.confirm(`Are you sure you want to fill the bucket of '${entity}' on '${resource}'?`);
    await admin.buckets.reset(entity, resource);
    return { data: { entity, resource }, human: () => [`Filled the bucket of '${entity}' on '${resource}'`] };
  },
});

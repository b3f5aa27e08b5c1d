import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { argument } from '../../command/option.js';
import { right, table } from '../../output/result.js';
import { count, rate, time } from '../../output/text.js';
import { limitData, LimitSchema } from './limit-data.js';

export const available = command({
  path: 'available',
  summary: 'Show how many tokens an entity could take',
  scope: 'namespace',
  effect: 'reads',
  arguments: { entity: argument('entity', 'entity'), resource: argument('resource', 'resource') },
  output: Type.Object({ limits: Type.Array(LimitSchema, { description: 'of the entity, and then of its parent when that is charged too' }) }),
  async run(context, { entity, resource }) {
    const { limiter } = await context.namespace();
    const limits = await limiter.available(entity, resource);
    return {
      data: { limits: limits.map(limitData) },
      rows: 'limits',
      human: () => [table(['Entity', 'Limit', right('Have'), right('Of'), 'Refill', right('Full in')], limits.map((limit) => [
        limit.entity, limit.name, count(limit.remaining), count(limit.capacity), rate(limit.refill), limit.resetMs === 0 ? '-' : time(limit.resetMs),
      ]))],
    };
  },
});

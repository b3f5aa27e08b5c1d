import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { argument } from '../../command/option.js';
import { decimals } from '../../output/text.js';
import { tokensOf, tokensOption } from '../tokens-option.js';
import { noBucket } from './bucket-data.js';

export const refundBucket = command({
  path: 'bucket refund',
  summary: 'Give tokens back that should not have been taken',
  description: 'Up to the capacity of each limit; the tokens no longer count as consumed. A parent is not touched: give it its own back.',
  scope: 'namespace',
  effect: 'writes',
  arguments: { entity: argument('entity', 'entity'), resource: argument('resource', 'resource') },
  options: { consume: tokensOption('what to give back, such as rpm=1') },
  output: Type.Object({
    entity: Type.String(),
    resource: Type.String(),
    limits: Type.Array(Type.Object({
      name: Type.String(), asked: Type.Integer(), given: Type.Number({ description: 'less than asked when the limit had no more room' }),
    })),
  }),
  examples: ['bucket refund user-1 gpt-4 -c rpm=1 -c tpm=500'],
  async run(context, { entity, resource, consume }) {
    const wanted = tokensOf(consume);
    const { operator } = await context.namespace();
    const refunded = await operator.refund(entity, resource, wanted);
    if (refunded === undefined) throw noBucket(entity, resource);
    const limits = Object.entries(wanted).map(([name, asked]) => ({ name, asked, given: refunded[name]! }));
    return {
      data: { entity, resource, limits },
      human: () => [
        `Gave back to '${entity}' on '${resource}':`,
        ...limits.map(({ name, asked, given }) => `  ${name}: ${decimals(given)}${given < asked ? ` of ${decimals(asked)}, then it was full` : ''}`),
      ],
    };
  },
});

import { Type } from '@sinclair/typebox';
import type { BucketView } from '@zae-limiter/client';
import { command } from '../../command/command.js';
import { argument, value } from '../../command/option.js';
import { integer } from '../../command/parsers.js';
import type { Context } from '../../context.js';
import { right, table } from '../../output/result.js';
import { decimals, wholeTokens } from '../../output/text.js';
import type { OpenNamespace } from '../../table/connection.js';
import { watching, watchOptions } from '../../ui/watch.js';

/** Busiest first: those who have used most of a limit. */
interface Busy {
  readonly entity: string;
  readonly limit: string;
  readonly tokens: number;
  readonly capacity: number;
  readonly utilizationPercent: number;
  readonly totalConsumed: number | null;
  /** Since the view before; null in the first. */
  readonly perSecond: number | null;
  readonly state: 'ok' | 'short' | 'in debt' | 'blocked';
}

export const top = command({
  path: 'top',
  summary: 'Show the busiest entities of a resource, and those that are being refused',
  description: [
    'Reads every bucket of the resource: entities whose tokens are short are those that are refused now. Refusals themselves are not stored.',
    'With --watch it shows how many tokens each takes per second.',
  ].join('\n'),
  scope: 'namespace',
  effect: 'reads',
  arguments: { resource: argument('resource', 'resource') },
  options: { limit: value('-l, --limit <n>', 'entities to show', 20, { parse: integer(1, 1000) }), ...watchOptions },
  output: Type.Object({
    resource: Type.String(),
    entities: Type.Integer({ description: 'that have a bucket' }),
    busiest: Type.Array(Type.Object({
      entity: Type.String(), limit: Type.String({ description: 'the limit of which the entity has used most' }),
      tokens: Type.Number(), capacity: Type.Number(), utilizationPercent: Type.Number(),
      totalConsumed: Type.Union([Type.Number(), Type.Null()]), perSecond: Type.Union([Type.Number(), Type.Null()]),
      state: Type.Union(['ok', 'short', 'in debt', 'blocked'].map((state) => Type.Literal(state))),
    })),
  }),
  examples: ['top gpt-4 --watch'],
  async run(context, { resource, limit, ...watch }) {
    const namespace = await context.namespace();
    let before: { readonly at: number; readonly consumed: ReadonlyMap<string, number> } | undefined;
    return watching(context, watch, async () => {
      const buckets = await bucketsOf(context, namespace, resource);
      const at = context.io.clock.now();
      const all = buckets.flatMap((bucket) => busiest(bucket) ?? []).map((one): Busy => {
        const last = before?.consumed.get(one.entity);
        const seconds = (at - (before?.at ?? at)) / 1000;
        const known = last !== undefined && one.totalConsumed !== null && seconds > 0;
        return { ...one, perSecond: known ? rounded((one.totalConsumed! - last) / seconds) : null };
      });
      before = { at, consumed: new Map(all.map(({ entity, totalConsumed }) => [entity, totalConsumed ?? 0])) };
      const shown = all.sort((a, b) => b.utilizationPercent - a.utilizationPercent || (a.entity < b.entity ? -1 : 1)).slice(0, limit);
      return {
        data: { resource, entities: all.length, busiest: shown },
        rows: 'busiest',
        human: ({ red }) => (shown.length === 0 ? [`No buckets of resource '${resource}'`] : [
          table(['Entity', 'Limit', right('Used'), right('Have'), right('Of'), right('Consumed'), right('Per second'), 'State'], shown.map((one) => [
            one.entity, one.limit, `${one.utilizationPercent.toFixed(0)}%`, wholeTokens(one.tokens), decimals(one.capacity),
            one.totalConsumed === null ? '-' : decimals(one.totalConsumed), one.perSecond === null ? '-' : decimals(one.perSecond),
            one.state === 'ok' ? 'ok' : red(one.state),
          ])),
          '', `Total: ${all.length} ${all.length === 1 ? 'entity' : 'entities'}`,
        ]),
      };
    });
  },
});

/** Every bucket of the resource. */
async function bucketsOf(context: Context, { admin, operator }: OpenNamespace, resource: string): Promise<BucketView[]> {
  const names = await operator.entitiesOn(resource);
  const views: BucketView[] = [];
  for (let start = 0; start < names.length && !context.signal.aborted; start += PARALLEL) {
    const some = await Promise.all(names.slice(start, start + PARALLEL).map(async (entity) => admin.buckets.show(entity, resource)));
    views.push(...some.flat());
  }
  return views;
}

const PARALLEL = 20;

/** The limit of a bucket of which most is used; undefined for a bucket without limits. */
function busiest({ entity, limits, blocked }: BucketView): Omit<Busy, 'perSecond'> | undefined {
  const used = limits.map(({ name, tokens, capacity, totalConsumed }) => ({
    entity, limit: name, tokens, capacity, totalConsumed: totalConsumed ?? null,
    utilizationPercent: capacity === 0 ? 0 : rounded(((capacity - tokens) / capacity) * 100),
  }));
  const most = used.sort((a, b) => b.utilizationPercent - a.utilizationPercent)[0];
  return most && { ...most, state: blocked !== undefined ? 'blocked' : most.tokens < 0 ? 'in debt' : most.tokens < 1 ? 'short' : 'ok' };
}

const rounded = (number: number): number => Math.round(number * 10) / 10;

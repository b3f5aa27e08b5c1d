import { Type } from '@sinclair/typebox';
import type { Explanation, LimitView, RateLimiter } from '@zae-limiter/client';
import { command } from '../../command/command.js';
import { argument } from '../../command/option.js';
import { count, rate, time } from '../../output/text.js';
import { tokensOf, tokensOption } from '../tokens-option.js';
import { limitData, LimitSchema, SOURCES } from './limit-data.js';

const ParentSchema = Type.Object({ entity: Type.String(), exists: Type.Boolean(), shards: Type.Integer(), limits: Type.Array(LimitSchema) });

const RequestSchema = Type.Object({
  consume: Type.Record(Type.String(), Type.Integer()),
  allowed: Type.Boolean(),
  deniedBy: Type.Array(Type.Object({ entity: Type.String(), limit: Type.String() })),
  retryAfterMs: Type.Union([Type.Integer(), Type.Null()], { description: 'null when no wait helps; 0 when it is allowed' }),
});

export const explain = command({
  path: 'explain',
  summary: 'Show why an entity is limited as it is',
  description: 'Where each limit comes from, how the bucket stands, and with -c what would become of a request. Takes nothing.',
  scope: 'namespace',
  effect: 'reads',
  arguments: { entity: argument('entity', 'entity'), resource: argument('resource', 'resource') },
  options: { consume: tokensOption('tokens of a request to judge, such as rpm=1', {}) },
  output: Type.Object({
    entity: Type.String(),
    resource: Type.String(),
    exists: Type.Boolean({ description: 'false when there is no bucket yet: it would begin full' }),
    shards: Type.Integer(),
    limits: Type.Array(LimitSchema),
    parent: Type.Union([ParentSchema, Type.Null()], { description: 'when it is charged too' }),
    request: Type.Union([RequestSchema, Type.Null()]),
  }),
  examples: ['explain user-1 gpt-4 -c rpm=1 -c tpm=500'],
  async run(context, { entity, resource, consume }) {
    const { limiter } = await context.namespace();
    const found = await limiter.explain(entity, resource);
    const request = consume.length === 0 ? undefined : await judge(limiter, found, tokensOf(consume));
    const { exists, shards, limits, parent } = found;
    return {
      data: {
        entity, resource, exists, shards, limits: limits.map(limitData),
        parent: parent === undefined
          ? null
          : { entity: parent.entity, exists: parent.exists, shards: parent.shards, limits: parent.limits.map(limitData) },
        request: request ?? null,
      },
      human: ({ bold, red }) => [
        `${bold(`${entity} on ${resource}`)}${parent === undefined ? '' : `   cascades to ${parent.entity}`}   ${layout(found)}`,
        ...limitLines(limits),
        ...(parent === undefined ? [] : [`parent ${parent.limits.map(({ name, remaining, capacity }) => `${name} ${count(remaining)} of ${count(capacity)}`).join(', ')}`]),
        ...(request === undefined ? [] : [verdictLine(request, red)]),
      ],
    };
  },
});

interface Verdict {
  readonly consume: Readonly<Record<string, number>>;
  readonly allowed: boolean;
  readonly deniedBy: readonly { readonly entity: string; readonly limit: string }[];
  readonly retryAfterMs: number | null;
}

async function judge(limiter: RateLimiter, { entity, resource, limits, parent }: Explanation, consume: Record<string, number>): Promise<Verdict> {
  const until = await limiter.timeUntil(entity, resource, consume);
  const deniedBy = [...limits, ...parent?.limits ?? []].filter(({ name, remaining }) => (consume[name] ?? 0) > 0 && remaining < consume[name]!);
  return {
    consume, allowed: deniedBy.length === 0, deniedBy: deniedBy.map(({ entity: by, name }) => ({ entity: by, limit: name })), retryAfterMs: 'ms' in until ? until.ms : null,
  };
}

function layout({ exists, shards }: Explanation): string {
  if (!exists) return 'no bucket yet: it begins full';
  return shards === 1 ? 'shard 1 of 1' : `${shards} shards`;
}

/** Lines of columns, the numbers below each other. */
function limitLines(limits: readonly LimitView[]): string[] {
  const rows = limits.map(({ name, remaining, capacity, refill, source, resetMs }) => [
    name, count(remaining), count(capacity), rate(refill), SOURCES[source], resetMs === 0 ? 'full' : time(resetMs), remaining < 0 ? 'in debt' : '',
  ]);
  const cells = [['limit', 'have', 'of', 'refill', 'source', 'next full', ''], ...rows];
  const widths = cells[0]!.map((_, at) => Math.max(...cells.map((row) => row[at]!.length)));
  return cells.map((row) => row.map((cell, at) => {
    const padded = at === 1 || at === 2 ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!);
    return padded + ' '.repeat(GAPS[at]!);
  }).join('').trimEnd());
}

/** Spaces behind each column. */
const GAPS = [2, 2, 4, 3, 3, 3, 0];

function verdictLine({ consume, allowed, deniedBy, retryAfterMs }: Verdict, red: (text: string) => string): string {
  const request = `A request for ${Object.entries(consume).map(([name, tokens]) => `${name}=${tokens}`).join(' ')} would be`;
  if (allowed) return `${request} ALLOWED`;
  const by = deniedBy.map(({ entity, limit }) => `${entity} ${limit}`).join(', ');
  return `${request} ${red('DENIED')} by ${by}; ${retryAfterMs === null ? 'no wait helps, it is above the capacity' : `retry after ${time(retryAfterMs)}`}`;
}

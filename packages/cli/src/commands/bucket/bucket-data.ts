import { Type } from '@sinclair/typebox';
import type { BucketLimit, BucketView } from '@zae-limiter/client';
import { notFound, type CliError } from '../../errors.js';
import { right, table, type Block } from '../../output/result.js';
import type { Style } from '../../output/style.js';
import { decimals, rate, wholeTokens } from '../../output/text.js';

const LimitSchema = Type.Object({
  name: Type.String(),
  tokens: Type.Number({ description: 'now, refill included; negative while in debt' }),
  capacity: Type.Number(),
  refillAmount: Type.Number({ description: 'tokens that come back every period' }),
  refillPeriodSeconds: Type.Number(),
  totalConsumed: Type.Union([Type.Number(), Type.Null()], { description: 'since the bucket was created, less what was given back' }),
});

const OptionalText = Type.Union([Type.String(), Type.Null()]);

export const BucketSchema = Type.Object({
  entity: Type.String(),
  resource: Type.String(),
  parent: OptionalText,
  cascade: Type.Boolean({ description: 'whether the parent is charged too' }),
  blockedUntil: OptionalText,
  blockedReason: OptionalText,
  limits: Type.Array(LimitSchema, { description: 'all shards together' }),
  shards: Type.Array(Type.Object({
    shard: Type.Integer(),
    exists: Type.Boolean({ description: 'false for a shard that is counted and was not written yet' }),
    refilledAt: OptionalText,
    expiresAt: OptionalText,
    limits: Type.Array(LimitSchema),
  })),
});

const limitData = ({ name, tokens, capacity, refill, totalConsumed }: BucketLimit): object => ({
  name, tokens, capacity, refillAmount: refill.amount, refillPeriodSeconds: refill.periodMs / 1000, totalConsumed: totalConsumed ?? null,
});

/** A bucket as `--output json` shows it. */
export const bucketData = ({ entity, resource, parentId, cascade, blocked, limits, shards }: BucketView): object => ({
  entity, resource, parent: parentId ?? null, cascade,
  blockedUntil: blocked?.until.toISOString() ?? null, blockedReason: blocked?.reason ?? null,
  limits: limits.map(limitData),
  shards: shards.map(({ shard, exists, refilledAt, expiresAt, limits: own }) => ({
    shard, exists, refilledAt: refilledAt?.toISOString() ?? null, expiresAt: expiresAt?.toISOString() ?? null, limits: own.map(limitData),
  })),
});

/** A bucket as people read it. */
export function bucketBlocks({ entity, resource, parentId, cascade, blocked, limits, shards }: BucketView, { bold, red, unicode }: Style): Block[] {
  const family = parentId === undefined ? '' : `   ${cascade ? 'cascades to' : 'child of'} ${parentId}`;
  const title = `${bold(`${entity} on ${resource}`)}${family}${shards.length === 1 ? '' : `   ${shards.length} shards`}`;
  const block = blocked === undefined ? [] : [red(`Blocked until ${blocked.until.toISOString()}${blocked.reason === undefined ? '' : `: ${blocked.reason}`}`)];
  return [
    title, ...block,
    table(['Limit', right('Have'), right('Of'), '', 'Refill', right('Consumed')], limits.map((limit) => [
      limit.name, wholeTokens(limit.tokens), decimals(limit.capacity), bar(limit, unicode), rate(limit.refill),
      limit.totalConsumed === undefined ? '-' : decimals(limit.totalConsumed),
    ])),
    ...(shards.length === 1 ? [] : ['', table(['Shard', 'Limit', right('Have'), right('Of')], shards.flatMap(({ shard, exists, limits: own }) => (exists
      ? own.map(({ name, tokens, capacity }) => [String(shard), name, wholeTokens(tokens), decimals(capacity)])
      : [[String(shard), 'not written yet', '', '']])))]),
  ];
}

const BAR = 20;

/** How full a limit is. */
function bar({ tokens, capacity }: BucketLimit, unicode: boolean): string {
  const full = capacity <= 0 ? 0 : Math.round(Math.min(1, Math.max(0, tokens / capacity)) * BAR);
  return (unicode ? '█' : '#').repeat(full) + (unicode ? '░' : '.').repeat(BAR - full);
}

export const noBucket = (entity: string, resource: string): CliError => notFound(
  `there is no bucket of entity '${entity}' on resource '${resource}'; it would begin full`,
  `zae-limiter bucket show ${entity}   shows those that there are`, `zae-limiter acquire ${entity} ${resource} -c LIMIT=1   creates it`,
);

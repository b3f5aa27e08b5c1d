import type { Amounts } from '../core/bucket.js';
import { ValidationError } from '../core/errors.js';
import { checkLimitName } from '../core/identifiers.js';
import { MAX_LIMIT_VALUE } from '../core/limit.js';
import { applicationLimits, shareOf } from '../core/plan.js';
import { MILLI } from '../core/token-bucket.js';
import { int } from '../schema/attributes.js';
import { BUCKET, settleUpdate } from '../schema/bucket-item.js';
import { bucketAttribute } from '../schema/keys.js';
import type { Condition, ItemUpdate } from '../schema/update.js';
import { balance } from './bucket-views.js';
import type { Shard } from './shards.js';

/** What one shard of a bucket gets back. */
export interface ShardRefund {
  readonly shard: Shard;
  /** Millitokens by limit. */
  readonly amounts: Amounts;
}

/** @returns millitokens by limit name */
export function checkRefund(tokens: Readonly<Record<string, number>>): Amounts {
  return new Map(Object.entries(tokens).map(([name, amount]) => {
    checkLimitName(name, 'limit');
    const field = `tokens.${name}`;
    if (!Number.isInteger(amount)) throw new ValidationError(field, amount, 'not_an_integer', 'must be an integer');
    if (amount < 0) throw new ValidationError(field, amount, 'negative', 'must not be negative');
    if (amount > MAX_LIMIT_VALUE) throw new ValidationError(field, amount, 'too_large', `must be at most ${MAX_LIMIT_VALUE}`);
    return [name, amount * MILLI];
  }));
}

/**
 * Spreads tokens that are given back over the shards of a bucket, first shards first. None holds more than its share then:
 * what has no room is left out.
 *
 * @param amounts millitokens by limit
 */
export function spreadRefund(shards: readonly Shard[], shardCount: number, amounts: Amounts, now: number): ShardRefund[] {
  const left = new Map(amounts);
  return shards.flatMap((shard) => {
    const given = new Map<string, number>();
    for (const [name, stored] of shard.state?.refilledAt === undefined ? [] : applicationLimits(shard.state)) {
      const own = shareOf(stored, shard.key.shard, shardCount);
      const amount = Math.min(left.get(name) ?? 0, own.capacity - balance(own, shard.state!.refilledAt, now));
      if (amount <= 0) continue;
      given.set(name, amount);
      left.set(name, left.get(name)! - amount);
    }
    return given.size === 0 ? [] : [{ shard, amounts: given }];
  });
}

/** Gives tokens back, unless somebody credited the shard since it was read; that others took from it does not matter. */
export function refundUpdate({ shard: { key, state }, amounts }: ShardRefund): ItemUpdate {
  const update = settleUpdate(key, new Map([...amounts].map(([name, amount]) => [name, -amount])));
  const unfilled = [...amounts.keys()].map((name): Condition => ({ atMost: [bucketAttribute(name, 'tk'), state!.limits.get(name)!.tokens] }));
  return { ...update, conditions: [...update.conditions, { equals: [BUCKET.refilledAt, int(state!.refilledAt!)] }, ...unfilled] };
}

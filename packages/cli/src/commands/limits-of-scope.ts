import { Type } from '@sinclair/typebox';
import { Limit, type LimitScope, type LimitsAdmin, type SetLimitsOptions, type StoredLimits } from '@zae-limiter/client';
import { flag, list } from '../command/option.js';

/** Shared by the commands that store and show limits of the system, a resource or an entity. */

/** `-l` of commands that store limits. */
export const limitOption = list('-l, --limit <limit>', 'NAME:RATE[/PERIOD][:BURST]; PERIOD is [N]sec, min, hour or day, /min unless given', {
  parse: Limit.parse, required: true,
});

export const mergeOption = flag('--merge', 'keep the other limits that are stored');

/** What a scope had before a change, and has now. */
export interface LimitsChange {
  readonly before: StoredLimits;
  readonly after: StoredLimits;
}

/** Stores limits of a scope instead of those that it has, or with `merge` beside them. */
export async function storeLimits(
  stored: LimitsAdmin, scope: LimitScope, limits: readonly Limit[], { merge, ...options }: SetLimitsOptions & { readonly merge: boolean },
): Promise<LimitsChange> {
  const before = await stored.get(scope);
  await (merge ? stored.merge(limits, scope, options) : stored.set(limits, scope, options));
  return { before, after: await stored.get(scope) };
}

export const LimitSchema = Type.Object({
  name: Type.String(),
  capacity: Type.Integer({ description: 'tokens that the bucket can hold' }),
  refillAmount: Type.Integer({ description: 'tokens that come back every period' }),
  refillPeriodSeconds: Type.Integer(),
});

/** A limit as `--output json` shows it. */
export const limitData = ({ name, capacity, refillAmount, refillPeriodSeconds }: Limit): object =>
  ({ name, capacity, refillAmount, refillPeriodSeconds });

/** A line for each limit: `  rpm: 1,000/min`. */
export const limitLines = (limits: readonly Limit[]): string[] => limits.map((limit) => `  ${limit}`);

/** What a change did to each limit: `  rpm: 100/min → 200/min`. */
export function changeLines(before: readonly Limit[], after: readonly Limit[], arrow: string): string[] {
  const old = new Map(before.map((limit) => [limit.name, limit]));
  const kept = new Set(after.map(({ name }) => name));
  return [
    ...after.map((limit) => {
      const was = old.get(limit.name);
      return was === undefined || String(was) === String(limit) ? `  ${limit}` : `  ${was} ${arrow} ${String(limit).slice(limit.name.length + 2)}`;
    }),
    ...before.filter(({ name }) => !kept.has(name)).map((limit) => `  ${limit} ${arrow} removed`),
  ];
}

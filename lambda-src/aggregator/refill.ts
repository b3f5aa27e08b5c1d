import type { BucketState } from '@zae-limiter/client/core/bucket';
import { WCU_LIMIT } from '@zae-limiter/client/core/identifiers';
import { topUp, type RefillPlan } from '@zae-limiter/client/core/plan';
import { parseBucket, refillUpdate } from '@zae-limiter/client/schema/bucket-item';
import type { ItemUpdate } from '@zae-limiter/client/schema/update';
import { sumByLimit, type BucketChange } from './parse';

/**
 * The update that credits a bucket, from the changes of one shard in the order of the stream; undefined when nobody would
 * notice.
 *
 * Python clients do not refill on their fast path: they read, once what is stored does not suffice. So a bucket is credited
 * when another batch like this one would empty it, or when their internal limit is half used. All limits are credited to
 * the same time, so that none loses what was due (F-27), and only while nobody else has: the update may be lost, not done twice.
 */
export function refillOf(changes: readonly BucketChange[], now: number): ItemUpdate | undefined {
  const { key, after } = changes.at(-1)!;
  const consumed = sumByLimit(changes);
  if ([...consumed.values()].every((amount) => amount === 0)) return undefined; // a refill must not call for the next one (F-28)
  const state = parseBucket(after);
  const plan = topUp(state, now, key.shard);
  return plan !== undefined && isNeeded(plan, state, consumed) ? refillUpdate(key, plan, 0) : undefined;
}

function isNeeded({ limits }: RefillPlan, { limits: stored }: BucketState, consumed: ReadonlyMap<string, number>): boolean {
  const wcu = stored.get(WCU_LIMIT);
  if (wcu !== undefined && wcu.tokens < wcu.capacity / 2) return true;
  return limits.some(({ name, tokens }) => 'gain' in tokens && tokens.gain > 0 && stored.get(name)!.tokens < (consumed.get(name) ?? 0));
}

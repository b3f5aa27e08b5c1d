import type { Case } from '../rounds';

const CALLERS = [1, 4, 16, 64, 256, 1024];
/** Limits of one bucket. */
export const LIMITS = [1, 2, 4, 6, 8, 10];

const ours = (of: Pick<Case, 'name' | 'keys' | 'callers' | 'limits'>): Case => ({ subject: 'ours', processes: 1, ...of });

/** How a request's time grows with one thing at a time. */
export function growthCases(mostKeys: number): { readonly keys: Case[]; readonly limits: Case[]; readonly callers: Case[] } {
  const keys = [1, 10, 100, 1000, 10_000, 100_000].filter((count) => count <= mostKeys);
  return {
    keys: keys.map((count) => ours({ name: 'tryAcquire, seeded', keys: count, callers: 16 })),
    limits: LIMITS.map((limits) => ours({ name: 'tryAcquire, many limits', keys: 1, callers: 1, limits })),
    callers: [1, 1000].flatMap((count) => CALLERS.map((callers) => ours({ name: 'tryAcquire', keys: count, callers }))),
  };
}

import type { Case } from '../rounds';

const NAMES = [
  'UpdateItem through the SDK', 'the store, through the SDK', 'the store, past the middleware', 'expressions of an update',
  'tryAcquire without a store', 'tryAcquire, through the SDK', 'tryAcquire, past the middleware',
];

/** What a request costs the process that sends it, part by part. One caller: with more, requests share their writes. */
export const PROFILE_CASES: readonly Case[] = NAMES.map((name) => ({ subject: 'profile', name, keys: 1, callers: 1, processes: 1 }));

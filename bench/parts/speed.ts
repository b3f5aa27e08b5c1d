import type { Keys } from '../load';
import type { Case } from '../rounds';

const CALLERS = [1, 16, 64, 256];

const load = (subject: string, name: string, keys: Keys, callers: number, processes = 1): Case => ({ subject, name, keys, callers, processes });
const loads = (subject: string, name: string, keys: Keys, callers: readonly number[] = CALLERS): Case[] =>
  callers.map((count) => load(subject, name, keys, count));

/** Everything that the tables of docs/operations/performance.md show, but for the curves. */
export const SPEED_CASES: readonly Case[] = [
  ...['sdk', 'http'].flatMap((subject) => [...loads(subject, 'UpdateItem', 1), ...loads(subject, 'UpdateItem', 1000)]),
  ...loads('ours', 'tryAcquire', 1),
  ...loads('ours', 'tryAcquire', 1000),
  ...loads('ours', 'tryAcquire', 'zipf'),
  ...loads('ours', 'tryAcquire, one limiter for each caller', 1, [16, 256]),
  ...['acquire and commit', 'acquire and correct', 'run', 'refill', 'first of a bucket', 'refusal from memory', 'refusal by the bucket']
    .map((name) => load('ours', name, 1, 1)),
  load('ours', 'acquire and commit', 1000, 64),
  load('ours', 'run', 1000, 64),
  load('ours', 'first of a bucket', 1, 64),
  load('ours', 'refusal from memory', 1, 64),
  ...loads('ours', 'cascade', 1, [1, 256]),
  load('ours', 'cascade', 1000, 64),
  load('sdk', 'UpdateItem', 1000, 64, 4),
  load('ours', 'tryAcquire', 1, 256, 4),
  load('ours', 'tryAcquire', 1000, 64, 4),
  ...['rate-limiter-flexible', 'python'].flatMap((peer) => [
    ...loads(peer, 'tryAcquire', 1), ...loads(peer, 'tryAcquire', 1000, [1, 64]),
  ]),
];

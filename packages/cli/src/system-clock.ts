import { setTimeout } from 'node:timers/promises';
import type { Clock } from '@zae-limiter/client';

/** The time of this machine; here because the client's own would load the client on every start. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => setTimeout(ms, undefined, { signal }),
};

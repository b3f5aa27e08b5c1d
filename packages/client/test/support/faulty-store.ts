import { LimiterUnavailableError } from '@zae-limiter/client';
import type { FaultPlan } from '@zae-limiter/client/testing';

/** An outage that passes by itself, and of which the client knows that nothing was done: it does not ask again. */
export const outage: FaultPlan = () => {
  throw new LimiterUnavailableError('the store is down', true);
};

/** A missing permission: waiting does not help. */
export const denied: FaultPlan = () => 'denied';

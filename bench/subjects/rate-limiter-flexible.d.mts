import type { Subject } from './subject';

export function rateLimiterFlexible(): Promise<Subject>;

import type { AuditEvent } from '@zae-limiter/client';
import type { LimitNumbers, Settings } from '@zae-limiter/client/admin';

/**
 * The limits that an event left behind: undefined when it removed them.
 *
 * @returns 'unreadable' when the event does not say it
 */
export function settingsAfter({ action, details }: AuditEvent): Settings | undefined | 'unreadable' {
  if (action !== 'limits_set') return undefined;
  const { limits, on_unavailable: policy } = details as { limits?: unknown; on_unavailable?: unknown };
  if (!Array.isArray(limits)) return 'unreadable';
  const read = limits.map(numbersOf);
  if (!read.every((entry) => entry !== undefined)) return 'unreadable';
  return { limits: Object.fromEntries(read), ...((policy === 'allow' || policy === 'block') && { on_unavailable: policy }) };
}

function numbersOf(limit: unknown): readonly [name: string, numbers: LimitNumbers] | undefined {
  const { name, capacity, refill_amount: amount, refill_period_seconds: period } = (limit ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || !isCount(capacity) || !isCount(amount) || !isCount(period)) return undefined;
  return [name, { capacity, refill_amount: amount, refill_period: period }];
}

const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0;

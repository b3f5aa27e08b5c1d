import type { AuditEvent } from '@zae-limiter/client';
import { targetId, type LimitEvent, type Settings, type Target } from '@zae-limiter/client/admin';
import { settingsAfter } from './event-settings.js';
import { isOfProvisioner } from './outside-changes.js';

/** What limits were before manifests changed them. */
export interface PastLimits {
  readonly known: readonly { readonly target: Target; /** Undefined when there were none. */ readonly settings: Settings | undefined }[];
  /** Targets of which no event that is kept says what they were. */
  readonly unknown: readonly Target[];
}

/**
 * What the limits were that manifests have changed since.
 *
 * @param events   newest first
 * @param isUndone whether an event belongs to what is to be undone; those that do are the newest
 */
export async function pastLimits(events: AsyncIterable<LimitEvent>, isUndone: (event: AuditEvent) => boolean): Promise<PastLimits> {
  const open = new Map<string, Target>();
  const known: { target: Target; settings: Settings | undefined }[] = [];
  const unreadable: Target[] = [];
  const close = (target: Target, settings: ReturnType<typeof settingsAfter>): void => {
    open.delete(targetId(target));
    if (settings === 'unreadable') unreadable.push(target);
    else known.push({ target, settings });
  };
  for await (const { event, target } of events) {
    if (isUndone(event)) {
      if (target !== undefined && isOfProvisioner(event)) open.set(targetId(target), target);
      continue;
    }
    if (open.size === 0) break;
    const concerned = [...open.values()].filter((other) =>
      (target === undefined ? other.level === 'entity' && other.entity === event.entity : targetId(other) === targetId(target)));
    concerned.forEach((other) => close(other, settingsAfter(event)));
  }
  return { known, unknown: [...unreadable, ...open.values()] };
}

import type { Admin, AuditEvent, AuditFilter } from '@zae-limiter/client';
import type { LimitsProvisioner, PlannedChange, Target } from '@zae-limiter/client/admin';
import { eventTime } from './event-time.js';
import type { LimitsChange, OutsideChange } from './provisioning.js';

export type ProvisionerRecord = Awaited<ReturnType<LimitsProvisioner['record']>>;

/** Partitions that are read at the same time. */
const CONCURRENCY = 20;

export interface Comparison {
  readonly record: ProvisionerRecord;
  readonly isManaged: (target: Target) => boolean;
  /** Whether the manifest is the one that was applied last: then every difference was made outside. */
  readonly isAppliedManifest: boolean;
}

/**
 * Marks the changes that would lose values which somebody set outside the manifest.
 *
 * The table remembers which limits are managed, but not with which values. So the audit trail decides: limits that are
 * managed were changed outside when the last event that is about them is younger than the last manifest and not a
 * provisioner's; limits that are not managed, when it is not a provisioner's. Nothing is lost when limits are created.
 *
 * Cost: 1 read for each change that is no creation, and more where many events are about other things.
 */
export async function markOutsideChanges(admin: Admin, changes: readonly PlannedChange[], comparison: Comparison): Promise<LimitsChange[]> {
  const marked: LimitsChange[] = [];
  for (let start = 0; start < changes.length; start += CONCURRENCY) {
    marked.push(...await Promise.all(changes.slice(start, start + CONCURRENCY).map(async (change) => {
      const outside = change.before === undefined ? undefined : await outsideChange(admin, change.target, comparison);
      return outside === undefined ? change : { ...change, outside };
    })));
  }
  return marked;
}

async function outsideChange(admin: Admin, target: Target, { record, isManaged, isAppliedManifest }: Comparison): Promise<OutsideChange | undefined> {
  const event = await lastLimitsEvent(admin, target);
  if (event !== undefined && isOfProvisioner(event)) return undefined;
  const outside = { by: event?.principal, at: event?.timestamp };
  if (!isManaged(target) || isAppliedManifest) return outside;
  return event !== undefined && eventTime(event) > Date.parse(record.lastApplied!) ? outside : undefined;
}

/** Whether somebody changed limits since the last manifest was applied. 1 read, and more where many events are about other things. */
export async function isChangedSince(admin: Admin, target: Target, { lastApplied = '' }: ProvisionerRecord): Promise<boolean> {
  const event = await lastLimitsEvent(admin, target);
  return event !== undefined && !isOfProvisioner(event) && eventTime(event) > Date.parse(lastApplied);
}

/** The last event about the limits of a target; undefined when none is kept any more. */
async function lastLimitsEvent(admin: Admin, target: Target): Promise<AuditEvent | undefined> {
  for await (const event of admin.audit.list(filterOf(target))) {
    if (isAboutLimits(event, target)) return event;
  }
  return undefined;
}

/** Whose events hold those of a target. */
function filterOf(target: Target): AuditFilter {
  switch (target.level) {
    case 'system': return { system: true };
    case 'resource': return { resource: target.resource };
    case 'entity': return { entity: target.entity };
  }
}

/** Whether an event of the target's list is about the limits of just this target. */
const isAboutLimits = ({ action, resource = DEFAULT_RESOURCE }: AuditEvent, target: Target): boolean =>
  (action === 'limits_set' || action === 'limits_deleted') && (target.level !== 'entity' || resource === target.resource);

const DEFAULT_RESOURCE = '_default_';

/** Whether a manifest made the change, and nobody by hand. */
export const isOfProvisioner = ({ principal = '' }: AuditEvent): boolean => principal.startsWith('provisioner:');

import type { ManagedLimits } from '../core/managed-limits.js';
import { managedBy, managedTargets, targetId, targetName, targetsOf, type Target } from './managed.js';
import type { LimitNumbers, Manifest, Settings } from './manifest.js';

/** What the table holds for a target; a damaged limit lacks numbers. */
export interface LiveSettings {
  readonly limits: Readonly<Record<string, Partial<LimitNumbers>>>;
  readonly on_unavailable?: string;
}

/** One difference between a manifest and the table. */
export interface PlannedChange {
  readonly action: 'create' | 'update' | 'delete';
  readonly target: Target;
  /** Undefined for a creation. */
  readonly before: LiveSettings | undefined;
  /** Undefined for a deletion. */
  readonly after: Settings | undefined;
}

export interface Plan {
  /** In order: system, resources, entities; on each level what is declared before what goes, both by name. */
  readonly changes: readonly PlannedChange[];
  /** How many declared targets the table holds just so. */
  readonly unchanged: number;
}

/** A change as the command line and other programs see it. */
export interface ChangeView {
  readonly action: PlannedChange['action'];
  readonly level: Target['level'];
  /** Null for the system, `entity/resource` for an entity's limits. */
  readonly target: string | null;
}

/**
 * What must change for the table to hold what a manifest declares. Values are compared, so a second time finds nothing
 * (F-11). What is neither declared nor managed is nobody's business. Pure.
 *
 * @param managed what the last manifest declared
 * @param live    what the table holds for a target; undefined when it holds no limits
 */
export function planChanges(manifest: Manifest, managed: ManagedLimits, live: (target: Target) => LiveSettings | undefined): Plan {
  const declared = targetsOf(managedBy(manifest));
  const isDeclared = new Set(declared.map(targetId));
  const wanted = declared.map((target) => changeFor(target, live(target), settingsOf(manifest, target)));
  const gone = targetsOf(managed).filter((target) => !isDeclared.has(targetId(target))).map((target) => changeFor(target, live(target), undefined));
  const changes = [...wanted, ...gone].filter((change) => change !== undefined);
  return {
    changes: LEVELS.flatMap((level) => changes.filter(({ target }) => target.level === level)),
    unchanged: wanted.filter((change) => change === undefined).length,
  };
}

/**
 * What is managed once a plan was carried out: what is declared and there, and what should be gone and is not (F-15).
 *
 * @param failed changes of the plan that did not happen
 */
export function managedAfter(manifest: Manifest, failed: readonly PlannedChange[]): ManagedLimits {
  const missing = new Set(failed.filter(({ action }) => action === 'create').map(({ target }) => targetId(target)));
  const left = failed.filter(({ action }) => action === 'delete').map(({ target }) => target);
  return managedTargets([...targetsOf(managedBy(manifest)).filter((target) => !missing.has(targetId(target))), ...left]);
}

/** What a manifest says of a target that it declares. */
export function settingsOf({ system, resources, entities }: Manifest, target: Target): Settings {
  switch (target.level) {
    case 'system': return system!;
    case 'resource': return resources![target.resource]!;
    case 'entity': return entities![target.entity]!.resources[target.resource]!;
  }
}

export function changeView({ action, target }: PlannedChange): ChangeView {
  return { action, level: target.level, target: targetName(target) };
}

const LEVELS = ['system', 'resource', 'entity'] as const;

function changeFor(target: Target, before: LiveSettings | undefined, after: Settings | undefined): PlannedChange | undefined {
  if (after === undefined) return before && { action: 'delete', target, before, after };
  if (before === undefined) return { action: 'create', target, before, after };
  return areSame(before, after) ? undefined : { action: 'update', target, before, after };
}

function areSame(live: LiveSettings, wanted: Settings): boolean {
  const names = Object.keys(wanted.limits);
  return live.on_unavailable === wanted.on_unavailable
    && Object.keys(live.limits).length === names.length
    && names.every((name) => {
      const [a, b] = [live.limits[name], wanted.limits[name]!];
      return a?.capacity === b.capacity && a.refill_amount === b.refill_amount && a.refill_period === b.refill_period;
    });
}

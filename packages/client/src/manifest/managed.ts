import type { ManagedLimits } from '../core/managed-limits.js';
import type { Manifest } from './manifest.js';

/** One level of one thing that can have limits. `resource` of an entity is `_default_` when it stands for all. */
export type Target =
  | { readonly level: 'system' }
  | { readonly level: 'resource'; readonly resource: string }
  | { readonly level: 'entity'; readonly entity: string; readonly resource: string };

/** Nothing. */
export const NOTHING_MANAGED: ManagedLimits = { system: false, resources: [], entities: {} };

/** Name of a target within its level, as plans show it: null for the system, `entity/resource` for an entity's. */
export function targetName(target: Target): string | null {
  switch (target.level) {
    case 'system': return null;
    case 'resource': return target.resource;
    case 'entity': return `${target.entity}/${target.resource}`;
  }
}

/** Differs for every two targets: no entity id holds a slash. */
export function targetId(target: Target): string {
  return `${target.level} ${targetName(target) ?? ''}`;
}

/** The targets of a manifest. */
export function managedBy({ system, resources = {}, entities = {} }: Manifest): ManagedLimits {
  return {
    system: system !== undefined,
    resources: Object.keys(resources).sort(),
    entities: Object.fromEntries(Object.entries(entities).map(([entity, own]) => [entity, Object.keys(own.resources).sort()])),
  };
}

/** Each target once, in order: system, resources, entities. */
export function targetsOf({ system, resources, entities }: ManagedLimits): Target[] {
  return [
    ...(system ? [{ level: 'system' } as const] : []),
    ...[...resources].sort().map((resource): Target => ({ level: 'resource', resource })),
    ...Object.keys(entities).sort().flatMap((entity) => [...entities[entity]!].sort().map((resource): Target => ({ level: 'entity', entity, resource }))),
  ];
}

/** The opposite of `targetsOf`; a target may be there twice. */
export function managedTargets(targets: readonly Target[]): ManagedLimits {
  const resources = new Set<string>();
  const entities = new Map<string, Set<string>>();
  for (const target of targets) {
    if (target.level === 'resource') resources.add(target.resource);
    if (target.level === 'entity') entities.set(target.entity, (entities.get(target.entity) ?? new Set()).add(target.resource));
  }
  return {
    system: targets.some(({ level }) => level === 'system'),
    resources: [...resources].sort(),
    entities: Object.fromEntries([...entities.keys()].sort().map((entity) => [entity, [...entities.get(entity)!].sort()])),
  };
}

/** The record of what is managed is one item of DynamoDB, of at most 400 KB with its few other attributes. */
const MAX_RECORD_BYTES = 380_000;

/** Whether a provisioner can remember that it manages all this. About 5000 entities fit. */
export function fitsRecord(managed: ManagedLimits): boolean {
  return recordBytes(managed) <= MAX_RECORD_BYTES;
}

/** As DynamoDB counts. Names are ASCII. */
export function recordBytes({ resources, entities }: ManagedLimits): number {
  const list = (names: readonly string[]): number => names.reduce((sum, name) => sum + name.length + 1, 3);
  return list(resources) + Object.entries(entities).reduce((sum, [entity, own]) => sum + entity.length + 1 + list(own), 3);
}

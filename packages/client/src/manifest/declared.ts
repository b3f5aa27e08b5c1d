import { managedBy, targetsOf, type Target } from './managed.js';
import type { Manifest, ManifestDeclaration, Settings } from './manifest.js';
import { mapValues } from './map-values.js';
import { settingsOf } from './plan.js';

/** What is declared for one target. */
export type Declared = readonly [target: Target, settings: Settings];

/** Everything that a manifest declares, in order: system, resources, entities. */
export function declaredBy(manifest: Manifest): Declared[] {
  return targetsOf(managedBy(manifest)).map((target) => [target, settingsOf(manifest, target)]);
}

/** The opposite of `declaredBy`: the last word on a target counts. */
export function manifestOf(namespace: string, declared: readonly Declared[]): Manifest {
  let system: Settings | undefined;
  const resources: Record<string, Settings> = {};
  const entities: Record<string, { readonly resources: Record<string, Settings> }> = {};
  for (const [target, settings] of declared) {
    if (target.level === 'system') system = settings;
    if (target.level === 'resource') resources[target.resource] = settings;
    if (target.level === 'entity') (entities[target.entity] ??= { resources: {} }).resources[target.resource] = settings;
  }
  return {
    namespace,
    ...(system && { system }),
    ...(Object.keys(resources).length > 0 && { resources }),
    ...(Object.keys(entities).length > 0 && { entities }),
  };
}

/** A manifest without some of its targets. */
export function withoutTargets(manifest: Manifest, leave: (target: Target) => boolean): Manifest {
  return manifestOf(manifest.namespace, declaredBy(manifest).filter(([target]) => !leave(target)));
}

const DEFAULT_PERIOD_SECONDS = 60;

/** A manifest as people write it: without what goes without saying, and valid when its settings are. */
export function declarationOf({ namespace, system, resources, entities }: Manifest): ManifestDeclaration {
  return {
    namespace,
    ...(system && { system: declaration(system) }),
    ...(resources && { resources: mapValues(resources, declaration) }),
    ...(entities && { entities: mapValues(entities, (entity) => ({ resources: mapValues(entity.resources, declaration) })) }),
  };
}

function declaration({ limits, on_unavailable: policy }: Settings): NonNullable<ManifestDeclaration['system']> {
  const numbers = mapValues(limits, ({ capacity, refill_amount: amount, refill_period: period }) => ({
    capacity,
    ...(amount !== capacity && { refill_amount: amount }),
    ...(period !== DEFAULT_PERIOD_SECONDS && { refill_period: period }),
  }));
  return { ...(policy && { on_unavailable: policy }), ...(Object.keys(numbers).length > 0 && { limits: numbers }) };
}

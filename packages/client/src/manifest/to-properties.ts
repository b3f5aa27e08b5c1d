import type { Manifest, Settings } from './manifest.js';
import { mapValues } from './map-values.js';

/** The opposite of `manifestFromProperties`. Numbers are text: CloudFormation may write large ones as 1.0E9. Pure. */
export function propertiesOfManifest({ namespace, system, resources, entities }: Manifest): Record<string, unknown> {
  return {
    Namespace: namespace,
    ...(system && { System: { ...(system.on_unavailable && { OnUnavailable: system.on_unavailable }), ...limitsProperty(system) } }),
    ...(resources && { Resources: mapValues(resources, limitsProperty) }),
    ...(entities && { Entities: mapValues(entities, (entity) => ({ Resources: mapValues(entity.resources, limitsProperty) })) }),
  };
}

function limitsProperty({ limits }: Settings): Record<string, unknown> {
  if (Object.keys(limits).length === 0) return {};
  return {
    Limits: mapValues(limits, ({ capacity, refill_amount: amount, refill_period: period }) =>
      ({ Capacity: String(capacity), RefillAmount: String(amount), RefillPeriod: String(period) })),
  };
}

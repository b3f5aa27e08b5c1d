import type { Admin } from '@zae-limiter/client';
import {
  managedTargets, manifestOf, targetsOf, type Declared, type LimitsProvisioner, type LiveSettings, type Manifest, type Settings, type Target,
} from '@zae-limiter/client/admin';

/** The limits that a table holds, as a manifest says them. */
export interface LiveManifest {
  readonly manifest: Manifest;
  /** Targets whose record lacks a number, and that are missing in the manifest for it. */
  readonly damaged: readonly Target[];
}

/**
 * Everything in a namespace that has limits. Limits of an entity that the Python library's provisioner stored are found only while it
 * manages them: nothing else lists them.
 *
 * Cost: 3 reads, and 1 for each resource on which entities have limits; more for many entities.
 */
export async function liveTargets(admin: Admin, provisioner: LimitsProvisioner): Promise<Target[]> {
  const [resources, entityResources, { managed }] = await Promise.all([
    admin.limits.resources().toArray(), admin.limits.entityResources().toArray(), provisioner.record(),
  ]);
  const targets: Target[] = [{ level: 'system' }, ...targetsOf(managed), ...resources.map((resource): Target => ({ level: 'resource', resource }))];
  for (const resource of entityResources) {
    for await (const entity of admin.limits.entities(resource === '_default_' ? undefined : resource)) targets.push({ level: 'entity', entity, resource });
  }
  return targetsOf(managedTargets(targets));
}

/** What the table holds for targets; one without limits is not in it. 1 read for each 100. */
export async function liveManifest(provisioner: LimitsProvisioner, namespace: string, targets: readonly Target[]): Promise<LiveManifest> {
  const live = await provisioner.live(targets);
  const held = targets.flatMap((target) => {
    const settings = live(target);
    return settings === undefined ? [] : [{ target, settings }];
  });
  const whole = held.filter(({ settings }) => isWhole(settings));
  return {
    manifest: manifestOf(namespace, whole.map(({ target, settings }): Declared => [target, settings as Settings])),
    damaged: held.filter(({ settings }) => !isWhole(settings)).map(({ target }) => target),
  };
}

function isWhole({ limits }: LiveSettings): boolean {
  return Object.values(limits).every(({ capacity, refill_amount: amount, refill_period: period }) =>
    [capacity, amount, period].every((number) => number !== undefined));
}

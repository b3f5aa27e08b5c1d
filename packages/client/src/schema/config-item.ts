import { CorruptRecordError, type ValidationError } from '../core/errors.js';
import { DEFAULT_RESOURCE } from '../core/identifiers.js';
import { Limit } from '../core/limit.js';
import type { OnUnavailable } from '../core/on-unavailable.js';
import { int, readInt, readText, text, type Item } from './attributes.js';
import { CONFIG_ATTRIBUTE_PREFIX, configAttribute, gsi, pk, SK, sk, type PrimaryKey } from './keys.js';
import { GSI3, GSI4, indexKeys } from './table.js';

/**
 * Where limits are stored: for an entity on one resource, for an entity on all, for a resource, or for the whole
 * namespace. Leaving both out means the namespace.
 */
export interface LimitScope {
  readonly entity?: string;
  readonly resource?: string;
}

export const CONFIG = {
  entity: 'entity_id',
  resource: 'resource',
  version: 'config_version',
  onUnavailable: 'on_unavailable',
  auditRetentionDays: 'audit_retention_days',
  /** Differs with every change that this client makes; other clients drop or ignore it. */
  revision: 'x_rev',
} as const;

const CAPACITY_SUFFIX = '_cp';

/** Key of the item that holds a scope's limits. */
export function configKey(ns: string, { entity, resource }: LimitScope): PrimaryKey {
  if (entity !== undefined) return { pk: pk.entity(ns, entity), sk: sk.entityConfig(resource ?? DEFAULT_RESOURCE) };
  return { pk: resource === undefined ? pk.system(ns) : pk.resource(ns, resource), sk: SK.config };
}

/** Scopes that may hold the limits of an entity and resource, highest first. */
export function limitScopes(entity: string, resource: string): LimitScope[] {
  return [{ entity, resource }, { entity }, { resource }, {}];
}

/**
 * True for an entity's limits that the registry counts. A provisioner of the Python library stores limits without
 * counting them, and without a version (W38).
 */
export function isCounted(item: Item | undefined): boolean {
  return item?.[CONFIG.version] !== undefined;
}

/** Attributes of a config item beside its limits and its primary key. */
export function configAttributes(ns: string, { entity, resource }: LimitScope): Item {
  const { pk: partition } = configKey(ns, { entity, resource });
  const base = { [CONFIG.version]: int(1), ...indexKeys(GSI4, ns, partition) };
  if (entity !== undefined) {
    const on = resource ?? DEFAULT_RESOURCE;
    return { ...base, [CONFIG.entity]: text(entity), [CONFIG.resource]: text(on), ...indexKeys(GSI3, gsi.entityConfig(ns, on), entity) };
  }
  return resource === undefined ? base : { ...base, [CONFIG.resource]: text(resource) };
}

/** Attributes of a config item that hold its limits, in whole tokens and seconds. */
export function limitAttributes(limits: readonly Limit[]): Item {
  return Object.fromEntries(limits.flatMap(({ name, capacity, refillAmount, refillPeriodSeconds }) => [
    [configAttribute(name, 'cp'), int(capacity)],
    [configAttribute(name, 'ra'), int(refillAmount)],
    [configAttribute(name, 'rp'), int(refillPeriodSeconds)],
  ]));
}

/** True for the name of an attribute that holds a part of a limit. */
export function isLimitAttribute(name: string): boolean {
  return name.startsWith(CONFIG_ATTRIBUTE_PREFIX);
}

/** Names of the limits of a config item, in order. */
export function limitNames(item: Item): string[] {
  return Object.keys(item)
    .filter((name) => isLimitAttribute(name) && name.endsWith(CAPACITY_SUFFIX))
    .map((name) => name.slice(CONFIG_ATTRIBUTE_PREFIX.length, -CAPACITY_SUFFIX.length))
    .filter((name) => name !== '')
    .sort(); // DynamoDB returns attributes in no order
}

/**
 * Limits of a config item in the order of their names; empty when it has none.
 *
 * @throws {CorruptRecordError} a limit lacks a field or breaks a rule
 */
export function parseLimits(item: Item): Limit[] {
  return limitNames(item).map((name) => {
    const field = (key: 'cp' | 'ra' | 'rp'): number => {
      const attribute = configAttribute(name, key);
      const value = readInt(item, attribute);
      if (value === undefined) throw new CorruptRecordError(attribute, undefined, 'must be a number');
      return value;
    };
    const [capacity, refillAmount, refillPeriodSeconds] = [field('cp'), field('ra'), field('rp')];
    try {
      return Limit.custom(name, { capacity, refillAmount, refillPeriodSeconds });
    } catch (error) {
      const { field: broken, value, rule } = error as ValidationError;
      throw new CorruptRecordError(`limit ${name}`, value, `has a ${broken} that ${rule}`);
    }
  });
}

/** The namespace's policy for outages; undefined when none is stored. */
export function parseOnUnavailable(item: Item): OnUnavailable | undefined {
  const value = readText(item, CONFIG.onUnavailable);
  return value === 'allow' || value === 'block' ? value : undefined;
}

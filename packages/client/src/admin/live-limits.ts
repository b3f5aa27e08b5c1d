import { DEFAULT_RESOURCE } from '../core/identifiers.js';
import type { Target } from '../manifest/managed.js';
import type { LiveSettings } from '../manifest/plan.js';
import { readNumber, readText, type Item } from '../schema/attributes.js';
import { CONFIG, limitNames, type LimitScope } from '../schema/config-item.js';
import { configAttribute } from '../schema/keys.js';

/** Where the limits of a manifest's target are stored. */
export function scopeOf(target: Target): LimitScope {
  switch (target.level) {
    case 'system': return {};
    case 'resource': return { resource: target.resource };
    case 'entity': return target.resource === DEFAULT_RESOURCE ? { entity: target.entity } : { entity: target.entity, resource: target.resource };
  }
}

/** What an item says, also a damaged one: a limit that lacks a number differs from every other. Undefined without any limit. */
export function liveSettings(item: Item, { level }: Target): LiveSettings | undefined {
  const number = (name: string, field: 'cp' | 'ra' | 'rp'): number | undefined => readNumber(item, configAttribute(name, field));
  const limits = Object.fromEntries(limitNames(item).map((name) =>
    [name, { capacity: number(name, 'cp'), refill_amount: number(name, 'ra'), refill_period: number(name, 'rp') }]));
  const policy = level === 'system' ? readText(item, CONFIG.onUnavailable) : undefined;
  if (policy === undefined && Object.keys(limits).length === 0) return undefined;
  return { limits, ...(policy !== undefined && { on_unavailable: policy }) };
}

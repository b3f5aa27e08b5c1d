import type { ManagedLimits } from '../core/managed-limits.js';
import { bool, readBool, readText, text, type AttributeValue, type Item } from './attributes.js';
import { pk, SK, type PrimaryKey } from './keys.js';
import { GSI4, indexKeys } from './table.js';
import { setAll, type Change, type Condition, type ItemUpdate } from './update.js';

export const PROVISIONER = {
  system: 'managed_system',
  resources: 'managed_resources',
  entities: 'managed_entities',
  lastApplied: 'last_applied',
  appliedHash: 'applied_hash',
  /** Written by this client only. */
  owner: 'owner',
} as const;

/** What a namespace's provisioner remembers. */
export interface ProvisionerRecord {
  readonly managed: ManagedLimits;
  /** ISO 8601 with an offset; undefined when nothing was applied yet. */
  readonly lastApplied: string | undefined;
  /** Hash of the last manifest that was applied without an error. */
  readonly appliedHash: string | undefined;
  /** Who manages the limits: `cli`, or a custom resource. Undefined for a record of the Python library. */
  readonly owner: string | undefined;
}

/** Key of a namespace's record. */
export function provisionerKey(ns: string): PrimaryKey {
  return { pk: pk.system(ns), sk: SK.provisioner };
}

/** Reads a record; without one, nothing is managed. */
export function parseProvisionerRecord(item: Item = {}): ProvisionerRecord {
  const entities = item[PROVISIONER.entities];
  return {
    managed: {
      system: readBool(item, PROVISIONER.system),
      resources: texts(item[PROVISIONER.resources]),
      entities: entities !== undefined && 'M' in entities
        ? Object.fromEntries(Object.entries(entities.M).map(([entity, resources]) => [entity, texts(resources)]))
        : {},
    },
    lastApplied: readText(item, PROVISIONER.lastApplied),
    appliedHash: readText(item, PROVISIONER.appliedHash),
    owner: readText(item, PROVISIONER.owner),
  };
}

/** Writes a record if it is still the one that was read: two provisioners must not mix (F-41). */
export function provisionerUpdate(ns: string, read: ProvisionerRecord, { managed, ...next }: ProvisionerRecord): ItemUpdate {
  const key = provisionerKey(ns);
  const remembered = ['lastApplied', 'appliedHash', 'owner'] as const;
  return {
    key,
    changes: new Map<string, Change>([
      ...setAll({
        ...indexKeys(GSI4, ns, key.pk),
        [PROVISIONER.system]: bool(managed.system),
        [PROVISIONER.resources]: list(managed.resources),
        [PROVISIONER.entities]: { M: Object.fromEntries(Object.entries(managed.entities).map(([entity, resources]) => [entity, list(resources)])) },
      }),
      ...remembered.map((field): [string, Change] => [PROVISIONER[field], next[field] === undefined ? { remove: true } : { set: text(next[field]) }]),
    ]),
    conditions: remembered.map((field): Condition => (read[field] === undefined
      ? { absent: PROVISIONER[field] }
      : { equals: [PROVISIONER[field], text(read[field])] })),
  };
}

/** As Python writes a time in UTC: `2026-01-15T10:30:00+00:00`, with microseconds unless they are zero. */
export function isoWithOffset(epochMs: number): string {
  const [seconds, fraction] = new Date(epochMs).toISOString().slice(0, -1).split('.') as [string, string];
  return `${seconds}${fraction === '000' ? '' : `.${fraction}000`}+00:00`;
}

const list = (members: readonly string[]): AttributeValue => ({ L: members.map(text) });

function texts(value: AttributeValue | undefined): string[] {
  return value !== undefined && 'L' in value ? value.L.flatMap((member) => ('S' in member ? [member.S] : [])) : [];
}

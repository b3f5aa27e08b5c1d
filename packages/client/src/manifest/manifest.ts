import type { OnUnavailable } from '../core/on-unavailable.js';
import { parseLimitDeclaration, type LimitDeclaration } from './limit-declaration.js';
import { mapValues } from './map-values.js';

/** One limit in its normalised form. */
export interface LimitNumbers {
  /** Whole tokens. */
  readonly capacity: number;
  /** Whole tokens that come back every period. */
  readonly refill_amount: number;
  /** Seconds. */
  readonly refill_period: number;
}

/** What a manifest says of one level. */
export interface Settings {
  /** By the names of the limits. */
  readonly limits: Readonly<Record<string, LimitNumbers>>;
  /** Of the whole namespace only; undefined when clients decide. */
  readonly on_unavailable?: OnUnavailable;
}

/** A manifest in the form that is planned, applied and hashed: every number is there, empty sections are not. */
export interface Manifest {
  readonly namespace: string;
  readonly system?: Settings;
  readonly resources?: Readonly<Record<string, Settings>>;
  readonly entities?: Readonly<Record<string, { readonly resources: Readonly<Record<string, Settings>> }>>;
}

interface SettingsDeclaration {
  readonly limits?: Readonly<Record<string, LimitDeclaration>> | null;
  readonly on_unavailable?: OnUnavailable | null;
}

/** A manifest as people write it. `spec/manifest.schema.json` is its definition. */
export interface ManifestDeclaration {
  readonly namespace: string;
  readonly system?: SettingsDeclaration | null;
  readonly resources?: Readonly<Record<string, SettingsDeclaration>> | null;
  readonly entities?: Readonly<Record<string, { readonly resources: Readonly<Record<string, SettingsDeclaration>> }>> | null;
}

/** Fills in what a valid manifest leaves out, and leaves out what is empty. */
export function normalizeManifest({ namespace, system, resources, entities }: ManifestDeclaration): Manifest {
  return {
    namespace,
    ...(system && { system: settings(system) }),
    ...(!isEmpty(resources) && { resources: mapValues(resources, settings) }),
    ...(!isEmpty(entities) && { entities: mapValues(entities, (entity) => ({ resources: mapValues(entity.resources, settings) })) }),
  };
}

function settings({ limits, on_unavailable: onUnavailable }: SettingsDeclaration): Settings {
  return { limits: mapValues(limits ?? {}, numbers), ...(onUnavailable && { on_unavailable: onUnavailable }) };
}

function numbers(declaration: LimitDeclaration, name: string): LimitNumbers {
  const { capacity, refillAmount, refillPeriodSeconds } = parseLimitDeclaration(name, declaration);
  return { capacity, refill_amount: refillAmount, refill_period: refillPeriodSeconds };
}

function isEmpty(section: object | null | undefined): section is null | undefined {
  return section === null || section === undefined || Object.keys(section).length === 0;
}

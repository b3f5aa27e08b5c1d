import { Duration, Token } from 'aws-cdk-lib';
import { Limit } from '../limit';
import { LimitsOptions, ResourceLimits } from '../limits-options';
import { manifestValidator } from './manifest-validator';
import { Problems } from './validate';

interface LimitDeclaration {
  readonly capacity: number;
  readonly burst?: number;
  readonly refill_amount?: number;
  readonly refill_period?: number;
}

interface LevelDeclaration {
  readonly limits?: { readonly [name: string]: LimitDeclaration } | null;
}

/** A valid manifest as people write it. Each of its values may be a token. `spec/manifest.schema.json` is its definition. */
export interface ManifestDeclaration {
  readonly namespace: string;
  readonly system?: LevelDeclaration & { readonly on_unavailable?: string | null } | null;
  readonly resources?: { readonly [name: string]: LevelDeclaration } | null;
  readonly entities?: { readonly [id: string]: { readonly resources: { readonly [name: string]: LevelDeclaration } } } | null;
}

type Mapping = { readonly [key: string]: unknown };

export const isMapping = (value: unknown): value is Mapping => typeof value === 'object' && value !== null && !Array.isArray(value);

function mapValues<A, B>(map: { readonly [key: string]: A }, change: (value: A, key: string) => B): { [key: string]: B } {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value, key)]));
}

/** The manifest that typed limits stand for, without its namespace. */
export function manifestOfOptions({ system, resources, entities }: LimitsOptions): Mapping {
  const levels = (own: { readonly [resource: string]: ResourceLimits }) => mapValues(own, ({ limits }) => ({ limits: mapValues(limits, numbers) }));
  return {
    ...(system && {
      system: {
        ...(system.onUnavailable !== undefined && { on_unavailable: system.onUnavailable }),
        ...(system.limits && { limits: mapValues(system.limits, numbers) }),
      },
    }),
    ...(resources && { resources: levels(resources) }),
    ...(entities && { entities: mapValues(entities, (entity) => ({ resources: levels(entity.resources) })) }),
  };
}

function numbers({ capacity, refillAmount, refillPeriod }: Limit) {
  return { capacity, refill_amount: refillAmount, refill_period: seconds(refillPeriod) };
}

/** A token of another unit cannot be converted; it is left as text, which validation refuses. */
function seconds(period: Duration): unknown {
  const isConvertible = !period.isUnresolved() || period.unitLabel() === 'seconds';
  return isConvertible ? period.toSeconds({ integral: false }) : period.toHumanString();
}

/** What stands for a token while the rest is checked, by its key. */
const STAND_INS: Mapping = { namespace: 'a-token', on_unavailable: 'block', capacity: 1, burst: 1, refill_amount: 1, refill_period: 1 };

/** The same manifest with a valid value for each token; a token in any other place becomes text, which is valid in none. */
export function withoutTokens(value: unknown, key = ''): unknown {
  if (Token.isUnresolved(value)) return Object.hasOwn(STAND_INS, key) ? STAND_INS[key] : 'a token';
  return isMapping(value) ? mapValues(value, withoutTokens) : value;
}

/** Whether any value is known only when it is deployed. */
export function holdsTokens(value: unknown): boolean {
  return Token.isUnresolved(value) || (isMapping(value) && Object.values(value).some(holdsTokens));
}

/** Names of the typed limits' own, where they differ from those of a manifest. */
const PROPS: { readonly [key: string]: string } = {
  namespace: 'namespaceName', on_unavailable: 'onUnavailable', refill_amount: 'refillAmount', refill_period: 'refillPeriod',
};

/**
 * Collects everything that is wrong with a manifest.
 *
 * @param manifest without tokens
 * @param isTyped  whether it was made of typed limits, so that problems name their props
 */
export function checkManifest(problems: Problems, manifest: unknown, isTyped: boolean): void {
  for (const { path, code, rule } of manifestValidator().checkManifest(manifest)) {
    const shown = isTyped ? path.replace(/(?<=^|\.)\w+$/, (key) => PROPS[key] ?? key) : path;
    problems.add('MANIFEST_INVALID', `${shown || 'the manifest'}: ${code}, ${rule}${got(valueAt(manifest, path))}`);
  }
}

/** Names may hold dots, so a path has no parts. */
function valueAt(value: unknown, path: string): unknown {
  if (path === '' || !isMapping(value)) return path === '' ? value : undefined;
  const found = Object.entries(value).filter(([key]) => path === key || path.startsWith(`${key}.`));
  return found.map(([key, part]) => valueAt(part, path.slice(key.length + 1))).find((part) => part !== undefined);
}

function got(value: unknown): string {
  if (value === undefined || isMapping(value)) return '';
  return `, got ${typeof value === 'number' ? value : JSON.stringify(value)}`;
}

/** By name, because the maps of some languages have no order, and a template is to be the same each time. */
function sortedValues<A, B>(map: { readonly [key: string]: A }, change: (value: A) => B): { [key: string]: B } {
  const names = Object.keys(map).sort();
  return Object.fromEntries(names.map((name) => [name, change(map[name]!)]));
}

/** A valid manifest as the properties `System`, `Resources` and `Entities` of `Custom::ZaeLimiterLimits`. */
export function manifestProperties({ system, resources, entities }: ManifestDeclaration): { [name: string]: unknown } {
  return {
    System: system ? { OnUnavailable: system.on_unavailable ?? undefined, ...limitsProperty(system) } : undefined,
    Resources: resources ? sortedValues(resources, limitsProperty) : undefined,
    Entities: entities ? sortedValues(entities, (entity) => ({ Resources: sortedValues(entity.resources, limitsProperty) })) : undefined,
  };
}

function limitsProperty({ limits }: LevelDeclaration) {
  return {
    Limits: limits ? sortedValues(limits, (limit) => ({
      Capacity: text(limit.capacity), RefillAmount: text(limit.refill_amount), RefillPeriod: text(limit.refill_period), Burst: text(limit.burst),
    })) : undefined,
  };
}

/** CloudFormation may write large numbers as 1.0E11, which is no integer any more; the function reads text. */
function text(value: unknown): unknown {
  return typeof value === 'number' && !Token.isUnresolved(value) ? String(value) : value;
}

/** Whether CloudFormation would take a name of the manifest for one of its functions. */
export function holdsFunctionNames(value: unknown): boolean {
  return isMapping(value) && Object.entries(value).some(([key, part]) => key === 'Ref' || key.startsWith('Fn::') || holdsFunctionNames(part));
}

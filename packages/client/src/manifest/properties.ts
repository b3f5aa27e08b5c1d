import type { ManifestProblem } from '../core/errors.js';

/** A manifest as the properties of `Custom::ZaeLimiterLimits` hold it, and what could not be read. */
export interface ConvertedProperties {
  /** Not validated yet. */
  readonly manifest: unknown;
  readonly problems: readonly ManifestProblem[];
}

type Path = readonly string[];
type Convert = (value: unknown, path: Path, problems: ManifestProblem[]) => unknown;

/** Properties that say how to apply a manifest, not what it holds. */
const OTHER_PROPERTIES: ReadonlySet<string> = new Set([
  'ServiceToken', 'ServiceTimeout', 'TableName', 'NamespaceId', 'ManifestLocation', 'AdoptExisting', 'RetainOnDelete',
]);

const DEFAULT_NAMESPACE = 'default';

/** Takes a value as it is; validation says what it thinks of it. */
const asItIs: Convert = (value) => value;

/** CloudFormation delivers numbers as text (F-47). */
const integer: Convert = (value) => (typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value);

/** A mapping with these keys and no other. */
const keys = (known: Readonly<Record<string, readonly [name: string, convert: Convert]>>): Convert => onMapping((entries, path, problems) =>
  entries.flatMap(([key, value]) => {
    const [name, convert] = Object.hasOwn(known, key) ? known[key]! : [];
    if (name !== undefined) return [[name, convert!(value, [...path, key], problems)]];
    problems.push({ path: [...path, key].join('.'), code: 'UNKNOWN_KEY' });
    return [];
  }));

/** A mapping of names, which keep their casing. */
const each = (convert: Convert): Convert =>
  onMapping((entries, path, problems) => entries.map(([name, value]) => [name, convert(value, [...path, name], problems)]));

type Entries = [name: string, value: unknown][];

function onMapping(convert: (entries: Entries, path: Path, problems: ManifestProblem[]) => Entries): Convert {
  return (value, path, problems) => (typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(convert(Object.entries(value), path, problems))
    : value);
}

const limits = each(keys({
  Capacity: ['capacity', integer], RefillAmount: ['refill_amount', integer], RefillPeriod: ['refill_period', integer], Burst: ['burst', integer],
}));
const resources = each(keys({ Limits: ['limits', limits] }));
const manifestProperties = keys({
  Namespace: ['namespace', asItIs],
  System: ['system', keys({ OnUnavailable: ['on_unavailable', asItIs], Limits: ['limits', limits] })],
  Resources: ['resources', resources],
  Entities: ['entities', each(keys({ Resources: ['resources', resources] }))],
});

/** Reads a manifest out of the properties of a custom resource. Pure. */
export function manifestFromProperties(properties: Readonly<Record<string, unknown>>): ConvertedProperties {
  const problems: ManifestProblem[] = [];
  const own = Object.entries(properties).filter(([name]) => !OTHER_PROPERTIES.has(name));
  const manifest = manifestProperties({ Namespace: DEFAULT_NAMESPACE, ...Object.fromEntries(own) }, [], problems);
  return { manifest, problems };
}

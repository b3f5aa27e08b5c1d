import type { AttributeValue, Item } from '@zae-limiter/client/schema/attributes';

type Type = 'S' | 'N' | 'BOOL' | 'M' | 'SS' | 'S or NULL';

/** Attributes that a kind of record has beside its keys, and those that it may have. */
interface Shape {
  readonly required: Readonly<Record<string, Type>>;
  readonly optional?: Readonly<Record<string, Type>>;
  /** Attributes that come in sets: what stands between prefix and suffix is the limit. */
  readonly perLimit?: { readonly prefix: string; readonly fields: readonly string[] };
  /** True when every other number is a count that is named after what it counts. */
  readonly counts?: boolean;
  readonly indexes: readonly string[];
}

const NAMESPACE: Shape = { required: { namespace_id: 'S', namespace_name: 'S', status: 'S', created_at: 'S' }, indexes: ['GSI4'] };
const CONFIG = { perLimit: { prefix: 'l_', fields: ['cp', 'ra', 'rp'] } };

/** By sort key. */
const SHAPES: readonly (readonly [sortKey: RegExp, shape: Shape])[] = [
  [/^#STATE$/, {
    required: { entity_id: 'S', resource: 'S', rf: 'N', shard_count: 'N', cascade: 'BOOL' },
    optional: { parent_id: 'S', ttl: 'N', GSI2PK: 'S', GSI2SK: 'S' },
    perLimit: { prefix: 'b_', fields: ['tk', 'cp', 'ra', 'rp', 'tc'] },
    indexes: ['GSI3', 'GSI4'],
  }],
  [/^#CONFIG#/, { ...CONFIG, required: { config_version: 'N', entity_id: 'S', resource: 'S' }, indexes: ['GSI3', 'GSI4'] }],
  [/^#CONFIG$/, {
    ...CONFIG, required: { config_version: 'N' }, optional: { resource: 'S', on_unavailable: 'S', audit_retention_days: 'N' }, indexes: ['GSI4'],
  }],
  [/^#RESOURCES$/, { required: {}, optional: { resources: 'SS' }, indexes: ['GSI4'] }],
  [/^#ENTITY_CONFIG_RESOURCES$/, { required: {}, counts: true, indexes: ['GSI4'] }],
  [/^#AUDIT#/, {
    required: { event_id: 'S', timestamp: 'S', action: 'S', entity_id: 'S', principal: 'S or NULL', resource: 'S or NULL', details: 'M', ttl: 'N' },
    indexes: ['GSI4'],
  }],
  [/^#NAMESPACE#/, NAMESPACE],
  [/^#NSID#/, { ...NAMESPACE, optional: { deleted_at: 'S' } }],
];

/** Least that a bucket must hold of the internal limit, or every write of a Python client takes the slow path. */
const WCU_MINIMUM = 1000;

const number = (value: AttributeValue | undefined): number => (value !== undefined && 'N' in value ? Number(value.N) : NaN);

/**
 * What a Python client would stumble over in a record that we wrote: the rules of the data model, section 1.8, in its own
 * words and not in those of our code. Empty for a record that every Python client reads and writes as its own.
 */
export function pythonReadable(item: Item): string[] {
  const sortKey = item.SK !== undefined && 'S' in item.SK ? item.SK.S : '';
  const shape = SHAPES.find(([pattern]) => pattern.test(sortKey))?.[1];
  if (shape === undefined) return [`nothing is known about records with the sort key '${sortKey}'`];

  const keys = ['PK', 'SK', ...shape.indexes.flatMap((index) => [`${index}PK`, `${index}SK`])];
  const required = { ...Object.fromEntries(keys.map((name): [string, Type] => [name, 'S'])), ...shape.required };
  const types = { ...shape.optional, ...required };
  const problems: string[] = [];
  const demand = (holds: boolean, problem: string): void => { if (!holds) problems.push(problem); };

  for (const name of Object.keys(required)) demand(item[name] !== undefined, `${name} is missing`);
  for (const [name, value] of Object.entries(item)) {
    if ('N' in value) demand(/^(0|-?[1-9]\d*)$/.test(value.N), `${name} is ${value.N}, which is no integer in plain decimal`);
    const type = types[name] ?? (isOfLimit(name, shape) || (shape.counts === true && 'N' in value) ? 'N' : undefined);
    if (type === undefined) demand(name.startsWith('x_'), `${name} is neither part of the record nor named x_*`);
    else demand(type.split(' or ').some((one) => one in value), `${name} is of type ${Object.keys(value)[0]}, not ${type}`);
  }
  if (shape.perLimit !== undefined) problems.push(...limitProblems(item, shape.perLimit, sortKey));
  return problems;
}

const limitsOf = (item: Item, { prefix, fields }: NonNullable<Shape['perLimit']>): Set<string> => new Set(Object.keys(item)
  .map((name) => new RegExp(`^${prefix}(.+)_(?:${fields.join('|')})$`).exec(name)?.[1])
  .filter((limit) => limit !== undefined));

function isOfLimit(name: string, { perLimit }: Shape): boolean {
  return perLimit !== undefined && limitsOf({ [name]: { N: '0' } }, perLimit).size === 1;
}

function limitProblems(item: Item, perLimit: NonNullable<Shape['perLimit']>, sortKey: string): string[] {
  const problems: string[] = [];
  const limits = limitsOf(item, perLimit);
  for (const limit of limits) {
    for (const field of perLimit.fields) {
      const name = `${perLimit.prefix}${limit}_${field}`;
      if (item[name] === undefined) problems.push(`${name} is missing`);
      else if (['cp', 'ra', 'rp'].includes(field) && !(number(item[name]) > 0)) problems.push(`${name} is not positive`);
    }
  }
  if (sortKey !== '#STATE') return problems;
  if (!limits.has('wcu')) problems.push('the internal limit wcu is missing');
  else if (!(number(item.b_wcu_tk) >= WCU_MINIMUM)) problems.push(`b_wcu_tk is below ${WCU_MINIMUM}`);
  if (number(item.shard_count) < 1) problems.push('shard_count is below 1');
  return problems;
}

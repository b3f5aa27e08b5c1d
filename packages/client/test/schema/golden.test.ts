import { Limit } from '@zae-limiter/client/core/limit';
import { fromAttribute, type AttributeValue, type Item } from '@zae-limiter/client/schema/attributes';
import { parseBucket } from '@zae-limiter/client/schema/bucket-item';
import { configAttributes, configKey, limitAttributes, parseLimits, parseOnUnavailable, type LimitScope } from '@zae-limiter/client/schema/config-item';
import { parseEntity } from '@zae-limiter/client/schema/entity-item';
import { gsi, parseBucketKey, parsePartition, pk, SK, sk, type PrimaryKey } from '@zae-limiter/client/schema/keys';
import { activeNamespaceId, namespaceIdKey, namespaceItems, namespaceKey, registryIndexKeys, versionKey } from '@zae-limiter/client/schema/namespace-item';
import { parseUsage, usageIdentity, usageKey, usageOrigin, windowStart } from '@zae-limiter/client/schema/usage-item';
import { checkVersion, versionAttributes } from '@zae-limiter/client/schema/version-item';
import { goldenSteps, written, type GoldenStep } from '../support/golden';
import { pythonReadable } from '../support/python-readable';

/** The value of an attribute as it stands there, numbers as numbers; undefined when it is missing. */
function raw(item: Item, name: string): unknown {
  const value = item[name];
  if (value === undefined || 'NULL' in value) return undefined;
  const [type, content] = Object.entries(value)[0] as [string, unknown];
  return type === 'N' ? Number(content) : content;
}

const text = (item: Item, name: string) => raw(item, name) as string;
const texts = (item: Item, ...names: [string, string, string, string]) => names.map((name) => text(item, name)) as [string, string, string, string];
const namespaceOf = (item: Item) => text(item, 'PK').split('/')[0]!;
const keyOf = (item: Item): PrimaryKey => ({ pk: text(item, 'PK'), sk: text(item, 'SK') });
const without = (item: Item, ...names: string[]): Item => Object.fromEntries(Object.entries(item).filter(([name]) => !names.includes(name)));
const keyless = (item: Item) => without(item, 'PK', 'SK');

/** Fields by limit name, of attributes such as `b_rpm_tk`. */
function fieldsByLimit(item: Item, pattern: RegExp): Map<string, Record<string, number>> {
  const limits = new Map<string, Record<string, number>>();
  for (const name of Object.keys(item)) {
    const [, limit, field] = pattern.exec(name) ?? [];
    if (limit !== undefined) limits.set(limit, { ...limits.get(limit), [field!]: raw(item, name) as number });
  }
  return limits;
}

function readBucket(item: Item): void {
  // W3: a limit without a balance is none.
  const stored = [...fieldsByLimit(item, /^b_(.+)_(tk|cp|ra|rp|tc)$/)].filter(([, { tk }]) => tk !== undefined);
  const { limits, ...bucket } = parseBucket(item);
  expect(bucket).toEqual({
    refilledAt: raw(item, 'rf'), shardCount: raw(item, 'shard_count'), cascade: raw(item, 'cascade'), parentId: raw(item, 'parent_id'),
    expiresAt: raw(item, 'ttl'), indexedByResource: true,
  });
  expect(new Map(limits)).toEqual(new Map(stored.map(([name, { tk, cp, ra, rp, tc }]) =>
    [name, { tokens: tk, capacity: cp, refillAmount: ra, refillPeriodMs: rp, totalConsumed: tc, exact: true }])));

  const [namespaceId, entity, resource] = [namespaceOf(item), text(item, 'entity_id'), text(item, 'resource')];
  const key = { namespaceId, entity, resource, shard: Number(/\d+$/.exec(text(item, 'PK'))![0]) };
  expect(parseBucketKey(text(item, 'PK'))).toEqual(key);
  expect(keyOf(item)).toEqual({ pk: pk.bucket(key), sk: SK.bucket });
  expect([raw(item, 'GSI2PK'), raw(item, 'GSI2SK')]).toEqual([pk.resource(namespaceId, resource), gsi.resourceBucket(entity, key.shard)]);
  expect([raw(item, 'GSI3PK'), raw(item, 'GSI3SK')]).toEqual([pk.entity(namespaceId, entity), gsi.entityBucket(resource, key.shard)]);
  expect([raw(item, 'GSI4PK'), raw(item, 'GSI4SK')]).toEqual([namespaceId, gsi.namespaceBucket(entity, resource, key.shard)]);
}

function readEntity(item: Item): void {
  const id = text(item, 'entity_id');
  const metadata = (item.metadata as { M: Record<string, AttributeValue> }).M;
  expect(parseEntity(item)).toEqual({
    id, name: raw(item, 'name'), parentId: raw(item, 'parent_id'), cascade: raw(item, 'cascade'), createdAt: raw(item, 'created_at'),
    metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, Object.values(value)[0]])),
  });
  expect(keyOf(item)).toEqual({ pk: pk.entity(namespaceOf(item), id), sk: SK.entity });
  expect(raw(item, 'GSI4SK')).toBe(text(item, 'PK'));
  const parent = raw(item, 'parent_id') as string | undefined;
  expect([raw(item, 'GSI1PK'), raw(item, 'GSI1SK')]).toEqual(
    parent === undefined ? [undefined, undefined] : [gsi.parent(namespaceOf(item), parent), gsi.child(id)],
  );
}

function readConfig(item: Item): void {
  const limits = [...fieldsByLimit(item, /^l_(.+)_(cp|ra|rp)$/)].sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { cp, ra, rp }]) => Limit.custom(name, { capacity: cp!, refillAmount: ra!, refillPeriodSeconds: rp! }));
  expect(parseLimits(item)).toEqual(limits);
  expect(parseOnUnavailable(item)).toBe(raw(item, 'on_unavailable'));

  const entity = raw(item, 'entity_id') as string | undefined;
  const resource = raw(item, 'resource') as string | undefined;
  const scope: LimitScope = { entity, resource: resource === '_default_' ? undefined : resource };
  expect(keyOf(item)).toEqual(configKey(namespaceOf(item), scope));
  const ours = { ...configAttributes(namespaceOf(item), scope), ...limitAttributes(limits) };
  // W38: the provisioner leaves out what finds the item again; ours writes it.
  if (item.GSI4SK === undefined) expect(ours).toMatchObject(without(keyless(item), 'on_unavailable'));
  else expect(without(keyless(item), 'on_unavailable', 'audit_retention_days')).toEqual(ours);
}

function readUsage(item: Item): void {
  const [entity, resource, window, start] = texts(item, 'entity_id', 'resource', 'window', 'window_start');
  const ends: Record<string, string> = {
    hourly: start.replace(':00:00Z', ':59:59Z'), daily: start.replace('00:00:00Z', '23:59:59Z'), monthly: '2026-01-31T23:59:59Z',
  };
  const counters = Object.keys(item).filter((name) => 'N' in item[name]! && !['total_events', 'ttl'].includes(name));
  expect(parseUsage(item)).toEqual({
    entity, resource, window, windowStart: start, windowEnd: ends[window], totalEvents: raw(item, 'total_events'),
    counters: Object.fromEntries(counters.map((name) => [name, raw(item, name)])),
  });
  const kind = window as 'hourly' | 'daily' | 'monthly';
  expect(windowStart(kind, Date.parse(start) / 1000 + 1)).toBe(start);
  expect(keyOf(item)).toEqual({ pk: pk.entity(namespaceOf(item), entity), sk: sk.usage(resource, start) });
  if (kind === 'hourly') expect(keyOf(item)).toEqual(usageKey(namespaceOf(item), entity, resource, kind, start)); // W18: of the others ours are elsewhere
  expect(item).toMatchObject({
    ...usageIdentity(namespaceOf(item), entity, resource, start), ...usageOrigin(namespaceOf(item), entity, resource, kind, start),
  });
}

function readNamespace(item: Item): void {
  const [id, name, status, createdAt] = texts(item, 'namespace_id', 'namespace_name', 'status', 'created_at');
  expect(activeNamespaceId(item)).toBe(status === 'active' ? id : undefined);
  expect([namespaceKey(name), namespaceIdKey(id)]).toContainEqual(keyOf(item));
  const ours = namespaceItems(name, id, createdAt).find((one) => text(one, 'SK') === text(item, 'SK'));
  expect({ ...ours, status: { S: status } }).toEqual(without(item, 'deleted_at'));
}

function readVersion(item: Item): void {
  expect(() => checkVersion(item)).not.toThrow();
  expect(keyOf(item)).toEqual(versionKey);
  // W49: ours never names a version of the function.
  const ours = versionAttributes(text(item, 'schema_version'), text(item, 'updated_at'), 'us');
  expect({ ...keyless(item), lambda_version: { NULL: true }, updated_by: { S: 'us' } }).toEqual({ ...ours, client_min_version: item.client_min_version });
  expect(item).toMatchObject(registryIndexKeys);
}

/** Records that have no parser: they are where our keys lead, in the form in which ours change or read them. */
function readPlain(key: (item: Item) => PrimaryKey, types: Record<string, readonly string[]>, others: readonly string[] = []): (item: Item) => void {
  return (item) => {
    expect(keyOf(item)).toEqual(key(item));
    expect(parsePartition(text(item, 'PK')).namespaceId).toBe(text(item, 'GSI4PK'));
    for (const [name, value] of Object.entries(without(item, 'PK', 'SK', 'GSI4PK', 'GSI4SK'))) {
      const [type, content] = Object.entries(value)[0] as [string, unknown];
      expect({ name, types: types[name] ?? others }).toEqual({ name, types: expect.arrayContaining([type]) });
      if (type === 'N') expect(fromAttribute(value)).toBe(Number(content));
      if (type === 'S' || type === 'SS') expect(fromAttribute(value)).toEqual(content);
    }
  };
}

const ofSystem = (sortKey: string) => (item: Item): PrimaryKey => ({ pk: pk.system(namespaceOf(item)), sk: sortKey });

/** How each kind of record is read, by its sort key. */
const READERS: readonly (readonly [sortKey: RegExp, read: (item: Item) => void])[] = [
  [/^#STATE$/, readBucket],
  [/^#META$/, readEntity],
  [/^#CONFIG(#|$)/, readConfig],
  [/^#USAGE#/, readUsage],
  [/^#(NAMESPACE|NSID)#/, readNamespace],
  [/^#VERSION$/, readVersion],
  [/^#RESOURCES$/, readPlain(ofSystem(SK.resources), { resources: ['SS'] })],
  [/^#ENTITY_CONFIG_RESOURCES$/, readPlain(ofSystem(SK.entityConfigResources), {}, ['N'])],
  [/^#PROVISIONER$/, readPlain(ofSystem(SK.provisioner), {
    managed_system: ['BOOL'], managed_resources: ['L'], managed_entities: ['M'], last_applied: ['S'], applied_hash: ['S'],
  })],
  [/^#AUDIT#/, readPlain((item) => ({ pk: pk.audit(namespaceOf(item), text(item, 'entity_id')), sk: sk.audit(text(item, 'event_id')) }), {
    event_id: ['S'], timestamp: ['S'], action: ['S'], entity_id: ['S'], principal: ['S', 'NULL'], resource: ['S', 'NULL'], details: ['M'], ttl: ['N'],
  })],
];

function readerOf(item: Item): (item: Item) => void {
  const reader = READERS.find(([pattern]) => pattern.test(text(item, 'SK')));
  if (reader === undefined) throw new Error(`nobody reads items like ${text(item, 'SK')}`);
  return reader[1];
}

/** The table that steps leave behind, by key. */
function accumulate(steps: readonly GoldenStep[]): Map<string, Item> {
  const table = new Map<string, Item>();
  for (const change of steps.flatMap(({ changes }) => changes)) {
    const item = 'put' in change ? change.put : change.delete;
    const id = JSON.stringify(keyOf(item));
    if ('put' in change) table.set(id, item);
    else expect(table.delete(id)).toBe(true);
  }
  return table;
}

describe.each(['client', 'aggregator', 'provisioner'] as const)('items of the Python %s', (file) => {
  const steps = goldenSteps(file);

  test.each(steps)('of step $step are read as they are', (step) => {
    for (const item of written(step)) readerOf(item)(item);
  });
});

describe('the check of golden items', () => {
  test('knows no item of another kind', () => {
    expect(() => readerOf({ PK: { S: 'ns1/ENTITY#user-1' }, SK: { S: '#LIMIT#gpt-4#rpm' } })).toThrow('nobody reads items like #LIMIT#');
  });

  test('sees every kind of record', () => {
    const items = (['client', 'aggregator', 'provisioner'] as const).flatMap((file) => goldenSteps(file).flatMap(written));

    for (const [pattern] of READERS) expect(items.some((item) => pattern.test(text(item, 'SK')))).toBe(true);
  });
});

describe('the table that the Python client leaves', () => {
  const table = [...accumulate(goldenSteps('client')).values()];
  const at = (pattern: RegExp) => table.filter((item) => pattern.test(text(item, 'SK')));

  test('finds each namespace by its name and by its id', () => {
    const ids = (pattern: RegExp) => at(pattern).map(activeNamespaceId).filter((id) => id !== undefined).sort();

    expect(ids(/^#NAMESPACE#/)).not.toEqual([]);
    expect(ids(/^#NSID#/)).toEqual(ids(/^#NAMESPACE#/));
  });

  test('lists the resources that have limits', () => {
    const listed = at(/^#RESOURCES$/).map((item) => [namespaceOf(item), ...raw(item, 'resources') as string[]]);
    const stored = at(/^#CONFIG$/).filter((item) => item.resource !== undefined).map((item) => [namespaceOf(item), text(item, 'resource')]);

    expect(listed.flatMap(([ns, ...resources]) => resources.map((resource) => `${ns} ${resource}`)).sort())
      .toEqual(stored.map(([ns, resource]) => `${ns} ${resource}`).sort());
  });
});

describe('the check of what a Python client can read', () => {
  const puts = goldenSteps('client').flatMap(written).map((item): [string, Item] => [JSON.stringify(keyOf(item)), item]);
  const created = [...new Map(puts.reverse()).values()]; // the first of each key
  const bucket = created.find((item) => text(item, 'SK') === '#STATE')!;

  test('finds nothing in what a Python client created', () => {
    const ours = created.filter((item) => /^#(STATE|CONFIG|RESOURCES|ENTITY_CONFIG_RESOURCES|NAMESPACE|NSID)/.test(text(item, 'SK')));

    expect(ours.length).toBeGreaterThan(20);
    expect(ours.flatMap(pythonReadable)).toEqual([]);
  });

  test.each<[problem: string, change: Record<string, AttributeValue | undefined>, found: string]>([
    ['a fraction', { b_wcu_tc: { N: '1.5' } }, 'b_wcu_tc is 1.5, which is no integer in plain decimal'],
    ['an exponent', { rf: { N: '1E+3' } }, 'rf is 1E+3, which is no integer in plain decimal'],
    ['no refill time', { rf: undefined }, 'rf is missing'],
    ['no shard count', { shard_count: undefined }, 'shard_count is missing'],
    ['a shard count of 0', { shard_count: { N: '0' } }, 'shard_count is below 1'],
    ['no flag', { cascade: undefined }, 'cascade is missing'],
    ['a limit without a balance', { b_new_cp: { N: '1' }, b_new_ra: { N: '1' }, b_new_rp: { N: '1' }, b_new_tc: { N: '1' } }, 'b_new_tk is missing'],
    ['a limit that cannot refill', { b_wcu_rp: { N: '0' } }, 'b_wcu_rp is not positive'],
    ['an internal limit that ran out', { b_wcu_tk: { N: '999' } }, 'b_wcu_tk is below 1000'],
    ['a parent of NULL', { parent_id: { NULL: true } }, 'parent_id is of type NULL, not S'],
    ['a name of ours without its prefix', { op: { S: 'x' } }, 'op is neither part of the record nor named x_*'],
    ['no key for the list of its entity', { GSI3SK: undefined }, 'GSI3SK is missing'],
    ['no key for the list of its namespace', { GSI4PK: undefined }, 'GSI4PK is missing'],
  ])('finds %s', (_, change, found) => {
    const item = Object.fromEntries(Object.entries({ ...bucket, ...change }).filter(([, value]) => value !== undefined)) as Item;

    expect(pythonReadable(item)).toEqual([found]);
  });

  test('finds a bucket without the internal limit, and a record that it does not know', () => {
    const lacking = without(bucket, ...Object.keys(bucket).filter((name) => name.startsWith('b_wcu')));

    expect(pythonReadable(lacking)).toEqual(['the internal limit wcu is missing']);
    expect(pythonReadable({ SK: { S: '#OTHER' } })).toEqual(["nothing is known about records with the sort key '#OTHER'"]);
  });
});

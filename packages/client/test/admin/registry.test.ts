import { randomBytes } from 'node:crypto';
import { Limit, RateLimiter, ValidationError } from '@zae-limiter/client';
import { Registry } from '@zae-limiter/client/admin/registry';
import { readText, text, type Item } from '@zae-limiter/client/schema/attributes';
import { pk, SK } from '@zae-limiter/client/schema/keys';
import { namespaceIdKey, namespaceKey, versionKey } from '@zae-limiter/client/schema/namespace-item';
import { setAll } from '@zae-limiter/client/schema/update';
import type { Store, UpdateOutcome } from '@zae-limiter/client/store/store';
import { FakeClock } from '@zae-limiter/client/testing';
import { newTable, type NewTable } from '../../../../test/lambda/support/new-table';
import { connectTestTable, PATIENCE_MS, type TestTable } from '../../../../test/support/table';

let table: TestTable;
beforeAll(async () => {
  table = await connectTestTable();
});
afterAll(() => table.client.destroy());

/** A name that no other test uses. */
const newName = (): string => `test-${randomBytes(8).toString('hex')}`;

/** 8 bytes whose text begins with this character; the others are random. */
function bytesFor(first: 'A' | '-' | '_'): Uint8Array {
  const bytes = Buffer.concat([Buffer.from([{ 'A': 0, '-': 62 * 4, '_': 63 * 4 }[first]]), randomBytes(7)]);
  expect(bytes.toString('base64url')[0]).toBe(first);
  return bytes;
}

/** A source of randomness that gives these bytes, in order. */
function drawing(draws: readonly Uint8Array[]): { next: (size: number) => Uint8Array; sizes: number[] } {
  const [left, sizes] = [[...draws], [] as number[]];
  return {
    sizes,
    next: (size) => {
      sizes.push(size);
      return left.shift() ?? randomBytes(8);
    },
  };
}

const idOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

/** The records of a namespace, by name and by id. */
async function recordsOf(store: Store, name: string): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of store.query({ partition: pk.system('_') })) {
    if (readText(item, 'namespace_name') === name) found.push(item);
  }
  return found;
}

/** A store on which every write loses against somebody else's. */
const contendedStore = (found: Item | undefined, writes: unknown[]): Store => ({
  tableName: 'contended',
  get: async () => found,
  update: async (update): Promise<UpdateOutcome> => {
    writes.push(update);
    return { applied: false, item: found };
  },
  transact: async (all) => {
    writes.push(all);
    return false;
  },
}) as Partial<Store> as Store;

describe('registerNamespace', () => {
  test('writes a record by name and a record by id, and finds them from then on', async () => {
    const name = newName();
    const registry = new Registry(table.store, new FakeClock());

    const id = await registry.registerNamespace(name);
    const again = await new Registry(table.store, new FakeClock(Date.UTC(2027, 0, 1))).registerNamespace(name);

    const record = {
      PK: text('_/SYSTEM#'), GSI4PK: text('_'), GSI4SK: text('_/SYSTEM#'), namespace_id: text(id), namespace_name: text(name),
      status: text('active'), created_at: text('2100-01-01T00:00:00Z'),
    };
    expect(id).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]{10}$/);
    expect(again).toBe(id);
    expect(await recordsOf(table.store, name)).toEqual([{ ...record, SK: text(`#NAMESPACE#${name}`) }, { ...record, SK: text(`#NSID#${id}`) }]);
  });

  test.each([1, 2, 3])('gives one id to eight callers at once, and leaves exactly two records (%d)', async () => {
    const name = newName();

    const ids = await Promise.all(Array.from({ length: 8 }, () => new Registry(table.store, new FakeClock()).registerNamespace(name)));

    expect(new Set(ids).size).toBe(1);
    const records = await recordsOf(table.store, name);
    expect(records.map((item) => readText(item, 'SK'))).toEqual([`#NAMESPACE#${name}`, `#NSID#${ids[0]}`]);
    expect(records.map((item) => readText(item, 'namespace_id'))).toEqual([ids[0], ids[0]]);
  });

  test('draws an id again while it begins with a hyphen or an underscore', async () => {
    const wanted = bytesFor('A');
    const { next, sizes } = drawing([bytesFor('-'), bytesFor('_'), bytesFor('_'), bytesFor('-'), wanted]);

    const id = await new Registry(table.store, new FakeClock(), next).registerNamespace(newName());

    expect(id).toBe(idOf(wanted));
    expect(sizes).toEqual([8, 8, 8, 8, 8]);
  });

  test('draws an id again when another namespace has it', async () => {
    const [taken, free] = [bytesFor('A'), bytesFor('A')];
    const [first, second] = [newName(), newName()];
    await new Registry(table.store, new FakeClock(), drawing([taken]).next).registerNamespace(first);

    const id = await new Registry(table.store, new FakeClock(), drawing([taken, free]).next).registerNamespace(second);

    expect(id).toBe(idOf(free));
    expect(await table.store.get(namespaceIdKey(idOf(taken)))).toMatchObject({ namespace_name: text(first) });
    expect(await table.store.get(namespaceKey(second))).toMatchObject({ namespace_id: text(id) });
  });

  test.each<[string, unknown, string]>([
    ['an empty name', '', 'empty'],
    ['the reserved name', '_', 'reserved'],
    ['a name with a hash', 'a#b', 'hash'],
    ['a name of 129 characters', 'x'.repeat(129), 'too_long'],
    ['a number', 7, 'type'],
  ])('rejects %s, and asks and writes nothing', async (_, name, reason) => {
    table.meter.take();

    const registering = new Registry(table.store, new FakeClock()).registerNamespace(name as string);

    await expect(registering).rejects.toBeInstanceOf(ValidationError);
    await expect(registering).rejects.toMatchObject({ code: 'VALIDATION_FAILED', field: 'namespace', reason });
    expect(table.meter.take().calls).toBe(0);
  });

  test('rejects as unavailable, to be tried again, when others win every time', async () => {
    const writes: unknown[] = [];

    const registering = new Registry(contendedStore(undefined, writes), new FakeClock()).registerNamespace('tenant-1');

    await expect(registering).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true, message: expect.stringContaining("namespace 'tenant-1'") });
    expect(writes).toHaveLength(4);
  });

  test('never takes a namespace over that is not active', async () => {
    const name = newName();
    const record = { namespace_id: text('old-id'), namespace_name: text(name), status: text('purging') };
    await table.store.update({ key: namespaceKey(name), changes: new Map(setAll(record)), conditions: [] });

    await expect(new Registry(table.store, new FakeClock()).registerNamespace(name)).rejects.toMatchObject({
      code: 'NAMESPACE_STATE', state: 'purging', retryable: false, message: `namespace '${name}' is purging`,
    });
    expect(await recordsOf(table.store, name)).toEqual([{ PK: text('_/SYSTEM#'), SK: text(`#NAMESPACE#${name}`), ...record }]);
  });
});

describe('the registry', () => {
  test('reads consistently, so that it sees what another caller has just written', async () => {
    const own = await newTable();
    const options: unknown[] = [];
    const observed: Store = Object.assign(Object.create(own.store) as Store, {
      get: (...args: Parameters<Store['get']>) => {
        options.push(args[1]);
        return own.store.get(...args);
      },
    });
    const registry = new Registry(observed, new FakeClock());

    await registry.recordVersion('0.10.0', 'test');
    await registry.registerNamespace('tenant-1');

    expect(options).toEqual([{ consistent: true }, { consistent: true }]);
    own.client.destroy();
  });
});

describe('setAuditRetention', () => {
  const settings = (id: string) => table.store.get({ pk: pk.system(id), sk: SK.config }, { consistent: true });

  test('stores the days, with the attributes that list the item', async () => {
    const id = idOf(bytesFor('A'));

    await new Registry(table.store, new FakeClock()).setAuditRetention(id, 30);

    const system = `${id}/SYSTEM#`;
    expect(await settings(id)).toEqual({
      PK: text(system), SK: text('#CONFIG'), GSI4PK: text(id), GSI4SK: text(system), config_version: { N: '1' }, audit_retention_days: { N: '30' },
    });
  });

  test('W37: keeps the limits and every other setting of the namespace', async () => {
    const id = idOf(bytesFor('A'));
    const limiter = new RateLimiter({ timeoutMs: PATIENCE_MS, store: table.store, namespaceId: id });
    await limiter.admin.limits.set([Limit.perMinute('rpm', 100)], {}, { onUnavailable: 'allow' });
    const foreign = { config_version: { N: '7' }, provisioned_by: text('python') };
    await table.store.update({ key: { pk: pk.system(id), sk: SK.config }, changes: new Map(setAll(foreign)), conditions: [] });
    const before = await settings(id);

    await new Registry(table.store, new FakeClock()).setAuditRetention(id, 30);
    await new Registry(table.store, new FakeClock()).setAuditRetention(id, 365);

    expect(before).toMatchObject({ l_rpm_cp: { N: '100' }, on_unavailable: text('allow'), ...foreign });
    expect(await settings(id)).toEqual({ ...before, audit_retention_days: { N: '365' } });
  });

  test('W37: survives a change of the limits, and their deletion', async () => {
    const id = idOf(bytesFor('A'));
    const { admin } = new RateLimiter({ timeoutMs: PATIENCE_MS, store: table.store, namespaceId: id });
    await new Registry(table.store, new FakeClock()).setAuditRetention(id, 30);

    await admin.limits.set([Limit.perMinute('rpm', 100)]);
    await admin.limits.set([Limit.perMinute('tpm', 100)]);
    const changed = await settings(id);
    await admin.limits.delete();

    expect(changed).toMatchObject({ audit_retention_days: { N: '30' }, l_tpm_cp: { N: '100' } });
    expect(await settings(id)).toMatchObject({ audit_retention_days: { N: '30' } });
  });
});

describe('recordVersion', () => {
  let own: NewTable;
  beforeEach(async () => {
    own = await newTable();
  });
  afterEach(() => own.client.destroy());

  const record = (version: string, writer: string, clock = new FakeClock()) => new Registry(own.store, clock).recordVersion(version, writer);

  test('F-25, W49: leaves the version of the Lambda empty, also when somebody filled it', async () => {
    await record('0.10.0', 'test');
    await own.store.update({ key: versionKey, changes: new Map(setAll({ lambda_version: text('0.9.0') })), conditions: [] });

    await record('0.10.0', 'test');

    expect(await own.items()).toEqual([{
      PK: text('_/SYSTEM#'), SK: text('#VERSION'), GSI4PK: text('_'), GSI4SK: text('_/SYSTEM#'), schema_version: text('0.10.0'),
      lambda_version: { NULL: true }, client_min_version: text('0.0.0'), updated_at: text('2100-01-01T00:00:00Z'), updated_by: text('test'),
    }]);
  });

  test.each([['0.9.0', '0.10.0'], ['0.9.9', '0.9.10'], ['1.0.0-rc.1', '1.0.0']])('raises %s to %s, and keeps what it does not know', async (from, to) => {
    await record(from, 'old');
    await own.store.update({ key: versionKey, changes: new Map(setAll({ extra: text('kept') })), conditions: [] });

    await record(to, 'new', new FakeClock(Date.UTC(2026, 5, 1)));

    expect(await own.items()).toMatchObject([{
      schema_version: text(to), updated_by: text('new'), updated_at: text('2026-06-01T00:00:00Z'), extra: text('kept'),
    }]);
  });

  test.each([['0.10.0', '0.9.0'], ['0.10.1', '0.10.0'], ['1.0.0', '0.99.0'], ['0.10.0', '1.0.0']])('keeps %s when a writer says %s', async (found, said) => {
    await record(found, 'old');
    const before = await own.items();

    const writing = record(said, 'new');

    await expect(writing).rejects.toMatchObject({ code: 'INCOMPATIBLE_SCHEMA', schemaVersion: found, clientVersion: said });
    expect(await own.items()).toEqual(before);
  });

  test('keeps the oldest client that the table asks for', async () => {
    await record('0.10.0', 'old');
    await own.store.update({ key: versionKey, changes: new Map(setAll({ client_min_version: text('0.9.5') })), conditions: [] });

    await record('0.10.0', 'new');

    expect(await own.items()).toMatchObject([{ updated_by: text('new'), client_min_version: text('0.9.5') }]);
  });

  test('is written once by eight callers at once, whatever they say of themselves', async () => {
    await Promise.all(Array.from({ length: 8 }, (_, caller) => record('0.10.0', `caller-${caller}`)));

    expect(await own.items()).toMatchObject([{ schema_version: text('0.10.0'), updated_by: { S: expect.stringMatching(/^caller-\d$/) } }]);
  });

  test('never lowers the version when an older writer read before a newer one wrote', async () => {
    const newer: Store = Object.assign(Object.create(own.store) as Store, {
      get: async (...args: Parameters<Store['get']>) => {
        const found = await own.store.get(...args);
        if (found === undefined) await record('0.11.0', 'newer'); // between the older writer's read and its write
        return found;
      },
    });

    const writing = new Registry(newer, new FakeClock()).recordVersion('0.10.0', 'older');

    await expect(writing).rejects.toMatchObject({ code: 'INCOMPATIBLE_SCHEMA', schemaVersion: '0.11.0' });
    expect(await own.items()).toMatchObject([{ schema_version: text('0.11.0'), updated_by: text('newer') }]);
  });

  test('rejects as unavailable, to be tried again, when others win every time', async () => {
    const writes: unknown[] = [];

    const writing = new Registry(contendedStore({ schema_version: text('0.9.0') }, writes), new FakeClock()).recordVersion('0.10.0', 'test');

    await expect(writing).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true, message: expect.stringContaining('the version record') });
    expect(writes).toHaveLength(4);
  });
});

import { Admin, Limit, Registry } from '@zae-limiter/client';
import { manifestHash } from '@zae-limiter/client/manifest/canonical-json';
import { parseManifest } from '@zae-limiter/client/manifest/validate';
import { OWNER, rpm, testProvisioner } from './support/provisioner';

const limits = (capacity: number) => ({ limits: { rpm: { capacity } } });
const whole = (capacity: number) => ({ limits: { rpm: { capacity, refill_amount: capacity, refill_period: 60 } } });
const MANIFEST = {
  namespace: 'default', system: limits(100), resources: { 'openai/gpt-4': limits(5) }, entities: { 'user-1': { resources: { 'openai/gpt-4': limits(1) } } },
};
const HASH = manifestHash(parseManifest(MANIFEST));

const CREATED = [
  { action: 'create', level: 'system', target: null },
  { action: 'create', level: 'resource', target: 'openai/gpt-4' },
  { action: 'create', level: 'entity', target: 'user-1/openai/gpt-4' },
];

describe('F-20: a plan', () => {
  test('says what would change and writes nothing', async () => {
    const { command, store, ids } = await testProvisioner();
    const writes = [jest.spyOn(store, 'transact'), jest.spyOn(store, 'update')];

    const planned = await command({ action: 'plan', table_name: 'some-table', namespace_id: ids.default, manifest: MANIFEST });

    expect(planned).toEqual({ status: 'planned', changes: CREATED, unchanged: 0, manifest_hash: HASH, namespace_id: ids.default });
    expect(writes.map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
  });

  test('of a namespace that is not registered shows everything as new, and does not register it', async () => {
    const { command } = await testProvisioner();

    const planned = await command({ action: 'plan', manifest: { ...MANIFEST, namespace: 'later' }, register_namespace: true });

    expect(planned).toMatchObject({ status: 'planned', changes: CREATED, namespace_id: null });
    await expect(command({ action: 'describe', namespace: 'later' })).rejects.toMatchObject({ code: 'NAMESPACE_NOT_FOUND' });
  });
});

describe('F-11: a diff', () => {
  test('finds the table in order after an apply', async () => {
    const { command, ids } = await testProvisioner();
    await command({ action: 'apply', manifest: MANIFEST });

    expect(await command({ action: 'diff', manifest: MANIFEST })).toEqual({
      status: 'diffed', changes: [], in_sync: true, unchanged: 3, manifest_hash: HASH, namespace_id: ids.default,
    });
  });

  test('shows what somebody changed by hand, and changes nothing', async () => {
    const { command, store, clock, ids } = await testProvisioner();
    await command({ action: 'apply', manifest: MANIFEST });
    const admin = new Admin({ store, clock, namespaceId: ids.default });
    await admin.limits.set([Limit.perMinute('rpm', 6)], { resource: 'openai/gpt-4' });
    await admin.limits.delete();

    expect(await command({ action: 'diff', manifest: { namespace: 'default', system: limits(100), resources: MANIFEST.resources } })).toMatchObject({
      status: 'diffed',
      in_sync: false,
      changes: [
        { action: 'create', level: 'system', target: null, before: null, after: whole(100) },
        { action: 'update', level: 'resource', target: 'openai/gpt-4', before: whole(6), after: whole(5) },
        { action: 'delete', level: 'entity', target: 'user-1/openai/gpt-4', before: whole(1), after: null },
      ],
    });
    expect(await admin.limits.get({ resource: 'openai/gpt-4' })).toMatchObject({ limits: [{ capacity: 6 }] });
  });
});

describe('an apply', () => {
  test('answers as the function of the Python library, and says more', async () => {
    const { command, ids } = await testProvisioner();

    expect(await command({ action: 'apply', manifest: MANIFEST })).toEqual({
      status: 'applied', changes: CREATED, created: 3, updated: 0, deleted: 0, errors: [], unchanged: 0, manifest_hash: HASH, namespace_id: ids.default,
    });
    expect(await command({ action: 'apply', manifest: { namespace: 'default' } })).toMatchObject({ status: 'applied', created: 0, deleted: 3, unchanged: 0 });
  });

  test('registers a namespace that is not there, unless it is told not to', async () => {
    const { command, store } = await testProvisioner();
    const manifest = { ...MANIFEST, namespace: 'new' };

    await expect(command({ action: 'apply', manifest, register_namespace: false })).rejects.toMatchObject({ code: 'NAMESPACE_NOT_FOUND' });
    const { namespace_id: namespaceId } = await command({ action: 'apply', manifest });

    const described = await command({ action: 'describe', namespace: 'new' });
    expect(described).toMatchObject({ namespace_id: namespaceId, managed_resources: ['openai/gpt-4'] });
    const events = await new Admin({ store, namespaceId: namespaceId as string }).audit.list({ system: true }).toArray();
    expect(events.map(({ action, principal }) => `${action} ${principal}`).sort()).toEqual(['limits_set provisioner:cli', 'namespace_created provisioner:cli']);
  });

  test('F-41: takes over what a stack manages only if it is told to', async () => {
    const { command, request } = await testProvisioner();
    await request('Create', { Resources: { r: rpm(1) } });

    await expect(command({ action: 'apply', manifest: MANIFEST })).rejects.toMatchObject({ code: 'LIMITS_OWNED', owner: OWNER });
    expect(await command({ action: 'apply', manifest: MANIFEST, adopt_existing: true })).toMatchObject({ created: 3, deleted: 1 });
  });

  test('F-48: reads a manifest from S3', async () => {
    const { command, files } = await testProvisioner();
    files.set('assets/limits.json', JSON.stringify(MANIFEST));

    expect(await command({ action: 'apply', manifest_location: { bucket: 'assets', key: 'limits.json' } })).toMatchObject({ created: 3 });
    await expect(command({ action: 'plan', manifest_location: { bucket: 'assets', key: 'limits.json', sha256: '00' } })).rejects.toMatchObject({ code: 'MANIFEST_CHANGED' });
  });
});

describe('a description', () => {
  test('says what is managed, by whom, and what was applied', async () => {
    const { command, ids } = await testProvisioner();
    const nothing = {
      status: 'described', namespace: 'default', namespace_id: ids.default, owner: null, last_applied: null, applied_hash: null,
      managed_system: false, managed_resources: [], managed_entities: {},
    };
    expect(await command({ action: 'describe', namespace: 'default' })).toEqual(nothing);
    await command({ action: 'apply', manifest: MANIFEST });

    expect(await command({ action: 'describe', namespace_id: ids.default })).toEqual({
      ...nothing, owner: 'cli', last_applied: '2100-01-01T00:00:00+00:00', applied_hash: HASH,
      managed_system: true, managed_resources: ['openai/gpt-4'], managed_entities: { 'user-1': ['openai/gpt-4'] },
    });
  });

  test('refuses ids of namespaces that are not there, or not any more', async () => {
    const { command, store, clock, ids } = await testProvisioner();
    const gone = await new Registry(store, clock).registerNamespace('gone');
    await new Admin({ store, clock, namespaceId: gone }).namespaces.delete('gone');

    await expect(command({ action: 'describe', namespace_id: 'nobody' })).rejects.toMatchObject({ code: 'NAMESPACE_NOT_FOUND' });
    await expect(command({ action: 'describe', namespace_id: gone })).rejects.toMatchObject({ code: 'NAMESPACE_STATE', state: 'deleted' });
    await expect(command({ action: 'describe', namespace: 'other', namespace_id: ids.default })).rejects.toMatchObject({ code: 'NAMESPACE_MISMATCH' });
    await expect(command({ action: 'describe' })).rejects.toMatchObject({ code: 'NAMESPACE_REQUIRED' });
  });
});

describe('F-20: a command', () => {
  test.each<[string, object, object]>([
    ['without an action', {}, { code: 'UNKNOWN_ACTION' }],
    ['with an unknown action', { action: 'destroy' }, { code: 'UNKNOWN_ACTION', message: expect.stringContaining('got "destroy"') }],
    ['with an action of JavaScript', { action: 'toString' }, { code: 'UNKNOWN_ACTION' }],
    ['for another table', { action: 'apply', table_name: 'other' }, { code: 'TABLE_MISMATCH' }],
    ['for a table that is no text', { action: 'apply', table_name: null }, { code: 'TABLE_MISMATCH' }],
    ['with an empty id, as after a lookup that failed', { action: 'apply', namespace_id: '' }, { code: 'INVALID_REQUEST' }],
    ['with a namespace that is no text', { action: 'apply', namespace: 7 }, { code: 'INVALID_REQUEST' }],
    ['with the id of another namespace', { action: 'apply', namespace_id: 'a7x3' }, { code: 'NAMESPACE_MISMATCH' }],
    ['with an id for a namespace that is not registered', { action: 'apply', namespace_id: 'a7x3', manifest: { namespace: 'new' } }, { code: 'NAMESPACE_NOT_FOUND' }],
    ['with a namespace that is not that of the manifest', { action: 'apply', namespace: 'other' }, { code: 'NAMESPACE_MISMATCH' }],
    ['with a flag that is text', { action: 'apply', register_namespace: 'false' }, { code: 'INVALID_REQUEST' }],
    ['with another flag that is text', { action: 'apply', adopt_existing: 1 }, { code: 'INVALID_REQUEST' }],
    ['with a third flag that is text', { action: 'apply', dry_run_errors: 'yes' }, { code: 'INVALID_REQUEST' }],
    ['without a manifest', { action: 'plan', manifest: undefined }, { code: 'MANIFEST_REQUIRED' }],
    ['with two manifests', { action: 'plan', manifest_location: { bucket: 'b', key: 'k' } }, { code: 'MANIFEST_REQUIRED' }],
    ['with a place that is none', { action: 'plan', manifest: undefined, manifest_location: 's3://b/k' }, { code: 'INVALID_REQUEST' }],
    ['with a place without a key', { action: 'plan', manifest: undefined, manifest_location: { bucket: 'b', key: '' } }, { code: 'INVALID_REQUEST' }],
    ['with a place that is null', { action: 'plan', manifest: undefined, manifest_location: null }, { code: 'INVALID_REQUEST' }],
    ['with a hash that is no text', { action: 'plan', manifest: undefined, manifest_location: { bucket: 'b', key: 'k', sha256: 1 } }, { code: 'INVALID_REQUEST' }],
    ['with a file that is not there', { action: 'plan', manifest: undefined, manifest_location: { bucket: 'b', key: 'k' } }, { code: 'MANIFEST_UNREADABLE' }],
    ['with a manifest that is not valid', { action: 'apply', manifest: { namespace: 'default', system: {} } }, { code: 'INVALID_MANIFEST' }],
  ])('%s is refused by name, and nothing is changed', async (_, differences, error) => {
    const { command, store } = await testProvisioner();
    const writes = [jest.spyOn(store, 'transact'), jest.spyOn(store, 'update')];

    await expect(command({ manifest: MANIFEST, ...differences })).rejects.toMatchObject(error);

    expect(writes.map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
  });

  test.each(['deleted', 'purging'])('for a namespace that is %s is refused', async (status) => {
    const { command, store } = await testProvisioner();
    await store.update({ key: { pk: '_/SYSTEM#', sk: '#NAMESPACE#default' }, changes: new Map([['status', { set: { S: status } }]]), conditions: [] });

    for (const action of ['plan', 'diff', 'apply']) {
      await expect(command({ action, manifest: MANIFEST })).rejects.toMatchObject({ code: 'NAMESPACE_STATE', state: status });
    }
    await expect(command({ action: 'describe', namespace: 'default' })).rejects.toMatchObject({ code: 'NAMESPACE_STATE' });
  });

  test('returns what is wrong with its manifest when it is asked to, and nothing else', async () => {
    const { command } = await testProvisioner();
    const invalid = { namespace: 'default', system: {}, resources: { 9: {} } };

    expect(await command({ action: 'apply', manifest: invalid, dry_run_errors: true })).toEqual({
      status: 'invalid',
      errors: [
        { path: 'system', code: 'EMPTY_SECTION' }, { path: 'resources.9', code: 'INVALID_RESOURCE' }, { path: 'resources.9.limits', code: 'REQUIRED' },
      ],
    });
    await expect(command({ action: 'plan', manifest: MANIFEST, namespace_id: 'a7x3', dry_run_errors: true })).rejects.toMatchObject({ code: 'NAMESPACE_MISMATCH' });
  });
});

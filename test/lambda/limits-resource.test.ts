import { createHash } from 'node:crypto';
import { Admin, Limit, LimiterUnavailableError, MemoryStore, NamespacesAdmin, Registry, type Store } from '@zae-limiter/client';
import { LimitsProvisioner } from '@zae-limiter/client/admin/limits-provisioner';
import { manifestHash } from '@zae-limiter/client/manifest/canonical-json';
import { parseManifest } from '@zae-limiter/client/manifest/validate';
import type { ItemUpdate, ItemWrite } from '@zae-limiter/client/schema/update';
import { answerBody } from '../../lambda-src/provisioner/cfn-response';
import { customResource } from '../../lambda-src/provisioner/custom-resource';
import { limitsEvent, OWNER, rpm, STACK, testProvisioner, toolsOf, type TestProvisioner } from './support/provisioner';

const PROPERTIES = {
  Namespace: 'default',
  System: { OnUnavailable: 'block', ...rpm(1000) },
  Resources: { 'gpt-4': rpm(500), 'claude': rpm(50) },
  Entities: { 'user-1': { Resources: { 'gpt-4': rpm(9) } } },
};
const MANIFEST = {
  namespace: 'default',
  system: { on_unavailable: 'block', limits: { rpm: { capacity: 1000 } } },
  resources: { 'gpt-4': { limits: { rpm: { capacity: 500 } } }, 'claude': { limits: { rpm: { capacity: 50 } } } },
  entities: { 'user-1': { resources: { 'gpt-4': { limits: { rpm: { capacity: 9 } } } } } },
};

const adminOf = ({ store, clock }: TestProvisioner, namespaceId: string) => new Admin({ store, clock, namespaceId });
const recordOf = ({ store }: TestProvisioner, namespaceId: string) => new LimitsProvisioner({ store, namespaceId }).record();
const resourcesOf = (provisioner: TestProvisioner, namespaceId: string) => adminOf(provisioner, namespaceId).limits.resources().toArray();

/** Refuses writes to the limits of some resources, until it is told otherwise. */
function refusing(partition: RegExp): { readonly wrap: (memory: MemoryStore) => Store; refuse: boolean } {
  const plan = {
    refuse: true,
    wrap: (memory: MemoryStore): Store => Object.assign(Object.create(memory) as MemoryStore, {
      transact: async (writes: readonly ItemWrite[]) => {
        if (plan.refuse && writes.some((write) => 'update' in write && partition.test(write.update.key.pk))) throw new LimiterUnavailableError('refused', false);
        return memory.transact(writes);
      },
    }),
  };
  return plan;
}

describe('limits of a stack', () => {
  test('F-47: are created from text as the command line creates them from numbers', async () => {
    const provisioner = await testProvisioner();
    const { request, ids } = provisioner;

    const answer = await request('Create', PROPERTIES);

    const hash = manifestHash(parseManifest(MANIFEST));
    expect(answer).toEqual({
      status: 'SUCCESS', physicalResourceId: `some-table/${ids.default}/limits-provisioner`,
      data: { NamespaceId: ids.default, ManifestHash: hash, Created: '4', Updated: '0', Deleted: '0', Unchanged: '0' },
    });
    expect(await adminOf(provisioner, ids.default).limits.get()).toEqual({ limits: [Limit.perMinute('rpm', 1000)], onUnavailable: 'block' });
    expect(await recordOf(provisioner, ids.default)).toMatchObject({ owner: OWNER, appliedHash: hash });
  });

  test('F-11: are updated where they differ', async () => {
    const provisioner = await testProvisioner();
    const { request, ids } = provisioner;
    const { physicalResourceId } = await request('Create', PROPERTIES);

    const answer = await request('Update', { ...PROPERTIES, Resources: { 'gpt-4': rpm(501), 'new': rpm(1) } }, { PhysicalResourceId: physicalResourceId });

    expect(answer).toMatchObject({ status: 'SUCCESS', physicalResourceId, data: { Created: '1', Updated: '1', Deleted: '1', Unchanged: '2' } });
    expect(await resourcesOf(provisioner, ids.default)).toEqual(['gpt-4', 'new']);
  });

  test('go with it, and nothing else does', async () => {
    const provisioner = await testProvisioner();
    const { request, ids } = provisioner;
    await adminOf(provisioner, ids.default).limits.set([Limit.perMinute('rpm', 1)], { resource: 'by-hand' });
    await request('Create', PROPERTIES);

    const answer = await request('Delete', PROPERTIES);

    expect(answer).toEqual({ status: 'SUCCESS', physicalResourceId: `some-table/${ids.default}/limits-provisioner` });
    expect(await resourcesOf(provisioner, ids.default)).toEqual(['by-hand']);
    expect((await recordOf(provisioner, ids.default)).managed).toEqual({ system: false, resources: [], entities: {} });
    expect(await request('Create', PROPERTIES, { StackId: 'the same stack, deployed anew' })).toMatchObject({ status: 'SUCCESS' });
  });

  test('move to another namespace: first they are created there, then the old ones are deleted', async () => {
    const provisioner = await testProvisioner();
    const { request, ids } = provisioner;
    const { physicalResourceId: old } = await request('Create', PROPERTIES);

    const updated = await request('Update', { ...PROPERTIES, Namespace: 'other' }, { OldResourceProperties: PROPERTIES });
    expect(updated).toMatchObject({ status: 'SUCCESS', physicalResourceId: `some-table/${ids.other}/limits-provisioner`, data: { Created: '4' } });
    expect(await resourcesOf(provisioner, ids.default)).toEqual(['claude', 'gpt-4']);

    expect(await request('Delete', PROPERTIES, { PhysicalResourceId: old })).toEqual({ status: 'SUCCESS', physicalResourceId: old });
    expect(await resourcesOf(provisioner, ids.default)).toEqual([]);
    expect(await resourcesOf(provisioner, ids.other)).toEqual(['claude', 'gpt-4']);
  });

  test('F-24, F-18: leave the audit retention alone when they come, change and go', async () => {
    const provisioner = await testProvisioner();
    const { request, ids, store, clock } = provisioner;
    await new Registry(store, clock).setAuditRetention(ids.default, 30);
    const retention = async () => (await store.get({ pk: `${ids.default}/SYSTEM#`, sk: '#CONFIG' }))?.audit_retention_days;

    await request('Create', PROPERTIES);
    expect(await retention()).toEqual({ N: '30' });
    await request('Update', { ...PROPERTIES, System: { ...rpm(5) } });
    expect(await retention()).toEqual({ N: '30' });
    await request('Delete', PROPERTIES);
    expect(await retention()).toEqual({ N: '30' });

    const events = await adminOf(provisioner, ids.default).audit.list({ system: true }).toArray();
    expect(events.map(({ action, principal }) => `${action} ${principal}`).sort()).toEqual([
      `limits_deleted provisioner:${OWNER}`, `limits_set provisioner:${OWNER}`, `limits_set provisioner:${OWNER}`, 'namespace_created undefined',
    ]);
  });

  test('F-14: are answered in less than 4096 bytes when there are 5000 of them', async () => {
    const { request } = await testProvisioner();
    const entities = (capacity: number) => Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`entity-${at}`, { Resources: { 'gpt-4': rpm(capacity) } }]));
    const created = await request('Create', { Entities: entities(5) });
    const updated = await request('Update', { Entities: entities(6) });

    expect(created).toMatchObject({ status: 'SUCCESS', data: { Created: '5000' } });
    expect(updated).toMatchObject({ status: 'SUCCESS', data: { Updated: '5000' } });
    expect(Buffer.byteLength(answerBody(limitsEvent('Create', {}), created))).toBeLessThan(1000);
  });
});

describe('F-15: changes that fail', () => {
  test('fail the resource, which says the first five of them', async () => {
    const provisioner = await testProvisioner(refusing(/RESOURCE#r\d/).wrap);
    const resources = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`r${at}`, rpm(1)]));

    const answer = await provisioner.request('Create', { Resources: { ...resources, ok: rpm(1) } });

    const listed = [0, 1, 2, 3, 4].map((at) => `create resource r${at}: refused`).join('; ');
    expect(answer).toEqual({
      status: 'FAILED', physicalResourceId: 'create-failed/request-1', reason: `8 of 9 changes failed: ${listed}; and 3 more`,
    });
    expect(await recordOf(provisioner, provisioner.ids.default)).toMatchObject({ managed: { resources: ['ok'] }, appliedHash: undefined });
  });

  test('F-14: fail it in less than 4096 bytes, however many they are', async () => {
    const { request } = await testProvisioner(refusing(/ENTITY#/).wrap);
    const Entities = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`entity-${'x'.repeat(200)}${at}`, { Resources: { r: rpm(1) } }]).slice(0, 1500));

    const answer = await request('Create', { Entities });

    expect(answer.status).toBe('FAILED');
    expect(Buffer.byteLength(answerBody(limitsEvent('Create', {}), answer))).toBeLessThan(4096);
  });

  test('F-13: of a creation are not undone by its rollback, and the next creation makes up for them', async () => {
    const plan = refusing(/RESOURCE#claude/);
    const provisioner = await testProvisioner(plan.wrap);
    const { request, ids } = provisioner;
    const failed = await request('Create', PROPERTIES);
    expect(failed).toMatchObject({ status: 'FAILED', physicalResourceId: 'create-failed/request-1' });

    const rollback = await request('Delete', PROPERTIES, { PhysicalResourceId: failed.physicalResourceId });

    expect(rollback).toEqual({ status: 'SUCCESS', physicalResourceId: 'create-failed/request-1' });
    expect(await resourcesOf(provisioner, ids.default)).toEqual(['gpt-4']);
    plan.refuse = false;
    const again = await request('Create', PROPERTIES, { StackId: 'another stack, since the first one was deleted' });
    expect(again).toMatchObject({ status: 'SUCCESS', data: { Created: '1', Unchanged: '3' } });
  });

  test('F-13: of a creation that died amid its work leave limits that the next creation takes over', async () => {
    let writes = 0;
    const provisioner = await testProvisioner((memory) => Object.assign(Object.create(memory) as MemoryStore, {
      update: async (update: ItemUpdate) => {
        if (update.key.sk === '#PROVISIONER' && ++writes === 2) throw new LimiterUnavailableError('no answer', true);
        return memory.update(update);
      },
    }));
    const { request, ids } = provisioner;
    const failed = await request('Create', PROPERTIES);
    expect(failed).toMatchObject({ status: 'FAILED', reason: 'no answer' });
    expect(await recordOf(provisioner, ids.default)).toMatchObject({ owner: OWNER });

    await request('Delete', PROPERTIES, { PhysicalResourceId: failed.physicalResourceId });

    expect(await recordOf(provisioner, ids.default)).toMatchObject({ owner: undefined, managed: { resources: ['claude', 'gpt-4'] } });
    expect(await request('Create', PROPERTIES, { StackId: 'next-stack' })).toMatchObject({ status: 'SUCCESS', data: { Unchanged: '4' } });
  });

  test('of an update keep the physical id, and the update back restores what was', async () => {
    const plan = refusing(/RESOURCE#new/);
    const provisioner = await testProvisioner(plan.wrap);
    const { request, ids } = provisioner;
    const { physicalResourceId } = await request('Create', PROPERTIES);

    const failed = await request('Update', { ...PROPERTIES, Resources: { new: rpm(1) } });
    expect(failed).toMatchObject({ status: 'FAILED', physicalResourceId, reason: '1 of 3 changes failed: create resource new: refused' });
    expect(await recordOf(provisioner, ids.default)).toMatchObject({ owner: OWNER, appliedHash: manifestHash(parseManifest(MANIFEST)) });

    expect(await request('Update', PROPERTIES)).toMatchObject({ status: 'SUCCESS', data: { Created: '2', Unchanged: '2' } });
  });

  test('of a deletion fail it', async () => {
    const { request } = await testProvisioner((memory) => Object.assign(Object.create(memory) as MemoryStore, {
      transact: async (writes: readonly ItemWrite[]) => {
        if (writes.some((write) => 'delete' in write)) throw new LimiterUnavailableError('refused', false);
        return memory.transact(writes);
      },
    }));
    await request('Create', { Resources: { 'gpt-4': rpm(1) } });

    expect(await request('Delete')).toMatchObject({ status: 'FAILED', reason: '1 of 1 changes failed: delete resource gpt-4: refused' });
  });

  test('for want of time are reported and recorded', async () => {
    const { store, clock, ids } = await testProvisioner();

    const answer = await customResource(limitsEvent('Create', PROPERTIES), { ...toolsOf(store, clock), signal: AbortSignal.abort() });

    expect(answer).toMatchObject({ status: 'FAILED', reason: expect.stringMatching(/^4 of 4 changes failed: create system: there was no time left; /) });
    expect(await new LimitsProvisioner({ store, namespaceId: ids.default }).record()).toMatchObject({ managed: { resources: [] }, owner: undefined });
  });
});

describe('F-41: limits that somebody else manages', () => {
  test.each<[string, (provisioner: TestProvisioner) => Promise<unknown>, string]>([
    ['another stack', ({ request }) => request('Create', PROPERTIES, { StackId: 'other-stack' }), 'other-stack|Limits'],
    ['another resource of the stack', ({ request }) => request('Create', PROPERTIES, { LogicalResourceId: 'MoreLimits' }), `${STACK}|MoreLimits`],
    ['the command line', ({ command }) => command({ action: 'apply', manifest: MANIFEST }), 'cli'],
  ])('by %s are refused, unless they are to be adopted', async (_, manage, owner) => {
    const provisioner = await testProvisioner();
    const { request, ids } = provisioner;
    await manage(provisioner);

    const refused = await request('Create', { Resources: { mine: rpm(1) } });
    expect(refused).toMatchObject({ status: 'FAILED', physicalResourceId: 'create-failed/request-1', reason: expect.stringContaining(`managed by '${owner}'`) });
    expect(await recordOf(provisioner, ids.default)).toMatchObject({ owner });

    const adopted = await request('Create', { Resources: { mine: rpm(1) }, AdoptExisting: 'true' });
    expect(adopted).toMatchObject({ status: 'SUCCESS', data: { Created: '1', Deleted: '4' } });
    expect(await recordOf(provisioner, ids.default)).toMatchObject({ owner: OWNER, managed: { resources: ['mine'] } });
  });

  test('stay when who managed them before is deleted, and the command line leaves them alone', async () => {
    const provisioner = await testProvisioner();
    const { request, command, ids } = provisioner;
    await request('Create', PROPERTIES, { StackId: 'old-stack' });
    await request('Create', { ...PROPERTIES, AdoptExisting: true });

    expect(await request('Delete', PROPERTIES, { StackId: 'old-stack' })).toMatchObject({ status: 'SUCCESS' });
    await expect(command({ action: 'apply', manifest: { namespace: 'default' } })).rejects.toMatchObject({ code: 'LIMITS_OWNED', owner: OWNER });

    expect(await resourcesOf(provisioner, ids.default)).toEqual(['claude', 'gpt-4']);
  });
});

describe('a deletion', () => {
  test.each<[string, object, object]>([
    ['RetainOnDelete', { RetainOnDelete: 'true' }, {}],
    ['a namespace that nobody registered', { Namespace: 'unknown' }, {}],
    ['a name that no namespace can have', { Namespace: 'a#b' }, {}],
    ['a name that is no text', { Namespace: { Ref: 'x' } }, {}],
    ['another namespace than it was created in', { Namespace: 'other' }, {}],
    ['another table', {}, { PhysicalResourceId: 'other-table/ns/limits-provisioner' }],
    ['F-13: a creation that failed', { Namespace: 7, System: 'x' }, { PhysicalResourceId: 'create-failed/request-0' }],
    ['F-13: a creation that failed in the Python library', {}, { PhysicalResourceId: 'failed' }],
  ])('with %s succeeds and touches nothing', async (_, properties, differences) => {
    const provisioner = await testProvisioner();
    const { request, ids } = provisioner;
    await request('Create', PROPERTIES);

    const answer = await request('Delete', { ...PROPERTIES, ...properties }, differences);

    expect(answer.status).toBe('SUCCESS');
    expect(await resourcesOf(provisioner, ids.default)).toEqual(['claude', 'gpt-4']);
  });

  test('with RetainOnDelete leaves limits that the next stack takes over', async () => {
    const provisioner = await testProvisioner();
    const { request, ids } = provisioner;
    await request('Create', PROPERTIES);
    await request('Delete', { ...PROPERTIES, RetainOnDelete: 'true' });

    expect(await request('Create', PROPERTIES, { StackId: 'next-stack' })).toMatchObject({ status: 'SUCCESS', data: { Unchanged: '4' } });
    expect(await recordOf(provisioner, ids.default)).toMatchObject({ owner: 'next-stack|Limits' });
  });

  test('of a creation that failed takes nothing from who manages the limits', async () => {
    const provisioner = await testProvisioner();
    const { request, ids } = provisioner;
    await request('Create', PROPERTIES, { StackId: 'other-stack' });
    const refused = await request('Create', PROPERTIES);

    await request('Delete', PROPERTIES, { PhysicalResourceId: refused.physicalResourceId });

    expect(await recordOf(provisioner, ids.default)).toMatchObject({ owner: 'other-stack|Limits' });
  });

  test('in a namespace that was deleted succeeds, also when its name was registered anew', async () => {
    const provisioner = await testProvisioner();
    const { request, ids, store } = provisioner;
    await request('Create', PROPERTIES);
    const namespaces = new NamespacesAdmin({ store });
    await namespaces.delete('default');

    expect(await request('Delete', PROPERTIES)).toMatchObject({ status: 'SUCCESS' });
    const anew = await namespaces.register('default');
    await adminOf(provisioner, anew).limits.set([Limit.perMinute('rpm', 1)], { resource: 'anew' });
    expect(await request('Delete', PROPERTIES)).toMatchObject({ status: 'SUCCESS' });

    expect(await resourcesOf(provisioner, ids.default)).toEqual(['claude', 'gpt-4']);
    expect(await resourcesOf(provisioner, anew)).toEqual(['anew']);
  });

  test('fails when the table does not answer', async () => {
    let down = false;
    const { request } = await testProvisioner((memory) => Object.assign(Object.create(memory) as MemoryStore, {
      get: async (key: Parameters<MemoryStore['get']>[0]) => {
        if (down) throw new LimiterUnavailableError('no answer', true);
        return memory.get(key);
      },
    }));
    await request('Create', PROPERTIES);
    down = true;

    expect(await request('Delete', PROPERTIES)).toMatchObject({ status: 'FAILED', reason: 'no answer' });
  });
});

describe('properties that are wrong', () => {
  test.each<[string, object, string]>([
    ['another table', { TableName: 'other-table' }, 'TABLE_MISMATCH: this function serves table \'some-table\', not "other-table"'],
    ['F-20: a namespace that nobody registered', { Namespace: 'unknown' }, "namespace 'unknown' is not registered"],
    ['F-20: an id that is not that of the namespace', { NamespaceId: 'a7x3' }, "NAMESPACE_MISMATCH: namespace 'default' has the id"],
    ['F-20: an id of a namespace that nobody registered', { Namespace: 'unknown', NamespaceId: 'a7x3' }, "namespace 'unknown' is not registered"],
    ['an empty id', { NamespaceId: '' }, 'INVALID_REQUEST: NamespaceId must be text'],
    ['a flag that is neither', { AdoptExisting: 'yes' }, 'INVALID_REQUEST: AdoptExisting must be true or false'],
    ['another flag that is neither', { RetainOnDelete: 'no' }, 'INVALID_REQUEST: RetainOnDelete must be true or false'],
    ['an empty namespace', { Namespace: '' }, 'the limits manifest is not valid: namespace REQUIRED'],
    ['F-20: mistakes in the manifest', { System: { limits: {} }, Resources: { r: { Limits: { rpm: { Capacity: 'lots' } } } } },
      'not valid: System.limits UNKNOWN_KEY, system EMPTY_SECTION, resources.r.limits.rpm.capacity NOT_AN_INTEGER'],
    ['a place of the manifest that is no place', { ManifestLocation: 's3://bucket/key' }, 'INVALID_REQUEST: ManifestLocation must have Bucket, Key and Sha256'],
    ['a place of the manifest that is null', { ManifestLocation: null }, 'INVALID_REQUEST: ManifestLocation must have Bucket, Key and Sha256'],
    ['a place of the manifest without its hash', { ManifestLocation: { Bucket: 'b', Key: 'k' } }, 'INVALID_REQUEST: ManifestLocation must have Bucket, Key and Sha256'],
    ['a manifest at two places', { Resources: { r: rpm(1) }, ManifestLocation: { Bucket: 'b', Key: 'k', Sha256: 'x' } }, 'INVALID_REQUEST: ManifestLocation stands instead of'],
  ])('%s: nothing is changed', async (_, properties, reason) => {
    const { request, store } = await testProvisioner();
    const transact = jest.spyOn(store, 'transact');
    const update = jest.spyOn(store, 'update');

    const answers = [await request('Create', properties), await request('Update', properties)];

    expect(answers).toEqual(Array(2).fill({ status: 'FAILED', physicalResourceId: expect.any(String), reason: expect.stringContaining(reason) }));
    expect(transact).not.toHaveBeenCalled();
    expect(update).not.toHaveBeenCalled();
  });

  test.each(['deleted', 'purging'])('F-20: a namespace whose record says that it is %s is refused', async (status) => {
    const { request, store } = await testProvisioner();
    await store.update({ key: { pk: '_/SYSTEM#', sk: '#NAMESPACE#default' }, changes: new Map([['status', { set: { S: status } }]]), conditions: [] });

    expect(await request('Create', PROPERTIES)).toMatchObject({ status: 'FAILED', reason: `namespace 'default' is ${status}` });
    expect(await request('Delete', PROPERTIES)).toMatchObject({ status: 'SUCCESS' });
  });

  test('an id that is right is taken', async () => {
    const { request, ids } = await testProvisioner();

    expect(await request('Create', { ...PROPERTIES, NamespaceId: ids.default })).toMatchObject({ status: 'SUCCESS' });
  });
});

describe('F-48: a manifest in S3', () => {
  const file = JSON.stringify(MANIFEST);
  const sha256 = (text: string): string => createHash('sha256').update(text, 'latin1').digest('hex');
  const located = (Sha256: string, more: object = {}) => ({ ManifestLocation: { Bucket: 'assets', Key: 'limits.json', Sha256 }, ...more });

  test('is applied, however large', async () => {
    const { request, files } = await testProvisioner();
    files.set('assets/limits.json', file);

    const answer = await request('Create', located(sha256(file).toUpperCase()));

    expect(answer).toMatchObject({ status: 'SUCCESS', data: { Created: '4', ManifestHash: manifestHash(parseManifest(MANIFEST)) } });
  });

  test('is not needed to delete what it declared', async () => {
    const provisioner = await testProvisioner();
    provisioner.files.set('assets/limits.json', file);
    await provisioner.request('Create', located(sha256(file)));
    provisioner.files.clear();

    expect(await provisioner.request('Delete', located(sha256(file)))).toMatchObject({ status: 'SUCCESS' });
    expect(await resourcesOf(provisioner, provisioner.ids.default)).toEqual([]);
  });

  test.each<[string, string | undefined, object, string]>([
    ['cannot be read', undefined, located(sha256(file)), 'MANIFEST_UNREADABLE: cannot read s3://assets/limits.json: AccessDenied: Access Denied'],
    ['is another one', `${file} `, located(sha256(file)), `MANIFEST_CHANGED: s3://assets/limits.json has the SHA-256 ${sha256(`${file} `)}, not ${sha256(file)}`],
    ['is no JSON', 'namespace: default', located(sha256('namespace: default')), 'MANIFEST_UNREADABLE: cannot read s3://assets/limits.json: SyntaxError'],
    ['is no text', '"\xff"', located(sha256('"\xff"')), 'MANIFEST_UNREADABLE: cannot read s3://assets/limits.json: TypeError'],
    ['has mistakes', '{}', located(sha256('{}')), 'the limits manifest is not valid: namespace REQUIRED'],
    ['is for another namespace', file, located(sha256(file), { Namespace: 'other' }), "NAMESPACE_MISMATCH: the manifest is for namespace 'default', the resource for 'other'"],
  ])('that %s fails the resource', async (_, content, properties, reason) => {
    const { request, files } = await testProvisioner();
    if (content !== undefined) files.set('assets/limits.json', content);

    expect(await request('Create', properties)).toMatchObject({ status: 'FAILED', reason: expect.stringContaining(reason) });
  });
});

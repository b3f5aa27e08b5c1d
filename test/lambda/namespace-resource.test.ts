import { LimiterUnavailableError, NamespacesAdmin, type MemoryStore } from '@zae-limiter/client';
import { OWNER, testProvisioner, type TestProvisioner } from './support/provisioner';

const TYPE = { ResourceType: 'Custom::ZaeLimiterNamespace' };

const create = ({ request }: TestProvisioner, properties: object) => request('Create', properties, TYPE);
const remove = ({ request }: TestProvisioner, properties: object, PhysicalResourceId = 'some-table/namespace/tenant-1') =>
  request('Delete', properties, { ...TYPE, PhysicalResourceId });
const auditRetention = async ({ store }: TestProvisioner, id: string) => (await store.get({ pk: `${id}/SYSTEM#`, sk: '#CONFIG' }))?.audit_retention_days;

describe('the namespace of a stack', () => {
  test('is registered, and its id is an attribute', async () => {
    const provisioner = await testProvisioner();

    const answer = await create(provisioner, { Namespace: 'tenant-1' });

    const namespace = await new NamespacesAdmin(provisioner).get('tenant-1');
    expect(answer).toEqual({ status: 'SUCCESS', physicalResourceId: 'some-table/namespace/tenant-1', data: { NamespaceId: namespace!.id } });
    expect(await auditRetention(provisioner, namespace!.id)).toBeUndefined();
  });

  test('is found when it is registered already', async () => {
    const provisioner = await testProvisioner();

    expect(await create(provisioner, { Namespace: 'default' })).toMatchObject({ data: { NamespaceId: provisioner.ids.default } });
    expect(await provisioner.request('Update', { Namespace: 'default' }, TYPE)).toMatchObject({ status: 'SUCCESS', data: { NamespaceId: provisioner.ids.default } });
  });

  test('F-24: gets its audit retention under its own id', async () => {
    const provisioner = await testProvisioner();

    await create(provisioner, { Namespace: 'default', AuditRetentionDays: '30' });

    expect(await auditRetention(provisioner, provisioner.ids.default)).toEqual({ N: '30' });
  });

  test.each([undefined, 'RETAIN'])('stays when the resource is deleted with Removal=%s', async (Removal) => {
    const provisioner = await testProvisioner();
    await create(provisioner, { Namespace: 'tenant-1', Removal });

    expect(await remove(provisioner, { Namespace: 'tenant-1', Removal })).toEqual({ status: 'SUCCESS', physicalResourceId: 'some-table/namespace/tenant-1' });

    expect(await new NamespacesAdmin(provisioner).get('tenant-1')).toMatchObject({ status: 'active' });
  });

  test('can be recovered when the resource is deleted with Removal=SOFT_DELETE', async () => {
    const provisioner = await testProvisioner();
    const properties = { Namespace: 'tenant-1', Removal: 'SOFT_DELETE' };
    const { data } = await create(provisioner, properties);

    expect(await remove(provisioner, properties)).toMatchObject({ status: 'SUCCESS' });

    const namespaces = new NamespacesAdmin(provisioner);
    expect(await namespaces.get('tenant-1')).toBeUndefined();
    expect(await namespaces.recover(data!.NamespaceId!)).toMatchObject({ name: 'tenant-1' });
    const audit: { principal?: string }[] = [];
    for await (const item of provisioner.store.query({ partition: `${data!.NamespaceId}/AUDIT#$SYSTEM` })) {
      audit.push({ principal: (item.principal as { S?: string }).S });
    }
    expect(audit.slice(0, 2)).toContainEqual({ principal: `provisioner:${OWNER}` });
  });

  test('becomes another resource with another name', async () => {
    const provisioner = await testProvisioner();
    const { physicalResourceId } = await create(provisioner, { Namespace: 'tenant-1' });

    const updated = await provisioner.request('Update', { Namespace: 'tenant-2' }, { ...TYPE, PhysicalResourceId: physicalResourceId });

    expect(updated).toMatchObject({ status: 'SUCCESS', physicalResourceId: 'some-table/namespace/tenant-2' });
  });

  test.each<[string, object, string | undefined]>([
    ['nobody registered', { Namespace: 'tenant-1' }, undefined],
    ['cannot be', { Namespace: 'a#b' }, 'some-table/namespace/a#b'],
    ['is of another resource', { Namespace: 'default' }, undefined],
    ['is in another table', { Namespace: 'default' }, 'other-table/namespace/default'],
    ['could not be created', { Namespace: 'default' }, 'create-failed/request-0'],
  ])('is gone already when it is deleted and %s', async (_, properties, physicalId) => {
    const provisioner = await testProvisioner();

    expect(await remove(provisioner, { ...properties, Removal: 'SOFT_DELETE' }, physicalId)).toMatchObject({ status: 'SUCCESS' });

    expect(await new NamespacesAdmin(provisioner).get('default')).toMatchObject({ status: 'active' });
  });

  test('is gone already when it is being purged', async () => {
    const provisioner = await testProvisioner();
    await provisioner.store.update({ key: { pk: '_/SYSTEM#', sk: '#NAMESPACE#default' }, changes: new Map([['status', { set: { S: 'purging' } }]]), conditions: [] });

    expect(await remove(provisioner, { Namespace: 'default', Removal: 'SOFT_DELETE' }, 'some-table/namespace/default')).toMatchObject({ status: 'SUCCESS' });
    expect(await create(provisioner, { Namespace: 'default' })).toMatchObject({ status: 'FAILED', reason: "namespace 'default' is purging" });
  });

  test('is not deleted when the table does not answer', async () => {
    const provisioner = await testProvisioner((memory) => Object.assign(Object.create(memory) as MemoryStore, {
      transact: async () => { throw new LimiterUnavailableError('no answer', true); },
    }));

    expect(await remove(provisioner, { Namespace: 'default', Removal: 'SOFT_DELETE' }, 'some-table/namespace/default')).toMatchObject({ status: 'FAILED', reason: 'no answer' });
  });

  test.each<[string, object, string]>([
    ['another table', { TableName: 'other-table', Namespace: 'new' }, 'TABLE_MISMATCH'],
    ['no name', {}, 'namespace must be a string'],
    ['a reserved name', { Namespace: '_' }, 'namespace is reserved'],
    ['an unknown removal', { Namespace: 'new', Removal: 'DESTROY' }, 'INVALID_REQUEST: Removal must be RETAIN or SOFT_DELETE'],
    ['no days', { Namespace: 'new', AuditRetentionDays: '0' }, 'AuditRetentionDays must be a whole number of days'],
  ])('is not registered with %s', async (_, properties, reason) => {
    const provisioner = await testProvisioner();
    const transact = jest.spyOn(provisioner.store, 'transact');

    const answer = await create(provisioner, properties);

    expect(answer).toMatchObject({ status: 'FAILED', physicalResourceId: 'create-failed/request-1', reason: expect.stringContaining(reason) });
    expect(transact).not.toHaveBeenCalled();
  });
});

import { RateLimiter, systemClock } from '@zae-limiter/client';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { type Grant, type IGrantable, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { carryOutCommand } from '../lambda-src/provisioner/command';
import { customResource } from '../lambda-src/provisioner/custom-resource';
import operations from '../spec/operations.json';
import policies from '../spec/vectors/iam_policies.json';
import { ZaeLimiter, type ZaeLimiterProps } from '../src';
import { cfnEvent } from './lambda/support/cloudformation';
import { newTable } from './lambda/support/new-table';
import { toolsOf } from './lambda/support/provisioner';
import { recordCalls } from './support/calls';
import { ACCOUNT, inlinePolicies, isAllowed, managedPolicy, TABLE_ARN, type Statement } from './support/policies';
import { PATIENCE_MS } from './support/table';

/** What the app of a user switches on with `cdk init`: statements that look alike become one. */
const MINIMIZE = { '@aws-cdk/aws-iam:minimizePolicies': true };

type Access = 'acquireOnly' | 'fullAccess' | 'readOnly';

function limiterApp({ context, props }: { context?: Record<string, unknown>; props?: ZaeLimiterProps } = {}) {
  const stack = new Stack(new App({ context }), 'app', { env: { account: ACCOUNT, region: 'us-east-1' } });
  const limiter = new ZaeLimiter(stack, 'Limiter', { limiterName: 'prod', ...props });
  const grantee = (id: string): Role => new Role(stack, id, { roleName: id, assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  return { stack, limiter, grantee };
}

function expectedStatements(name: string): Statement[] {
  const { expected } = policies.find((policy) => policy.name === name)!;
  return expected.Statement as Statement[];
}

const withoutSid = ({ Sid, ...statement }: Statement): Statement => statement;

const GRANTS: readonly (readonly [Access, string, string, (limiter: ZaeLimiter, grantee: IGrantable) => Grant])[] = [
  ['acquireOnly', 'AcquireOnly', 'prod-acq', (limiter, grantee) => limiter.grantAcquire(grantee)],
  ['fullAccess', 'FullAccess', 'prod-full', (limiter, grantee) => limiter.grantFullAccess(grantee)],
  ['readOnly', 'ReadOnly', 'prod-read', (limiter, grantee) => limiter.grantReadOnly(grantee)],
];

describe('policy documents', () => {
  test.each(GRANTS)('F-01: %s is the document of the contract as a managed policy and, but for the ids, as a grant', (_, vector, policyName, grant) => {
    const { stack, limiter, grantee } = limiterApp();
    grant(limiter, grantee('worker'));

    const template = Template.fromStack(stack);

    const expected = expectedStatements(vector);
    expect(managedPolicy(template, policyName)).toEqual(expected);
    expect(inlinePolicies(template, 'worker')).toEqual(expected.map(withoutSid));
  });

  test('F-46: the aggregator may do what the contract says of usage, but creates no shards', () => {
    const { stack } = limiterApp();

    const statements = inlinePolicies(Template.fromStack(stack), 'prod-aggr').filter(({ Resource }) => Resource.includes(TABLE_ARN));

    const [usage, shards] = expectedStatements('AggregatorRole (table statements)');
    expect([usage!.Sid, shards!.Sid]).toEqual(['WriteSnapshotsAndBuckets', 'CreateShards']);
    expect(statements).toEqual([usage]);
  });

  test('F-46: the provisioner may do to the table what the contract says', () => {
    const { stack } = limiterApp();

    const statements = inlinePolicies(Template.fromStack(stack), 'prod-prov').filter(({ Resource }) => Resource.includes(TABLE_ARN));

    expect(statements).toEqual(expectedStatements('ProvisionerRole (table statements)'));
  });

  test('full access leaves the provisioner out when there is none', () => {
    const { stack, limiter, grantee } = limiterApp({ props: { provisioner: { enabled: false } } });
    limiter.grantFullAccess(grantee('worker'));

    const template = Template.fromStack(stack);

    const expected = expectedStatements('FullAccess').filter(({ Sid }) => Sid !== 'InvokeProvisioner');
    expect(managedPolicy(template, 'prod-full')).toEqual(expected);
    expect(inlinePolicies(template, 'worker')).toEqual(expected.map(withoutSid));
  });

  test('F-01: no policy names an action that DynamoDB does not have', () => {
    const { stack } = limiterApp();

    const text = JSON.stringify(Template.fromStack(stack).toJSON());

    expect(text).not.toContain('TransactWriteItems');
    expect(text).not.toContain('TransactGetItems');
  });
});

describe('grants', () => {
  test.each(GRANTS)('%s reports everything that was granted', (_, vector, __, grant) => {
    const { limiter, grantee } = limiterApp();

    const result = grant(limiter, grantee('worker'));

    expect(result.success).toBe(true);
    expect(result.principalStatements).toHaveLength(expectedStatements(vector).length);
  });

  test.each(GRANTS)('%s reports a grantee that cannot have a policy', (_, __, ___, grant) => {
    const { limiter } = limiterApp();

    const result = grant(limiter, new ServicePrincipal('ec2.amazonaws.com'));

    expect(result.success).toBe(false);
    expect(() => result.assertSuccess()).toThrow(/could not be added/i);
  });
});

describe('simulated calls', () => {
  function policySets(): Record<'managed policy' | 'grant' | 'minimized grant', Record<Access, Statement[]>> {
    const granted = (context?: Record<string, unknown>): Record<Access, Statement[]> => {
      const { stack, limiter, grantee } = limiterApp({ context });
      GRANTS.forEach(([access, , , grant]) => grant(limiter, grantee(access)));
      const template = Template.fromStack(stack);
      return Object.fromEntries(GRANTS.map(([access]) => [access, inlinePolicies(template, access)])) as Record<Access, Statement[]>;
    };
    const template = Template.fromStack(limiterApp().stack);
    const managed = Object.fromEntries(GRANTS.map(([access, , name]) => [access, managedPolicy(template, name)])) as Record<Access, Statement[]>;
    return { 'managed policy': managed, 'grant': granted(), 'minimized grant': granted(MINIMIZE) };
  }

  describe.each(Object.entries(policySets()))('with a %s', (_, statements) => {
    test.each(operations)('$operation ($action on $resource) is allowed to whom it should be', async (operation) => {
      const allowed = {
        acquireOnly: await isAllowed(statements.acquireOnly, operation),
        fullAccess: await isAllowed(statements.fullAccess, operation),
        readOnly: await isAllowed(statements.readOnly, operation),
      };

      expect(operation.allowed).toMatchObject(allowed);
    });
  });
});

describe('the provisioner', () => {
  const limits = (capacity: string) => ({ Limits: { rpm: { Capacity: capacity } } });
  const request = (type: 'Create' | 'Update' | 'Delete', ResourceType: string, ResourceProperties: object, PhysicalResourceId?: string) =>
    cfnEvent(type, { ResourceType, ResourceProperties, PhysicalResourceId });

  test('F-46: its role allows every call that it makes', async () => {
    const { client, store } = await newTable();
    const tools = toolsOf(store, systemClock);
    const ids: string[] = [];
    const send = async (...args: Parameters<typeof request>): Promise<string> => {
      const { status, reason, physicalResourceId, data } = await customResource(request(...args), tools);
      expect({ status, reason }).toEqual({ status: 'SUCCESS', reason: undefined });
      ids.push(data?.NamespaceId ?? 'none');
      return physicalResourceId;
    };
    const entities = (capacity: string) => ({ 'user-1': { Resources: { 'gpt-4': limits(capacity), '_default_': limits(capacity) } } });

    const calls = await recordCalls(client, ids, async () => {
      await send('Create', 'Custom::ZaeLimiterBootstrap', { SchemaVersion: '0.10.0', LibraryVersion: '1.2.3', AuditRetentionDays: '90', Namespaces: ['default'] });
      const namespace = { Namespace: 'tenant', Removal: 'SOFT_DELETE', AuditRetentionDays: '9' };
      const namespaceId = await send('Create', 'Custom::ZaeLimiterNamespace', namespace);
      const id = await send('Create', 'Custom::ZaeLimiterLimits', { Namespace: 'tenant', System: limits('9'), Resources: { 'gpt-4': limits('9') }, Entities: entities('9') });
      await new RateLimiter({ store, namespaceId: ids.at(-1)!, timeoutMs: PATIENCE_MS }).acquire({ entity: 'user-1', resource: 'gpt-4', consume: { rpm: 1 } });
      await send('Update', 'Custom::ZaeLimiterLimits', { Namespace: 'tenant', System: { OnUnavailable: 'allow' }, Entities: entities('5') }, id);
      await carryOutCommand({ action: 'describe', namespace: 'tenant' }, tools);
      await send('Delete', 'Custom::ZaeLimiterLimits', { Namespace: 'tenant' }, id);
      await send('Delete', 'Custom::ZaeLimiterNamespace', namespace, namespaceId);
    });

    const statements = inlinePolicies(Template.fromStack(limiterApp().stack), 'prod-prov');
    const distinct = [...new Map(calls.map((call) => [JSON.stringify(call), call])).values()];
    const refused: unknown[] = [];
    for (const call of distinct) if (!await isAllowed(statements, call)) refused.push(call);
    expect(distinct.map(({ action }) => action)).toEqual(expect.arrayContaining(['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem'].map((name) => `dynamodb:${name}`)));
    expect(refused).toEqual([]);
    client.destroy();
  });

  test('F-46: its role allows no calls to an index, to the whole table, or to S3', async () => {
    const statements = inlinePolicies(Template.fromStack(limiterApp().stack), 'prod-prov');
    const call = (action: string, leadingKeys: string[], resource = 'table') => isAllowed(statements, { action, leadingKeys, resource });

    expect(await Promise.all([call('dynamodb:Query', ['{ns}'], 'GSI4'), call('dynamodb:Scan', []), call('dynamodb:DeleteItem', [])])).toEqual([false, false, false]);
    expect(statements.flatMap(({ Action }) => Action).filter((action) => action.startsWith('s3:'))).toEqual([]);
  });

  test('F-48: may be allowed to read one manifest of S3', () => {
    const { stack, limiter } = limiterApp();
    Bucket.fromBucketName(stack, 'Manifests', 'manifests').grantRead(limiter.provisionerRole!, 'limits.json');

    const granted = inlinePolicies(Template.fromStack(stack), 'prod-prov').filter(({ Action }) => Action.some((action) => action.startsWith('s3:')));

    expect(granted).toHaveLength(1);
  });
});

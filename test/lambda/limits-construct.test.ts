import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Admin, Limit as ClientLimit, NamespacesAdmin, systemClock } from '@zae-limiter/client';
import { App, CfnParameter, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { parse } from 'yaml';
import { manifestHash } from '@zae-limiter/client/manifest/canonical-json';
import { parseManifest } from '@zae-limiter/client/manifest/validate';
import { customResource } from '../../lambda-src/provisioner/custom-resource';
import { Limit, OnUnavailable, OutputMode, ZaeLimiter, type LimitsOptions } from '../../src';
import { deployed, type Deployment } from '../support/deployed';
import { LIMITS, NAMESPACE, onlyOf } from '../support/limits';
import { newTable, type NewTable } from './support/new-table';
import { limitsEvent, toolsOf } from './support/provisioner';

const outdir = mkdtempSync(join(tmpdir(), 'zae-limiter-synth-'));
afterAll(() => rmSync(outdir, { recursive: true }));

let table: NewTable;
beforeAll(async () => {
  table = await newTable();
});
afterAll(() => table.client.destroy());

/** The files of the cloud assembly, as the bucket of file assets holds them. */
const assetsOf = (bucket: string): Map<string, string> => new Map(readdirSync(outdir)
  .filter((name) => name.startsWith('asset.') && name.endsWith('.json'))
  .map((name) => [`${bucket}/${name.slice('asset.'.length)}`, readFileSync(join(outdir, name), 'latin1')]));

const BUCKET = 'cdk-hnb659fds-assets-123456789012-us-east-1';

/** Sends a request to the provisioner of the table. */
const send = (type: 'Create' | 'Update' | 'Delete', ResourceType: string, ResourceProperties: object, differences: object = {}) => customResource(
  limitsEvent(type, {}, { ResourceType, ResourceProperties, ...differences }), toolsOf(table.store, systemClock, assetsOf(BUCKET)),
);

const register = async (name: string): Promise<string> => new NamespacesAdmin({ store: table.store }).register(name);
const limitsOf = (namespaceId: string) => new Admin({ store: table.store, clock: systemClock, namespaceId }).limits;

describe('a template that was written by hand', () => {
  test('is accepted, and stores exactly its limits', async () => {
    const id = await register('default');
    const { Resources } = parse(readFileSync(join(__dirname, '..', 'fixtures', 'hand-written-limits.yaml'), 'utf8'));
    const properties = deployed(Resources.Limits.Properties, { 'my-limiter-ProvisionerArn': 'arn', 'PremiumCapacity': 1000 });

    const answer = await send('Create', Resources.Limits.Type, properties);

    expect(answer).toMatchObject({ status: 'SUCCESS', data: { NamespaceId: id, Created: '3' } });
    const limits = limitsOf(id);
    expect(await limits.get()).toEqual({ limits: [ClientLimit.perMinute('requests', 1000)], onUnavailable: 'block' });
    expect(await limits.get({ resource: 'gpt-4' })).toMatchObject({
      limits: [ClientLimit.custom('tokens', { capacity: 90_000, refillAmount: 1000, refillPeriodSeconds: 1 })],
    });
    expect(await limits.get({ entity: 'user-premium', resource: 'gpt-4' })).toMatchObject({ limits: [ClientLimit.perMinute('requests', 1000)] });
  });
});

test('a template that was written by hand finds the provisioner by the name of its export', () => {
  const stack = new Stack(new App({ outdir }), 'exports');

  new ZaeLimiter(stack, 'Limiter', { limiterName: 'my-limiter', outputs: OutputMode.EXPORTS });

  const [output] = Object.values(Template.fromStack(stack).findOutputs('*', { Export: { Name: 'my-limiter-ProvisionerArn' } }));
  expect(output!.Value).toEqual({ 'Fn::GetAtt': [expect.stringContaining('ProvisionerFunction'), 'Arn'] });
});

describe('what the construct synthesises', () => {
  let synths = 0;

  /** Properties as CloudFormation sends them. */
  function synth(options: LimitsOptions | ((stack: Stack) => LimitsOptions), deployment: Deployment = {}): any {
    const stack = new Stack(new App({ outdir }), `app-${synths++}`);
    const limiter = new ZaeLimiter(stack, 'Limiter', { limiterName: table.name });
    limiter.addLimits('Limits', typeof options === 'function' ? options(stack) : options);
    const template = Template.fromStack(stack);
    const { ServiceToken, TableName, ...properties } = onlyOf(template, LIMITS).Properties;
    expect(ServiceToken).toEqual({ 'Fn::GetAtt': [expect.stringContaining('ProvisionerFunction'), 'Arn'] });
    expect(TableName).toBe(table.name);
    return deployed({ ServiceToken: 'arn', TableName: table.name, ...properties }, { 'AWS::AccountId': '123456789012', 'AWS::Region': 'us-east-1', ...deployment });
  }

  test.each([['part of the template', 1], ['a file', 500]])('stores exactly the limits when they are %s', async (_, entityCount) => {
    const namespaceName = `exact-${entityCount}`;
    const id = await register(namespaceName);
    const users = Array.from({ length: entityCount }, (__, at) => `user-${at}`);
    const perUser = <T>(rpm: T) => Object.fromEntries(users.map((user) => [user, { resources: { _default_: { limits: { rpm } } } }]));
    const manifest = {
      namespace: namespaceName,
      system: { on_unavailable: 'allow', limits: { rpm: { capacity: 150, refill_amount: 100, refill_period: 3600 } } },
      resources: { 'gpt-4': { limits: { 'tpm.v1-x_y': { capacity: 999_999_999_999 } } } },
      entities: perUser({ capacity: 7, refill_period: 30 }),
    };

    const properties = synth({
      namespaceName,
      system: { onUnavailable: OnUnavailable.ALLOW, limits: { rpm: Limit.perHour(100, { burst: 150 }) } },
      resources: { 'gpt-4': { limits: { 'tpm.v1-x_y': Limit.perMinute(999_999_999_999) } } },
      entities: perUser(Limit.custom(7, 7, Duration.seconds(30))),
    });
    const answer = await send('Create', LIMITS, properties);

    expect('ManifestLocation' in properties).toBe(entityCount > 1);
    expect(answer).toMatchObject({
      status: 'SUCCESS', data: { NamespaceId: id, ManifestHash: manifestHash(parseManifest(manifest)), Created: String(entityCount + 2) },
    });
    const limits = limitsOf(id);
    expect(await limits.get()).toEqual({ limits: [ClientLimit.perHour('rpm', 100, { burst: 150 })], onUnavailable: 'allow' });
    expect(await limits.get({ resource: 'gpt-4' })).toMatchObject({ limits: [ClientLimit.perMinute('tpm.v1-x_y', 999_999_999_999)] });
    expect(await limits.get({ entity: users.at(-1)! })).toMatchObject({
      limits: [ClientLimit.custom('rpm', { capacity: 7, refillAmount: 7, refillPeriodSeconds: 30 })],
    });
    expect(await send('Update', LIMITS, properties, { PhysicalResourceId: answer.physicalResourceId }))
      .toMatchObject({ data: { Created: '0', Updated: '0', Deleted: '0', Unchanged: String(entityCount + 2) } });
  });

  test('stores the value of a parameter', async () => {
    const id = await register('parameter');

    const properties = synth((stack) => {
      const { valueAsNumber } = new CfnParameter(stack, 'Capacity', { type: 'Number' });
      return { namespaceName: 'parameter', system: { limits: { rpm: Limit.custom(valueAsNumber, 1, Duration.seconds(valueAsNumber)) } } };
    }, { Capacity: 42 });
    await send('Create', LIMITS, properties);

    expect(await limitsOf(id).get()).toMatchObject({ limits: [ClientLimit.custom('rpm', { capacity: 42, refillAmount: 1, refillPeriodSeconds: 42 })] });
  });

  test.each([[RemovalPolicy.DESTROY, []], [RemovalPolicy.RETAIN, [ClientLimit.perMinute('rpm', 5)]]])(
    'goes as its removal policy says: %s', async (removalPolicy, left) => {
      const namespaceName = `removal-${removalPolicy}`;
      const id = await register(namespaceName);
      const properties = synth({ namespaceName, removalPolicy, system: { limits: { rpm: Limit.perMinute(5) } } });
      const { physicalResourceId } = await send('Create', LIMITS, properties);

      expect(await send('Delete', LIMITS, properties, { PhysicalResourceId: physicalResourceId })).toMatchObject({ status: 'SUCCESS' });

      expect((await limitsOf(id).get()).limits).toEqual(left);
    });

  test('registers a namespace, and applies limits to it by its id', async () => {
    const stack = new Stack(new App({ outdir }), `app-${synths++}`);
    const limiter = new ZaeLimiter(stack, 'Limiter', { limiterName: 'some-limiter' });
    const tenant = limiter.addNamespace('tenant/1', { removalPolicy: RemovalPolicy.DESTROY, auditRetention: Duration.days(30) });
    limiter.addLimits('Limits', { limiterNamespace: tenant, system: { limits: { rpm: Limit.perMinute(5) } } });
    const template = Template.fromStack(stack);
    const [namespace, limits] = [onlyOf(template, NAMESPACE), onlyOf(template, LIMITS)];
    const withTable = (properties: object, deployment: Deployment) => deployed({ ...properties, ServiceToken: 'arn', TableName: table.name }, deployment);

    const registered = await send('Create', NAMESPACE, withTable(namespace.Properties, {}));
    const NamespaceId = registered.data!.NamespaceId!;
    const applied = await send('Create', LIMITS, withTable(limits.Properties, { [`${namespace.id}.NamespaceId`]: NamespaceId }));

    expect(applied).toMatchObject({ status: 'SUCCESS', data: { NamespaceId, Created: '1' } });
    expect(await limitsOf(NamespaceId).get()).toMatchObject({ limits: [ClientLimit.perMinute('rpm', 5)] });
  });
});

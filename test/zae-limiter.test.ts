import { App, CfnElement, Duration, NestedStack, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import table from '../spec/table.json';
import { ZaeLimiter, type ZaeLimiterProps } from '../src';
import { everything } from './support/everything';

type Props = ZaeLimiterProps | ((scope: Stack) => ZaeLimiterProps);

function synth(props?: Props) {
  const stack = new Stack(new App(), 'app');
  const limiter = new ZaeLimiter(stack, 'Limiter', typeof props === 'function' ? props(stack) : props);
  return { stack, limiter, template: Template.fromStack(stack) };
}

const TABLE = 'AWS::DynamoDB::Table';
const disabled = { enabled: false };
const ALWAYS = { 'AWS::DynamoDB::Table': 1, 'AWS::IAM::ManagedPolicy': 6 };
const FUNCTION = { 'AWS::IAM::Policy': 1, 'AWS::IAM::Role': 1, 'AWS::Lambda::Function': 1, 'AWS::Logs::LogGroup': 1 };
const STREAM = { 'AWS::Lambda::EventSourceMapping': 1, 'AWS::SQS::Queue': 1, 'AWS::SQS::QueuePolicy': 1, 'AWS::S3::Bucket': 1, 'AWS::S3::BucketPolicy': 1 };
const BOOTSTRAP = { 'Custom::ZaeLimiterBootstrap': 1 };
const alarms = (count: number) => ({ 'AWS::CloudWatch::Alarm': count });
const BOTH_FUNCTIONS = { 'AWS::IAM::Policy': 2, 'AWS::IAM::Role': 2, 'AWS::Lambda::Function': 2, 'AWS::Logs::LogGroup': 2 };

/** Reads and writes of the table and of four indexes. */
const SCALING = { 'AWS::ApplicationAutoScaling::ScalableTarget': 10, 'AWS::ApplicationAutoScaling::ScalingPolicy': 10 };

const OPTIONAL_PARTS = {
  'AWS::Backup::BackupPlan': 1, 'AWS::Backup::BackupSelection': 1, 'AWS::Backup::BackupVault': 1,
  'AWS::Budgets::Budget': 1,
  'AWS::CloudTrail::Trail': 1, 'AWS::S3::Bucket': 2, 'AWS::S3::BucketPolicy': 2, 'AWS::Logs::MetricFilter': 2,
  'AWS::Events::Rule': 1, 'AWS::Lambda::Permission': 1,
};
const ALL_FUNCTIONS = { 'AWS::IAM::Policy': 3, 'AWS::IAM::Role': 8, 'AWS::Lambda::Function': 3, 'AWS::Logs::LogGroup': 4 };

function withoutIam(scope: Stack): ZaeLimiterProps {
  const role = Role.fromRoleName(scope, 'Given', 'of-security');
  const { backup, budget, availabilityProbe, cloudTrail } = everything(new Stack());
  const iam = { createResources: false };
  return { iam, budget, backup: { ...backup, role }, availabilityProbe: { ...availabilityProbe, role }, cloudTrail: { ...cloudTrail, role } };
}

const resourcesOf = (template: Template) => Object.values(template.toJSON().Resources as Record<string, { Type: string; Properties: any }>);

describe('resources', () => {
  test.each<[string, Props | undefined, Record<string, number>]>([
    ['no props', undefined, { ...ALWAYS, ...BOTH_FUNCTIONS, ...STREAM, ...BOOTSTRAP, ...alarms(9) }],
    ['every prop', everything, {
      ...ALWAYS, ...STREAM, ...BOOTSTRAP, ...SCALING, ...OPTIONAL_PARTS, ...ALL_FUNCTIONS, ...alarms(15), 'AWS::KMS::Key': 1,
      'AWS::SSM::Parameter': 7, 'AWS::CloudWatch::Dashboard': 1, 'AWS::Logs::QueryDefinition': 6,
    }],
    ['nothing created in IAM', { iam: { createResources: false } }, { 'AWS::DynamoDB::Table': 1, ...alarms(3) }],
    ['nothing created in IAM, and a role for each optional part', withoutIam, {
      'AWS::DynamoDB::Table': 1, ...OPTIONAL_PARTS, ...alarms(7), 'AWS::S3::Bucket': 1, 'AWS::S3::BucketPolicy': 1, 'AWS::Lambda::Function': 1,
      'AWS::Logs::LogGroup': 2,
    }],
    ['the aggregator switched off', { aggregator: disabled }, { ...ALWAYS, ...FUNCTION, ...BOOTSTRAP, ...alarms(4) }],
    ['the provisioner switched off', { provisioner: disabled }, { ...ALWAYS, ...FUNCTION, ...STREAM, ...alarms(8) }],
    ['both switched off', { aggregator: disabled, provisioner: disabled }, { ...ALWAYS, ...alarms(3) }],
    ['everything switched off', {
      aggregator: disabled, provisioner: disabled, alarms: disabled, dashboard: disabled, savedQueries: false, backup: disabled,
      availabilityProbe: disabled,
    }, ALWAYS],
  ])('with %s there are these and no others', (_, props, expected) => {
    const { template } = synth(props);

    const counts: Record<string, number> = {};
    for (const { Type } of resourcesOf(template)) counts[Type] = (counts[Type] ?? 0) + 1;
    expect(counts).toEqual(expected);
  });

  test('nothing of the CDK is used that is deprecated', () => {
    const mode = process.env.JSII_DEPRECATED;
    const use = () => {
      const { stack, limiter } = synth(everything);
      const role = new Role(stack, 'Worker', { assumedBy: new AccountRootPrincipal() });
      [limiter.grantAcquire(role), limiter.grantFullAccess(role), limiter.grantReadOnly(role)].forEach((grant) => grant.assertSuccess());
    };

    process.env.JSII_DEPRECATED = 'fail';
    try {
      expect(use).not.toThrow();
    } finally {
      if (mode === undefined) delete process.env.JSII_DEPRECATED;
      else process.env.JSII_DEPRECATED = mode;
    }
  });

  test.each<[string, Props | undefined]>([['no props', undefined], ['every prop', everything]])('synthesising twice with %s gives the same bytes', (_, props) => {
    const texts = [1, 2].map(() => JSON.stringify(synth(props).template.toJSON()));

    expect(texts[0]).toBe(texts[1]);
  });
});

describe('names', () => {
  const nameOf = ({ Properties }: { Properties: Record<string, string> }): string[] =>
    ['TableName', 'FunctionName', 'RoleName', 'ManagedPolicyName', 'QueueName', 'LogGroupName', 'AlarmName']
      .map((property) => Properties[property]!).filter((name) => typeof name === 'string');
  const namesOf = (template: Template): string[] => resourcesOf(template)
    .filter(({ Type }) => Type.startsWith('AWS::') && Type !== 'AWS::Lambda::EventSourceMapping').flatMap(nameOf);

  test('every name begins with the name of the limiter', () => {
    const { limiter, template } = synth({ limiterName: 'prod' });

    expect(limiter.limiterName).toBe('prod');
    expect(namesOf(template).sort()).toEqual([
      '/aws/lambda/prod-aggregator', '/aws/lambda/prod-limits-provisioner',
      'prod', 'prod-acq', 'prod-aggr', 'prod-aggregator', 'prod-aggregator-dlq', 'prod-aggregator-dlq-alarm', 'prod-aggregator-duration',
      'prod-aggregator-error-rate', 'prod-full', 'prod-index-throttle', 'prod-limits-provisioner', 'prod-ns-acq', 'prod-ns-full', 'prod-ns-read',
      'prod-prov', 'prod-provisioner-error-rate', 'prod-read', 'prod-read-throttle', 'prod-record-failures', 'prod-stream-iterator-age',
      'prod-write-throttle',
    ]);
  });

  test('the name of the stack is the default', () => {
    const { limiter, template } = synth();

    expect(limiter.limiterName).toBe('app');
    template.hasResourceProperties(TABLE, { TableName: 'app' });
  });

  test('a nested stack works with a name of its own', () => {
    const nested = new NestedStack(new Stack(new App(), 'app'), 'Nested');

    new ZaeLimiter(nested, 'Limiter', { limiterName: 'nested' });

    Template.fromStack(nested).hasResourceProperties(TABLE, { TableName: 'nested' });
  });

  test.each([
    ['with the provisioner', 45, {}],
    ['with the aggregator only', 53, { provisioner: disabled }],
    ['without functions', 55, { provisioner: disabled, aggregator: disabled }],
  ])('F-21: no name exceeds the limit of AWS with the longest limiter name %s', (_, length, props) => {
    const { template } = synth({ ...props, limiterName: 'n'.repeat(length) });

    const limits = { TableName: 255, FunctionName: 64, RoleName: 64, ManagedPolicyName: 128, QueueName: 80, LogGroupName: 512, AlarmName: 255 };
    const tooLong = resourcesOf(template).flatMap(({ Properties }) => Object.entries(limits)
      .filter(([property, limit]) => typeof Properties[property] === 'string' && Properties[property].length > limit));
    expect(tooLong).toEqual([]);
  });
});

describe('table', () => {
  const schema = (partitionKey: string, sortKey: string) =>
    [{ AttributeName: partitionKey, KeyType: 'HASH' }, { AttributeName: sortKey, KeyType: 'RANGE' }];
  const globalIndexes = table.globalIndexes.map(({ name, partitionKey, sortKey, projection }) =>
    ({ IndexName: name, KeySchema: schema(partitionKey, sortKey), Projection: { ProjectionType: projection } }));
  const localIndexes = table.reservedLocalIndexes.map(({ name, sortKey, projection }) =>
    ({ IndexName: name, KeySchema: schema(table.partitionKey, sortKey), Projection: { ProjectionType: projection } }));
  const keyNames = [table, ...table.globalIndexes].flatMap(({ partitionKey, sortKey }) => [partitionKey, sortKey]);
  const texts = (names: readonly string[]) => names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' }));

  test('has the keys, indexes, stream and expiry of the schema and is paid per request', () => {
    const { template } = synth();

    const [properties] = resourcesOf(template).filter(({ Type }) => Type === TABLE).map(({ Properties }) => Properties);
    expect(properties).toEqual({
      TableName: 'app',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: schema(table.partitionKey, table.sortKey),
      AttributeDefinitions: texts(keyNames),
      GlobalSecondaryIndexes: globalIndexes,
      StreamSpecification: { StreamViewType: table.streamViewType },
      TimeToLiveSpecification: { AttributeName: table.ttlAttribute, Enabled: true },
      DeletionProtectionEnabled: false,
      Tags: expect.arrayContaining([{ Key: 'Application', Value: 'zae-limiter' }]),
    });
  });

  test('F-34: the local indexes of older tables exist only when asked for', () => {
    const { template } = synth({ table: { reservedLocalIndexes: true } });

    template.hasResourceProperties(TABLE, {
      LocalSecondaryIndexes: localIndexes,
      GlobalSecondaryIndexes: globalIndexes,
      AttributeDefinitions: texts([...keyNames, ...table.reservedLocalIndexes.map(({ sortKey }) => sortKey)]),
    });
  });

  test.each([
    ['by default, F-31', undefined, 'Retain'],
    ['with RETAIN', RemovalPolicy.RETAIN, 'Retain'],
    ['with DESTROY', RemovalPolicy.DESTROY, 'Delete'],
  ])('what becomes of it is stated %s', (_, removalPolicy, expected) => {
    const { template } = synth({ removalPolicy });

    template.hasResource(TABLE, { DeletionPolicy: expected, UpdateReplacePolicy: expected });
  });

  test('point-in-time recovery reaches as far back as it is told', () => {
    const { template } = synth({ pitrRecoveryPeriod: Duration.days(35) });

    template.hasResourceProperties(TABLE, {
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 35 },
    });
  });

  test('deletion protection is switched on', () => {
    const { template } = synth({ deletionProtection: true });

    template.hasResourceProperties(TABLE, { DeletionProtectionEnabled: true });
  });

  test('its ARN is an attribute of the limiter', () => {
    const { stack, limiter } = synth();

    expect(stack.resolve(limiter.tableArn)).toEqual({ 'Fn::GetAtt': [stack.getLogicalId(limiter.table.node.defaultChild as CfnElement), 'Arn'] });
  });
});

describe('attributes', () => {
  const PARTS = ['aggregator', 'aggregatorRole', 'deadLetterQueue', 'eventSourceMapping', 'provisioner', 'provisionerRole', 'bootstrap'] as const;
  const AGGREGATOR_PARTS = PARTS.slice(0, 4);
  const PROVISIONER_PARTS = PARTS.slice(4);

  test.each<[string, ZaeLimiterProps, readonly string[]]>([
    ['everything', {}, PARTS],
    ['no aggregator', { aggregator: disabled }, PROVISIONER_PARTS],
    ['no provisioner', { provisioner: disabled }, AGGREGATOR_PARTS],
  ])('with %s only those parts are defined that exist', (_, props, expected) => {
    const { limiter } = synth(props);

    expect(PARTS.filter((part) => limiter[part] !== undefined)).toEqual(expected);
  });

  test.each([
    ['the default namespace', undefined, 'default'],
    ['the given namespace', { namespaceName: 'tenant-1' }, 'tenant-1'],
  ])('the environment of a client names the limiter and %s', (_, options, namespace) => {
    const { limiter } = synth({ limiterName: 'prod' });

    expect(limiter.clientEnvironment(options)).toEqual({ ZAEL_STACK: 'prod', ZAEL_NAMESPACE: namespace });
  });
});

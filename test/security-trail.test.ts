import { TransactWriteItemsCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Limit, RateLimiter } from '@zae-limiter/client';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Table, AttributeType } from 'aws-cdk-lib/aws-dynamodb';
import { Role } from 'aws-cdk-lib/aws-iam';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { ResourceNaming, ZaeLimiter, type CloudTrailOptions } from '../src';
import { accessDenied, limitChanges } from '../src/private/cloudtrail-patterns';
import { Names } from '../src/private/names';
import { SecurityTrail, type SecurityTrailProps } from '../src/security-trail';
import { matchesPattern } from './support/filter-pattern';
import { ACCOUNT } from './support/policies';
import { connectDynamoDbTable, PATIENCE_MS } from './support/table';

const TRAIL = 'AWS::CloudTrail::Trail';

function synth(cloudTrail: CloudTrailOptions) {
  const stack = new Stack(new App(), 'app');
  const limiter = new ZaeLimiter(stack, 'Limiter', { limiterName: 'prod', cloudTrail });
  return { stack, limiter, template: Template.fromStack(stack) };
}

/** The trail alone, for what the limiter does not pass yet. */
function trailOf(more: (stack: Stack) => Partial<SecurityTrailProps>) {
  const stack = new Stack(new App(), 'app');
  const table = new Table(stack, 'Table', { partitionKey: { name: 'PK', type: AttributeType.STRING } });
  const trail = new SecurityTrail(stack, 'Trail', {
    limiterName: 'prod', names: new Names('prod', ResourceNaming.FIXED, {}), table, options: {}, logRetention: RetentionDays.ONE_MONTH, audience: {}, ...more(stack),
  });
  return { trail, template: Template.fromStack(stack) };
}

const selectorsOf = (template: Template) => Object.values(template.findResources(TRAIL))[0]!.Properties.AdvancedEventSelectors as
  { FieldSelectors: { Field: string; [operator: string]: unknown }[] }[];

test('there is no trail unless it is asked for', () => {
  const stack = new Stack(new App(), 'app');
  new ZaeLimiter(stack, 'Limiter');

  Template.fromStack(stack).resourceCountIs(TRAIL, 0);
});

describe('the trail', () => {
  test('records the writes to this table and to no other', () => {
    const { template } = synth({ ownFunctions: true });

    const [table] = Object.keys(template.findResources('AWS::DynamoDB::Table'));
    template.hasResourceProperties(TRAIL, { TrailName: 'prod-trail', IsLogging: true, EnableLogFileValidation: true, CloudWatchLogsLogGroupArn: Match.absent() });
    expect(selectorsOf(template)[0]).toEqual({
      Name: 'Calls to the table',
      FieldSelectors: [
        { Field: 'eventCategory', Equals: ['Data'] },
        { Field: 'resources.type', Equals: ['AWS::DynamoDB::Table'] },
        { Field: 'resources.ARN', Equals: [{ 'Fn::GetAtt': [table, 'Arn'] }] },
        { Field: 'readOnly', Equals: ['false'] },
      ],
    });
  });

  test('records reads too when it is told to', () => {
    const [{ FieldSelectors }] = selectorsOf(synth({ reads: true, ownFunctions: true }).template) as [{ FieldSelectors: { Field: string }[] }];

    expect(FieldSelectors.map(({ Field }) => Field)).toEqual(['eventCategory', 'resources.type', 'resources.ARN']);
  });

  test('leaves out the calls of the aggregator and the probe, and never those of the provisioner', () => {
    const stack = new Stack(new App(), 'app', { env: { account: ACCOUNT, region: 'us-east-1' } });
    new ZaeLimiter(stack, 'Limiter', { cloudTrail: {}, availabilityProbe: {} });

    const text = JSON.stringify(selectorsOf(Template.fromStack(stack))[0]!.FieldSelectors.at(-1));
    expect([...text.matchAll(/"Ref":"Limiter(\w+)Role/g)].map(([, part]) => part)).toEqual(['Aggregator', 'Probe']);
  });

  test('leaves out the calls of roles that it is told', () => {
    const { template } = trailOf((stack) => ({ options: { exceptRoles: [Role.fromRoleArn(stack, 'Worker', `arn:aws:iam::${ACCOUNT}:role/team/worker`)] } }));

    expect(selectorsOf(template)[0]!.FieldSelectors.at(-1)).toEqual({
      Field: 'userIdentity.arn',
      NotStartsWith: [{ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:sts::${ACCOUNT}:assumed-role/worker/`]] }],
    });
  });

  test('watches the objects of the archive as well, when there is one', () => {
    const { template } = synth({});

    expect(selectorsOf(trailOf(() => ({})).template)).toHaveLength(1);
    expect(selectorsOf(template)[1]!.FieldSelectors).toEqual(expect.arrayContaining([
      { Field: 'resources.type', Equals: ['AWS::S3::Object'] },
      { Field: 'resources.ARN', StartsWith: [{ 'Fn::Join': ['', [{ 'Fn::GetAtt': [expect.stringContaining('ArchiveBucket'), 'Arn'] }, '/']] }] },
    ]));
  });

  test('keeps the record in a bucket that only CloudTrail of this trail writes to', () => {
    const { template } = synth({ retention: Duration.days(30) });

    template.hasResource('AWS::S3::Bucket', { DeletionPolicy: 'Retain', Properties: { LifecycleConfiguration: { Rules: [Match.objectLike({ ExpirationInDays: 30 })] } } });
    const trailArn = ['arn:', { Ref: 'AWS::Partition' }, ':cloudtrail:', { Ref: 'AWS::Region' }, ':', { Ref: 'AWS::AccountId' }, ':trail/prod-trail'];
    const [policyId, policy] = Object.entries(template.findResources('AWS::S3::BucketPolicy')).find(([id]) => id.includes('CloudTrail'))!;
    const statements = (policy.Properties.PolicyDocument.Statement as any[]).filter(({ Effect }) => Effect === 'Allow');
    expect(statements.map(({ Principal, Action, Condition }) => ({ Principal, Action, Condition }))).toEqual(['s3:GetBucketAcl', 's3:PutObject'].map((Action) => ({
      Principal: { Service: 'cloudtrail.amazonaws.com' },
      Action,
      Condition: {
        ArnLike: { 'aws:SourceArn': { 'Fn::Join': ['', trailArn] } },
        StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' }, ...(Action === 's3:PutObject' && { 's3:x-amz-acl': 'bucket-owner-full-control' }) },
      },
    })));
    template.hasResource(TRAIL, { DependsOn: Match.arrayWith([policyId]) });
  });

  test('warns of a bucket whose policy it cannot change', () => {
    const stack = new Stack(new App(), 'app');
    new ZaeLimiter(stack, 'Limiter', { cloudTrail: { bucket: Bucket.fromBucketName(stack, 'Records', 'records') } });

    Template.fromStack(stack).hasResourceProperties(TRAIL, { S3BucketName: 'records' });
    Annotations.fromStack(stack).hasWarning('/app/Limiter', Match.stringLikeRegexp('has to allow cloudtrail.amazonaws.com'));
  });
});

describe('its alarms', () => {
  test('look at what CloudTrail writes to a log group, with a role that may write there only', () => {
    const { template, limiter } = synth({ alarms: true });

    const [logGroup] = Object.keys(template.findResources('AWS::Logs::LogGroup')).filter((id) => id.includes('CloudTrail'));
    template.hasResourceProperties(TRAIL, { CloudWatchLogsLogGroupArn: { 'Fn::GetAtt': [logGroup, 'Arn'] }, CloudWatchLogsRoleArn: Match.anyValue() });
    template.hasResourceProperties('AWS::IAM::Role', {
      RoleName: 'prod-trail',
      Policies: [Match.objectLike({ PolicyDocument: { Statement: [{ Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: { 'Fn::GetAtt': [logGroup, 'Arn'] } }] } })],
    });
    for (const [metric, name] of [['AccessDenied', 'prod-access-denied'], ['LimitChanges', 'prod-limit-changes']]) {
      template.hasResourceProperties('AWS::Logs::MetricFilter', { MetricTransformations: [Match.objectLike({ MetricNamespace: 'ZaeLimiter/prod', MetricName: metric })] });
      template.hasResourceProperties('AWS::CloudWatch::Alarm', {
        AlarmName: name, Namespace: 'ZaeLimiter/prod', MetricName: metric, Statistic: 'Sum', Threshold: 1, TreatMissingData: 'notBreaching',
      });
    }
    expect(limiter.accessDeniedAlarm).toBeDefined();
    expect(limiter.limitChangesAlarm).toBeDefined();
  });

  test('tell whom they are told to', () => {
    const { template } = trailOf((stack) => ({ options: { alarms: true }, audience: { topic: new Topic(stack, 'Topic') } }));

    template.allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmActions: [{ Ref: Match.stringLikeRegexp('^Topic') }] });
  });

  test('need no role of their own when one is given, and create nothing of IAM', () => {
    const { template } = trailOf((stack) => ({ options: { alarms: true, role: Role.fromRoleArn(stack, 'Given', `arn:aws:iam::${ACCOUNT}:role/given`) } }));

    const types = Object.values(template.toJSON().Resources as Record<string, { Type: string }>).map(({ Type }) => Type);
    expect(types.filter((type) => type.startsWith('AWS::IAM::'))).toEqual([]);
    template.hasResourceProperties(TRAIL, { CloudWatchLogsRoleArn: `arn:aws:iam::${ACCOUNT}:role/given` });
  });
});

/** Records as DynamoDB's guide shows them. */
describe('what the alarms see in a record', () => {
  const PROVISIONER = `arn:aws:iam::${ACCOUNT}:role/prod-prov`;
  const byRole = (arn: string) => ({ type: 'AssumedRole', sessionContext: { sessionIssuer: { type: 'Role', arn } } });
  const USER = { type: 'IAMUser', arn: `arn:aws:iam::${ACCOUNT}:user/ada` };
  const record = (eventName: string, requestParameters: object | null, more: object = {}) =>
    ({ eventSource: 'dynamodb.amazonaws.com', eventName, readOnly: false, userIdentity: USER, requestParameters, ...more });
  const write = (PK: string, SK: string, more?: object) => record('UpdateItem', { tableName: 'prod', key: { PK, SK } }, more);
  const limits = limitChanges(PROVISIONER).logPatternString;

  test.each<[boolean, string, object]>([
    [true, 'limits of a resource', write('ns/RESOURCE#gpt-4', '#CONFIG')],
    [true, 'limits of an entity', write('ns/ENTITY#user-1', '#CONFIG#gpt-4')],
    [true, 'limits, by a role', write('ns/SYSTEM#', '#CONFIG', { userIdentity: byRole(`arn:aws:iam::${ACCOUNT}:role/worker`) })],
    [false, 'limits, by the provisioner', write('ns/SYSTEM#', '#CONFIG', { userIdentity: byRole(PROVISIONER) })],
    [false, 'limits, in vain', write('ns/SYSTEM#', '#CONFIG', { errorCode: 'AccessDenied' })],
    [false, 'a bucket', write('ns/BUCKET#user-1#gpt-4#0', '#STATE')],
    [false, 'a usage snapshot', write('ns/ENTITY#user-1', '#USAGE#gpt-4#2030-01-01T00:00:00Z')],
    [true, 'whatever a batch deletes', record('BatchWriteItem', null)],
    [true, 'whatever a PartiQL statement changes', record('BatchExecuteStatement', null)],
    [false, 'what a PartiQL statement reads', record('ExecuteStatement', null, { readOnly: true })],
    [false, 'a read of limits', record('GetItem', { tableName: 'prod', key: { PK: 'ns/SYSTEM#', SK: '#CONFIG' } }, { readOnly: true })],
  ])('a change of limits is %s for %s', (expected, _, event) => {
    expect(matchesPattern(limits, event)).toBe(expected);
  });

  test('without a provisioner everybody counts', () => {
    const anybody = limitChanges(undefined).logPatternString;

    expect(matchesPattern(anybody, write('ns/SYSTEM#', '#CONFIG', { userIdentity: byRole(PROVISIONER) }))).toBe(true);
  });

  test.each<[boolean, object]>([
    [true, record('UpdateItem', null, { errorCode: 'AccessDenied' })],
    [true, record('GetItem', null, { errorCode: 'AccessDeniedException', readOnly: true })],
    [false, record('UpdateItem', null, { errorCode: 'ConditionalCheckFailedException' })],
    [false, record('UpdateItem', null)],
  ])('a refused call is %s for %j', (expected, event) => {
    expect(matchesPattern(accessDenied().logPatternString, event)).toBe(expected);
  });

  test('both patterns are short enough for CloudWatch Logs', () => {
    expect(limitChanges(`arn:aws-us-gov:iam::${ACCOUNT}:role/${'r'.repeat(64)}`).logPatternString.length).toBeLessThanOrEqual(1024);
  });

  /** Transactions as CloudTrail would record them. */
  async function transactionsOf(client: DynamoDBClient, work: () => Promise<unknown>): Promise<object[]> {
    const events: object[] = [];
    client.middlewareStack.add((next, { commandName }) => async (args) => {
      if (commandName === TransactWriteItemsCommand.name) {
        const items = (args.input as { TransactItems: Record<string, any>[] }).TransactItems;
        const requestItems = items.flatMap((part) => Object.values(part)).map(({ Key, Item }) => {
          const { PK, SK } = Key ?? Item;
          return { key: { PK: PK.S, SK: SK.S } };
        });
        events.push(record('TransactWriteItems', { requestItems }));
      }
      return next(args);
    }, { step: 'initialize', name: 'transactions' });
    await work();
    client.middlewareStack.remove('transactions');
    return events;
  }

  test('a change of limits on every level by the client is seen, and its other changes are not', async () => {
    const { client, name, namespace } = await connectDynamoDbTable();
    const limiter = await RateLimiter.open({ client, stack: name, namespace, timeoutMs: PATIENCE_MS });
    const scopes = [{}, { resource: 'gpt-4' }, { entity: 'user-1' }, { entity: 'user-1', resource: 'gpt-4' }];

    const changes = await transactionsOf(client, async () => {
      for (const scope of scopes) await limiter.admin.limits.set([Limit.perMinute('rpm', 10)], scope);
      for (const scope of scopes) await limiter.admin.limits.delete(scope);
    });
    const others = await transactionsOf(client, () => limiter.admin.entities.create({ id: 'user-2', parentId: 'org-1' }));

    expect(changes).toHaveLength(2 * scopes.length);
    expect(changes.filter((event) => !matchesPattern(limits, event))).toEqual([]);
    expect(others).toHaveLength(1);
    expect(others.filter((event) => matchesPattern(limits, event))).toEqual([]);
    client.destroy();
  });
});

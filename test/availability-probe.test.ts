import { App, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AttributeType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { CANARY, Probe } from '../lambda-src/probe/probe';
import operations from '../spec/operations.json';
import metricsSpec from '../spec/probe-metrics.json';
import { ResourceNaming, ZaeLimiter, type AvailabilityProbeOptions } from '../src';
import { AvailabilityProbe } from '../src/availability-probe';
import { Names } from '../src/private/names';
import { recordCalls, type Call } from './support/calls';
import { ACCOUNT, inlinePolicies, isAllowed } from './support/policies';
import { connectDynamoDbTable, PATIENCE_MS } from './support/table';

function synth(availabilityProbe: AvailabilityProbeOptions | undefined = {}) {
  const stack = new Stack(new App(), 'app', { env: { account: ACCOUNT, region: 'us-east-1' } });
  const limiter = new ZaeLimiter(stack, 'Limiter', { limiterName: 'prod', availabilityProbe });
  return { limiter, template: Template.fromStack(stack) };
}

const ALARM = 'AWS::CloudWatch::Alarm';
const RULE = 'AWS::Events::Rule';
const idOf = (template: Template, type: string, properties: object = {}): string =>
  Object.keys(template.findResources(type, { Properties: properties }))[0]!;

/** Alarms of the probe. */
const alarmsOf = (template: Template): Record<string, any>[] =>
  Object.entries(template.findResources(ALARM)).filter(([id]) => id.includes('Probe')).map(([, { Properties }]) => Properties);

test('there is no probe unless it is asked for', () => {
  const stack = new Stack(new App(), 'app');
  const limiter = new ZaeLimiter(stack, 'Limiter');

  Template.fromStack(stack).resourceCountIs(RULE, 0);
  expect(limiter.probe).toBeUndefined();
});

describe('the function', () => {
  test('runs every minute in the default namespace, and never again for an attempt that is over', () => {
    const { template } = synth();

    template.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'prod-probe', Timeout: 10, MemorySize: 256,
      Environment: { Variables: { TABLE_NAME: { Ref: idOf(template, 'AWS::DynamoDB::Table') }, PROBE_NAMESPACE: 'default', LOG_LEVEL: 'INFO' } },
    });
    const functionArn = { 'Fn::GetAtt': [idOf(template, 'AWS::Lambda::Function', { FunctionName: 'prod-probe' }), 'Arn'] };
    template.hasResourceProperties(RULE, {
      ScheduleExpression: 'rate(1 minute)',
      Targets: [Match.objectLike({ Arn: functionArn, RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 } })],
    });
    template.hasResourceProperties('AWS::Lambda::Permission', { FunctionName: functionArn, Principal: 'events.amazonaws.com' });
  });

  test('waits until the table is prepared', () => {
    const { template } = synth();

    template.hasResource(RULE, { DependsOn: Match.arrayWith([idOf(template, 'Custom::ZaeLimiterBootstrap')]) });
  });

  test('takes its settings', () => {
    const { template } = synth({ interval: Duration.minutes(5), namespaceName: 'tenant-1', memorySize: 512, timeout: Duration.seconds(5) });

    template.hasResourceProperties(RULE, { ScheduleExpression: 'rate(5 minutes)' });
    template.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'prod-probe', MemorySize: 512, Timeout: 5, Environment: { Variables: { PROBE_NAMESPACE: 'tenant-1' } },
    });
    expect(alarmsOf(template).map(({ Period }) => Period)).toEqual([300, 300]);
  });
});

describe('its role', () => {
  const statements = () => inlinePolicies(synth().template, 'prod-probe');

  test('allows every call that it makes, from the first one on, and nothing but those to other items', async () => {
    const { client, name, namespace, namespaceId } = await connectDynamoDbTable();
    const newProbe = () => new Probe({ client, stack: name, namespace, timeoutMs: PATIENCE_MS });

    const calls = await recordCalls(client, [namespaceId], async () => {
      const first = newProbe();
      expect(await first.attempt()).toHaveProperty('latencyMs');
      expect(await first.attempt()).toHaveProperty('latencyMs');
      expect(await newProbe().attempt()).toHaveProperty('latencyMs');
    });

    const allowed = statements();
    const refused: Call[] = [];
    for (const call of calls) if (!await isAllowed(allowed, call)) refused.push(call);
    expect(calls.length).toBeGreaterThan(8); // two openings, three attempts
    expect(calls).toContainEqual({ action: 'dynamodb:UpdateItem', leadingKeys: [`{ns}/BUCKET#${CANARY}#${CANARY}#0`], resource: 'table' });
    expect(refused).toEqual([]);
    client.destroy();
  });

  /** What anybody has to read who opens the limiter, and how limits are found in a namespace. Neither holds an entity. */
  const OPENING = ['_/SYSTEM#', '{ns}/SYSTEM#'];
  const READS = ['dynamodb:GetItem', 'dynamodb:BatchGetItem'];

  test.each(operations)('$operation ($action on $resource) is not allowed, unless it is part of opening', async (operation) => {
    const opening = READS.includes(operation.action) && operation.resource === 'table' && operation.leadingKeys.every((key) => OPENING.includes(key));

    expect(await isAllowed(statements(), operation)).toBe(opening);
  });

  test('leaves other buckets of the canary\'s name alone', async () => {
    const take = (key: string) => isAllowed(statements(), { action: 'dynamodb:UpdateItem', leadingKeys: [key], resource: 'table' });

    expect(await take(`{ns}/BUCKET#${CANARY}#${CANARY}#3`)).toBe(true);
    expect(await take(`{ns}/BUCKET#${CANARY}#gpt-4#0`)).toBe(false);
    expect(await take(`{ns}/BUCKET#user-1#${CANARY}#0`)).toBe(false);
    expect(await isAllowed(statements(), { action: 'dynamodb:UpdateItem', leadingKeys: [], resource: 'table' })).toBe(false);
  });

  test.each([
    ['of this app', (stack: Stack) => new Role(stack, 'Mine', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })],
    ['of elsewhere', (stack: Stack) => Role.fromRoleArn(stack, 'Given', `arn:aws:iam::${ACCOUNT}:role/given`)],
  ])('may be one %s, to which nothing is added', (where, roleOf) => {
    const stack = new Stack(new App(), 'app');
    const table = new Table(stack, 'Table', { partitionKey: { name: 'PK', type: AttributeType.STRING } });
    const role = roleOf(stack);
    new AvailabilityProbe(stack, 'Probe', {
      limiterName: 'prod', names: new Names('prod', ResourceNaming.GENERATED, {}), table, options: { role }, logRetention: RetentionDays.ONE_DAY, tracing: true, audience: {}, namespaceName: 'default',
    });

    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::IAM::Policy', 0);
    template.resourceCountIs('AWS::IAM::Role', where === 'of this app' ? 1 : 0);
    template.hasResourceProperties('AWS::Lambda::Function', { Role: stack.resolve(role.roleArn), FunctionName: Match.absent() });
    template.allResourcesProperties('AWS::Logs::LogGroup', { LogGroupName: Match.absent() });
  });
});

describe('its alarms', () => {
  test('tell of attempts that failed or did not happen, and of slow ones', () => {
    const { template, limiter } = synth();

    const Dimensions = [{ Name: 'TableName', Value: { Ref: idOf(template, 'AWS::DynamoDB::Table') } }];
    template.hasResourceProperties(ALARM, {
      AlarmName: 'prod-availability', Namespace: 'ZaeLimiter', MetricName: 'ProbeSuccess', Dimensions, Statistic: 'Minimum', Period: 60,
      ComparisonOperator: 'LessThanThreshold', Threshold: 1, EvaluationPeriods: 3, DatapointsToAlarm: 2, TreatMissingData: 'breaching',
    });
    template.hasResourceProperties(ALARM, {
      AlarmName: 'prod-probe-latency', Namespace: 'ZaeLimiter', MetricName: 'ProbeLatency', Dimensions, ExtendedStatistic: 'p99', Period: 60,
      ComparisonOperator: 'GreaterThanThreshold', Threshold: 100, EvaluationPeriods: 5, DatapointsToAlarm: 3, TreatMissingData: 'notBreaching',
    });
    expect(limiter.availabilityAlarm).toBeDefined();
    expect(limiter.probeLatencyAlarm).toBeDefined();
    expect(limiter.probeRole).toBeDefined();
  });

  test('look at the metrics that the function writes, and at all of them', () => {
    const alarms = alarmsOf(synth().template);

    expect(alarms.map(({ MetricName }) => MetricName).sort()).toEqual(metricsSpec.metrics.map(({ name }) => name).sort());
    for (const { Namespace, Dimensions } of alarms) {
      expect(Namespace).toBe(metricsSpec.namespace);
      expect(Dimensions.map(({ Name }: { Name: string }) => Name)).toEqual(metricsSpec.dimensions);
    }
  });

  test('take another threshold', () => {
    synth({ latencyThreshold: Duration.millis(250) }).template.hasResourceProperties(ALARM, { AlarmName: 'prod-probe-latency', Threshold: 250 });
  });

  test('tell whom the other alarms tell, and nobody when alarms are not enabled', () => {
    const actionsOf = (enabled: boolean) => {
      const stack = new Stack(new App(), 'app');
      new ZaeLimiter(stack, 'Limiter', { alarms: { enabled, topic: new Topic(stack, 'Topic') }, availabilityProbe: {}, cloudTrail: { alarms: true } });
      return Object.values(Template.fromStack(stack).findResources(ALARM)).map(({ Properties }) => Properties.AlarmActions);
    };

    const topic = [{ Ref: expect.stringMatching('^Topic') }];
    expect(actionsOf(true)).toEqual(Array(13).fill(topic));
    expect(actionsOf(false)).toEqual(Array(4).fill(undefined));
  });

  test('tell whom they are told to, and of the end when they are to', () => {
    const stack = new Stack(new App(), 'app');
    const table = new Table(stack, 'Table', { partitionKey: { name: 'PK', type: AttributeType.STRING } });
    new AvailabilityProbe(stack, 'Probe', {
      limiterName: 'prod', names: new Names('prod', ResourceNaming.FIXED, {}), table, options: {}, logRetention: RetentionDays.ONE_DAY, tracing: false,
      audience: { topic: new Topic(stack, 'Topic'), notifyOnOk: true }, namespaceName: 'default',
    });

    const topic = { Ref: Match.stringLikeRegexp('^Topic') };
    Template.fromStack(stack).allResourcesProperties(ALARM, { AlarmActions: [topic], OKActions: [topic] });
  });
});

import { App, Aws, CfnParameter, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Role } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { ZaeLimiter, type ZaeLimiterProps } from '../src';
import { WARNING } from '../src/private/warning-ids';

const disabled = { enabled: false };
const none = { createResources: false };

const roleIn = (stack: Stack) => Role.fromRoleName(stack, 'Role', 'of-security');
const keyIn = (stack: Stack) => Key.fromKeyArn(stack, 'Key', `arn:${Aws.PARTITION}:kms:eu-west-1:123456789012:key/1`);
const networkIn = (stack: Stack) => {
  const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-1', availabilityZones: ['a'], privateSubnetIds: ['subnet-1'], privateSubnetRouteTableIds: ['rtb-1'] });
  return { vpc, vpcSubnets: { subnets: vpc.privateSubnets } };
};

type Props = (stack: Stack) => ZaeLimiterProps;

const stackWith = (props: Props): Stack => {
  const stack = new Stack(new App(), 'app');
  new ZaeLimiter(stack, 'Limiter', props(stack));
  return stack;
};

const found = (entries: ReturnType<Annotations['findWarning']>) => entries.map(({ id, entry: { data } }) => ({ id, text: String(data) }));
const warningsOf = (props: Props) => found(Annotations.fromStack(stackWith(props)).findWarning('*', Match.anyValue()));
const noticesOf = (props: Props) => found(Annotations.fromStack(stackWith(props)).findInfo('*', Match.anyValue()));

const WARNINGS: readonly (readonly [keyof typeof WARNING, Props, RegExp])[] = [
  ['noBootstrap', () => ({ provisioner: disabled }), /^there is no provisioner: register the namespaces and write the version record/],
  ['noAggregator', (stack) => ({ iam: { ...none, provisionerRole: roleIn(stack) } }), /^the aggregator is left out, because nothing is created in IAM/],
  ['destroyProtected', () => ({ removalPolicy: RemovalPolicy.DESTROY, deletionProtection: true }), /^removalPolicy is DESTROY but deletionProtection is on/],
  ['recordAgeBeyondStream', () => ({ aggregator: { stream: { maxRecordAge: Duration.hours(25) } } }),
    /^aggregator\.stream\.maxRecordAge is 1 day 1 hour, but a stream keeps records for 24 hours only/],
  ['unusedFormat', (stack) => { const role = roleIn(stack); return { iam: { ...none, aggregatorRole: role, provisionerRole: role, roleNameFormat: 'x-{}' } }; },
    /^iam\.roleNameFormat and iam\.policyNameFormat have no effect/],
  ['foreignKey', (stack) => ({ encryptionKey: keyIn(stack) }), /^the policy of encryptionKey cannot be changed by this app/],
  ['alarmActionsUnused', (stack) => ({ alarms: { enabled: false, topic: new Topic(stack, 'Topic') } }), /^topics or actions of alarms are given/],
  ['noDurationAlarm', (stack) => ({ aggregator: { timeout: Duration.seconds(new CfnParameter(stack, 'Timeout', { type: 'Number' }).valueAsNumber) } }),
    /^there is no alarm on the duration of the aggregator/],
  ['budgetTopicPolicy', (stack) => ({ budget: { monthlyLimitUsd: 50, topic: Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:us-east-1:123456789012:ops') } }),
    /^budget\.topic is not of this app/],
  ['trailBucketPolicy', (stack) => ({ cloudTrail: { bucket: Bucket.fromBucketName(stack, 'Records', 'records') } }), /^cloudTrail\.bucket is not of this app/],
  ['networkEndpoints', (stack) => ({ network: networkIn(stack) }), /^functions in a VPC need a way to DynamoDB, S3/],
];

const NOTICES: readonly (readonly [keyof typeof WARNING, Props, RegExp])[] = [
  ['noRecovery', () => ({}), /^the table cannot be restored: set pitrRecoveryPeriod/],
  ['noArchive', () => ({ aggregator: disabled, audit: { archive: { enabled: true } } }), /^audit events are not archived/],
  ['nothingToTrace', () => ({ aggregator: disabled, provisioner: disabled, tracing: true }), /^tracing has no effect/],
  ['externalRole', (stack) => ({ iam: { aggregatorRole: roleIn(stack) } }), /^nothing is added to iam\.aggregatorRole: .* aggregatorPolicyDocument/],
];

test.each(WARNINGS)('warns once with the id %s', (id, props, text) => {
  const [warning, ...more] = warningsOf(props);

  expect(more).toEqual([]);
  expect(warning).toEqual({ id: '/app/Limiter', text: expect.stringMatching(text) });
  expect(warning!.text).toContain(`[ack: @zae-limiter/cdk:${id}]`);
});

test('warns with the id trailKeyPolicy of a key that was imported, beside the warning about logs', () => {
  const texts = warningsOf((stack) => ({ encryptionKey: keyIn(stack), cloudTrail: {} })).map(({ text }) => text);

  expect(texts).toEqual([
    expect.stringMatching(/^the policy of encryptionKey cannot be changed by this app: it has to let cloudtrail\.amazonaws\.com .*trailKeyPolicy\]$/),
    expect.stringContaining('foreignKey'),
  ]);
});

test.each(NOTICES)('notes with the id %s', (id, props, text) => {
  const notes = noticesOf(props).filter((notice) => notice.text.includes(`[ack: @zae-limiter/cdk:${id}]`));

  expect(notes).toEqual([{ id: '/app/Limiter', text: expect.stringMatching(text) }]);
});

test('every id is the published one, and a case above', () => {
  expect(Object.entries(WARNING)).toEqual(Object.keys(WARNING).map((id) => [id, `@zae-limiter/cdk:${id}`]));
  const elsewhere: (keyof typeof WARNING)[] = ['manifestUnreadable', 'trailKeyPolicy']; // limits-file.test.ts, and above
  expect([...[...WARNINGS, ...NOTICES].map(([id]) => id), ...elsewhere].sort()).toEqual(Object.keys(WARNING).sort());
});

test.each<[string, Props]>([
  ['defaults', () => ({})],
  ['a table that is destroyed without protection', () => ({ removalPolicy: RemovalPolicy.DESTROY })],
  ['a protected table that is kept', () => ({ deletionProtection: true })],
  ['a record age that the stream can keep', () => ({ aggregator: { stream: { maxRecordAge: Duration.hours(24) } } })],
  ['no aggregator', () => ({ aggregator: disabled })],
  ['a key of the app', (stack) => ({ encryptionKey: new Key(stack, 'Key') })],
])('does not warn of %s', (_, props) => {
  expect(warningsOf(props)).toEqual([]);
});

test('a limiter that may be restored has no notice', () => {
  expect(noticesOf(() => ({ pitrRecoveryPeriod: Duration.days(7) }))).toEqual([]);
});

import { resourcesOf, SCENARIOS, stackOf, type Resources } from './support/scenarios';
import { NO_IAM, RULES } from './support/template-rules';

// What cdk-nag has no rule for, or looks at only with another kind of table.
describe.each(SCENARIOS)('the template of $name', (scenario) => {
  const resources = resourcesOf(stackOf(scenario));

  test.each(scenario.noIam ? [...RULES, NO_IAM] : RULES)('$name', ({ check }) => {
    expect(check(resources)).toEqual([]);
  });
});

/** For each rule what it must see, by the name of the rule; what is named `Right` stands beside it and is right. */
const WRONG: Record<string, Resources> = {
  'no policy allows an action with a wildcard, or everything but some': {
    Policy: { Type: 'AWS::IAM::Policy', Properties: { PolicyDocument: { Statement: [{ Effect: 'Allow', Action: 'dynamodb:*', Resource: '*' }] } } },
    Role: { Type: 'AWS::IAM::Role', Properties: { Policies: [{ PolicyDocument: { Statement: { Effect: 'Allow', NotAction: ['iam:PassRole'] } } }] } },
  },
  'no policy lets everybody in': {
    QueuePolicy: { Type: 'AWS::SQS::QueuePolicy', Properties: { PolicyDocument: { Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sqs:SendMessage' }] } } },
  },
  'every log group forgets after a while': { Group: { Type: 'AWS::Logs::LogGroup', Properties: {} } },
  'every queue and bucket refuses plain HTTP': {
    Queue: { Type: 'AWS::SQS::Queue', Properties: {} },
    Bucket: { Type: 'AWS::S3::Bucket', Properties: {} },
  },
  'no bucket can be made public': { Bucket: { Type: 'AWS::S3::Bucket', Properties: { PublicAccessBlockConfiguration: { BlockPublicAcls: true } } } },
  'every queue and topic is encrypted, and every bucket says with what': {
    Queue: { Type: 'AWS::SQS::Queue', Properties: { SqsManagedSseEnabled: false } },
    Bucket: { Type: 'AWS::S3::Bucket', Properties: {} },
    Topic: { Type: 'AWS::SNS::Topic', Properties: {} },
  },
  'every table has an expiry and a stream with both images': {
    Table: { Type: 'AWS::DynamoDB::Table', Properties: { TimeToLiveSpecification: { Enabled: true }, StreamSpecification: { StreamViewType: 'KEYS_ONLY' } } },
  },
  'what keeps data says what becomes of it': { Table: { Type: 'AWS::DynamoDB::Table', Properties: {}, DeletionPolicy: 'Retain' } },
  'either every alarm has an action, or none': {
    Silent: { Type: 'AWS::CloudWatch::Alarm', Properties: { AlarmActions: [] } },
    RightAlarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { AlarmActions: ['arn'] } },
  },
  'every function writes to a log group of its own': {
    First: { Type: 'AWS::Lambda::Function', Properties: { LoggingConfig: { LogGroup: { Ref: 'RightGroup' } } } },
    Second: { Type: 'AWS::Lambda::Function', Properties: { LoggingConfig: { LogGroup: { Ref: 'RightGroup' } } } },
    Third: { Type: 'AWS::Lambda::Function', Properties: {} },
    RightGroup: { Type: 'AWS::Logs::LogGroup', Properties: {} },
  },
  'no environment variable is named like a secret': {
    Function: { Type: 'AWS::Lambda::Function', Properties: { Environment: { Variables: { API_KEY: 'x', TABLE_NAME: 'y' } } } },
  },
  'no physical name is longer than AWS allows': {
    Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: { 'Fn::Join': ['-', ['n'.repeat(36), { Ref: 'AWS::AccountId' }, { Ref: 'AWS::Region' }]] } } },
    Plan: { Type: 'AWS::Backup::BackupPlan', Properties: { BackupPlan: { BackupPlanName: 'n'.repeat(51) } } },
  },
  [NO_IAM.name]: { Role: { Type: 'AWS::IAM::Role', Properties: {} } },
};

describe('the rules', () => {
  test.each([...RULES, NO_IAM])('see what is wrong: $name', ({ name, check }) => {
    const wrong = Object.keys(WRONG[name]!).filter((id) => !id.startsWith('Right'));

    expect(check(WRONG[name]!).map((finding) => finding.split(':')[0])).toEqual(wrong);
  });
});

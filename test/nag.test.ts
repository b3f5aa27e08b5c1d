import { App, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks } from 'cdk-nag';
import { unexplained, unused, type ExpectedFinding, type Finding } from './support/expected-findings';
import { SCENARIOS, stackOf } from './support/scenarios';

/** What cdk-nag reports and what we mean: every entry must still be reported, and nothing else may be. */
const EXPECTED: readonly ExpectedFinding[] = [
  {
    rule: 'AwsSolutions-DDB3',
    resource: /\/Table\/Resource$/,
    reason: 'point-in-time recovery costs money for the life of the table and is therefore asked for: pitrRecoveryPeriod',
  },
  {
    rule: 'AwsSolutions-SQS3',
    resource: /\/Aggregator\/DeadLetterQueue\/Resource$/,
    reason: 'it is the dead-letter queue of an event source mapping, which cdk-nag does not follow; it knows those of queues only',
  },
  {
    rule: 'AwsSolutions-IAM5[Resource::*]',
    resource: /\/Aggregator\/Role\/DefaultPolicy\/Resource$/,
    reason: 'dynamodb:ListStreams and the actions of X-Ray know no resource',
  },
  {
    rule: 'AwsSolutions-IAM5[Resource::*]',
    scenario: /^every prop/,
    resource: /\/(Provisioner|Probe)\/Role\/DefaultPolicy\/Resource$/,
    reason: 'the actions of X-Ray know no resource',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::<\w*ArchiveBucket\w+\.Arn>\/audit\/\*\]$/,
    resource: /\/Aggregator\/Role\/DefaultPolicy\/Resource$/,
    reason: 'the objects of the archive are as many as its hours; the prefix is the one that it writes to',
  },
  {
    rule: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::failed/aws/lambda/*]',
    resource: /\/Aggregator\/Role\/DefaultPolicy\/Resource$/,
    reason: 'Lambda names the objects of records that failed, under this prefix',
  },
  {
    rule: /^AwsSolutions-IAM5\[Action::kms:(ReEncrypt|GenerateDataKey)\*\]$/,
    scenario: /^every prop/,
    resource: /\/(Policies\/\w+|(Aggregator|Provisioner|Probe)\/Role\/DefaultPolicy)\/Resource$/,
    reason: 'how the CDK grants the use of one key; each family has two actions, and DynamoDB needs all four',
  },
  {
    rule: 'AwsSolutions-S1',
    resource: /\/ArchiveBucket\/Resource$/,
    reason: 'logs of access need a bucket of the app: audit.archive.serverAccessLogsBucket',
  },
  {
    rule: 'AwsSolutions-S1',
    scenario: /^every prop/,
    resource: /\/CloudTrail\/Bucket\/Resource$/,
    reason: 'it holds a log itself, and nobody but the trail writes to it',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::(<LimiterTable\w+\.Arn>\/backup\/\*|arn:<AWS::Partition>:backup:\*:<AWS::AccountId>:recovery-point:\*)\]$/,
    resource: /\/Backup\/Role\/Resource$/,
    reason: 'AWS Backup names the backups that it makes',
  },
  {
    rule: 'AwsSolutions-L1',
    scenario: /^every prop/,
    resource: /\/(Aggregator|Provisioner|Probe)\/Function\/Resource$/,
    reason: 'a runtime that is not the default is older than the newest one',
  },
];

const findingsOf = (scenario: string, stack: Stack): Finding[] => new AwsSolutionsChecks().validateScope(stack).violations.flatMap(
  ({ ruleName, description, violatingResources }) => violatingResources.map(({ constructPath }) =>
    ({ rule: ruleName, scenario, resource: constructPath ?? '', text: description })),
);

describe('cdk-nag', () => {
  const findings = new Map(SCENARIOS.map((scenario) => [scenario.name, findingsOf(scenario.name, stackOf(scenario))]));

  test('sees a wildcard', () => {
    const stack = new Stack(new App(), 'app');
    const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    role.addToPolicy(new PolicyStatement({ actions: ['dynamodb:*'], resources: ['*'] }));

    const rules = unexplained(findingsOf('wildcard', stack), EXPECTED).map(({ rule }) => rule);
    expect(rules).toContain('AwsSolutions-IAM5[Action::dynamodb:*]');
  });

  test.each(SCENARIOS)('has nothing to say of $name but what has a reason', ({ name }) => {
    expect(unexplained(findings.get(name)!, EXPECTED)).toEqual([]);
  });

  test('reports all that has a reason', () => {
    expect(unused([...findings.values()].flat(), EXPECTED)).toEqual([]);
  });
});

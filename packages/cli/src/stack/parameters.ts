import type { ZaeLimiterProps } from '#construct';
import { Aws, CfnCondition, CfnParameter, Duration, Fn, Token, type CfnParameterProps, type Stack } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnTable } from 'aws-cdk-lib/aws-dynamodb';
import { CfnRole } from 'aws-cdk-lib/aws-iam';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { LOG_RETENTION_DAYS } from './deploy-options.js';

const number = (initial: number, minValue: number, maxValue: number, description: string): CfnParameterProps =>
  ({ type: 'Number', default: initial, minValue, maxValue, description });

const truth = (initial: boolean, description: string): CfnParameterProps =>
  ({ default: String(initial), allowedValues: ['true', 'false'], description });

const arnOrNothing = (service: string, description: string): CfnParameterProps =>
  ({ default: '', allowedPattern: `|arn:aws[a-z-]*:${service}:.+`, description: `${description}; none when empty` });

/** Settings that a template leaves to whoever deploys it, by the names that the Python library gives them. */
const PARAMETERS = {
  SnapshotWindows: {
    default: 'hourly,daily', allowedPattern: '(hourly|daily|monthly)(,(hourly|daily|monthly)){0,2}', description: 'Windows of usage: hourly, daily, monthly',
  },
  SnapshotRetentionDays: number(90, 1, 3650, 'How long usage is kept'),
  AuditRetentionDays: number(90, 1, 3650, 'How long audit events stay in the table'),
  AuditArchiveGlacierTransitionDays: number(90, 1, 3650, 'Age at which archived audit events move to Glacier'),
  EnablePITR: truth(false, 'Whether the table can be restored to any second'),
  PITRRecoveryPeriodDays: number(35, 1, 35, 'How far back it can be restored'),
  EnableDeletionProtection: truth(false, 'Whether DynamoDB refuses to delete the table'),
  LogRetentionDays: { type: 'Number', default: '30', allowedValues: LOG_RETENTION_DAYS.map(String), description: 'How long logs are kept' },
  LambdaMemorySize: number(256, 128, 3008, 'Memory of the aggregator in MB'),
  LambdaTimeout: number(60, 1, 900, 'Longest run of the aggregator in seconds'),
  LambdaDurationThreshold: number(48_000, 1, 900_000, 'Milliseconds of a run of the aggregator above which the alarm is set off'),
  AlarmSNSTopicArn: arnOrNothing('sns', 'Topic that the alarms publish to'),
  PermissionBoundary: arnOrNothing('iam', 'ARN of the boundary of every role'),
} as const satisfies Record<string, CfnParameterProps>;

type ParameterName = keyof typeof PARAMETERS;

const ref = (name: ParameterName): string => Fn.ref(name);
const amount = (name: ParameterName): number => Token.asNumber({ Ref: name });
const days = (name: ParameterName): Duration => Duration.days(amount(name));

/** Props whose values are parameters. The rest is set by `leaveOpen`, where the construct takes no token. */
export function openProps(): ZaeLimiterProps {
  return {
    limiterName: Aws.STACK_NAME,
    usage: { retention: days('SnapshotRetentionDays') },
    audit: { retention: days('AuditRetentionDays'), archive: { glacierTransition: days('AuditArchiveGlacierTransitionDays') } },
    aggregator: { memorySize: amount('LambdaMemorySize'), timeout: Duration.seconds(amount('LambdaTimeout')) },
    alarms: { aggregatorDuration: { threshold: amount('LambdaDurationThreshold') } },
    logRetention: amount('LogRetentionDays'),
  };
}

/** Declares the parameters, and uses those that are no props. */
export function leaveOpen(stack: Stack): void {
  for (const [name, props] of Object.entries(PARAMETERS)) new CfnParameter(stack, name, props);
  const when = (id: string, name: ParameterName, unwanted: string): ((value: unknown) => unknown) => {
    const condition = new CfnCondition(stack, id, { expression: Fn.conditionNot(Fn.conditionEquals(ref(name), unwanted)) });
    return (value) => ({ 'Fn::If': [condition.logicalId, value, { Ref: 'AWS::NoValue' }] });
  };
  const withPitr = when('HasPITR', 'EnablePITR', 'false');
  const withTopic = when('HasAlarmTopic', 'AlarmSNSTopicArn', '');
  const withBoundary = when('HasBoundary', 'PermissionBoundary', '');
  for (const resource of stack.node.findAll()) {
    if (resource instanceof CfnTable) {
      resource.addPropertyOverride('PointInTimeRecoverySpecification', withPitr({
        PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: ref('PITRRecoveryPeriodDays'),
      }));
      resource.addPropertyOverride('DeletionProtectionEnabled', ref('EnableDeletionProtection'));
    }
    if (resource instanceof CfnAlarm) resource.addPropertyOverride('AlarmActions', withTopic([ref('AlarmSNSTopicArn')]));
    if (resource instanceof CfnRole) resource.addPropertyOverride('PermissionsBoundary', withBoundary(ref('PermissionBoundary')));
    if (resource instanceof CfnFunction && resource.node.path.includes('/Aggregator/')) {
      resource.addPropertyOverride('Environment.Variables.SNAPSHOT_WINDOWS', ref('SnapshotWindows'));
    }
  }
}

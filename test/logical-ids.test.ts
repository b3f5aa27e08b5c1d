import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { ResourceNaming, ZaeLimiter, type ZaeLimiterProps } from '../src';

const LOGICAL_IDS = {
  LimiterTable04AFA56C: 'AWS::DynamoDB::Table',
  LimiterArchiveBucket46FBDADC: 'AWS::S3::Bucket',
  LimiterArchiveBucketPolicyAA3F3F31: 'AWS::S3::BucketPolicy',
  LimiterAggregatorDeadLetterQueue9B421E62: 'AWS::SQS::Queue',
  LimiterAggregatorDeadLetterQueuePolicyDE532F0F: 'AWS::SQS::QueuePolicy',
  LimiterAggregatorLogGroup3E8A2867: 'AWS::Logs::LogGroup',
  LimiterAggregatorRole24BCD7E8: 'AWS::IAM::Role',
  LimiterAggregatorRoleDefaultPolicy3720F58F: 'AWS::IAM::Policy',
  LimiterAggregatorFunctionF45629DE: 'AWS::Lambda::Function',
  LimiterAggregatorEventSource0B9D21CC: 'AWS::Lambda::EventSourceMapping',
  LimiterProvisionerLogGroup45CF1102: 'AWS::Logs::LogGroup',
  LimiterProvisionerRoleBE4E2F71: 'AWS::IAM::Role',
  LimiterProvisionerRoleDefaultPolicyB56EB2E8: 'AWS::IAM::Policy',
  LimiterProvisionerFunction1E6DECEC: 'AWS::Lambda::Function',
  LimiterBootstrapappEE73D951: 'Custom::ZaeLimiterBootstrap',
  LimiterLimitsapp63C81CA7: 'Custom::ZaeLimiterLimits',
  LimiterNamespacestenant1app9E430DEE: 'Custom::ZaeLimiterNamespace',
  LimiterPoliciesAcquireOnly8E9FEAE4: 'AWS::IAM::ManagedPolicy',
  LimiterPoliciesFullAccess213296AD: 'AWS::IAM::ManagedPolicy',
  LimiterPoliciesReadOnly07EF969B: 'AWS::IAM::ManagedPolicy',
  LimiterPoliciesNamespaceAcquire88FB680D: 'AWS::IAM::ManagedPolicy',
  LimiterPoliciesNamespaceFullAccess90FFE558: 'AWS::IAM::ManagedPolicy',
  LimiterPoliciesNamespaceReadOnly435645A7: 'AWS::IAM::ManagedPolicy',
  LimiterAlarmsAggregatorErrorsEE666728: 'AWS::CloudWatch::Alarm',
  LimiterAlarmsAggregatorDurationDC2FDDFC: 'AWS::CloudWatch::Alarm',
  LimiterAlarmsIteratorAgeE40C9500: 'AWS::CloudWatch::Alarm',
  LimiterAlarmsRecordFailures14CCC05A: 'AWS::CloudWatch::Alarm',
  LimiterAlarmsDeadLetters82BB9800: 'AWS::CloudWatch::Alarm',
  LimiterAlarmsProvisionerErrors93AE1716: 'AWS::CloudWatch::Alarm',
  LimiterAlarmsReadThrottles56EB1A02: 'AWS::CloudWatch::Alarm',
  LimiterAlarmsWriteThrottles53B93494: 'AWS::CloudWatch::Alarm',
  LimiterAlarmsIndexThrottles4E72A08A: 'AWS::CloudWatch::Alarm',
};

/** What is off by default. */
const OPTIONAL: ZaeLimiterProps = {
  alarms: { aggregatorThrottles: { enabled: true }, systemErrors: { enabled: true } }, dashboard: { enabled: true }, savedQueries: true,
  backup: {}, budget: { monthlyLimitUsd: 50, emails: ['ops@example.com'] }, availabilityProbe: {}, cloudTrail: { alarms: true },
};
const OPTIONAL_IDS = {
  LimiterAlarmsAggregatorThrottles53513B24: 'AWS::CloudWatch::Alarm',
  LimiterAlarmsSystemErrors051AC83E: 'AWS::CloudWatch::Alarm',
  LimiterDashboard7235E750: 'AWS::CloudWatch::Dashboard',
  LimiterQueriesErrors768B24BA: 'AWS::Logs::QueryDefinition',
  LimiterQueriesSlowInvocationsAB448A26: 'AWS::Logs::QueryDefinition',
  LimiterQueriesThroughputAFB39E39: 'AWS::Logs::QueryDefinition',
  LimiterQueriesFailuresByPhaseCDF2B1E9: 'AWS::Logs::QueryDefinition',
  LimiterQueriesShardsC59A3879: 'AWS::Logs::QueryDefinition',
  LimiterQueriesProvisioningEA1AC428: 'AWS::Logs::QueryDefinition',
  LimiterBackupPlan1D278A67: 'AWS::Backup::BackupPlan',
  LimiterBackupPlanSelectionE3537BD6: 'AWS::Backup::BackupSelection',
  LimiterBackupRole415EAEC6: 'AWS::IAM::Role',
  LimiterBackupVaultDAC74239: 'AWS::Backup::BackupVault',
  LimiterBudgetD99A3D8E: 'AWS::Budgets::Budget',
  LimiterCloudTrail573B933A: 'AWS::CloudTrail::Trail',
  LimiterCloudTrailAccessDeniedAlarm3E00D278: 'AWS::CloudWatch::Alarm',
  LimiterCloudTrailAccessDeniedFilter7927AED6: 'AWS::Logs::MetricFilter',
  LimiterCloudTrailBucket6FD950F6: 'AWS::S3::Bucket',
  LimiterCloudTrailBucketPolicy8D1033AC: 'AWS::S3::BucketPolicy',
  LimiterCloudTrailLimitChangesAlarm04EE696C: 'AWS::CloudWatch::Alarm',
  LimiterCloudTrailLimitChangesFilter74A027E0: 'AWS::Logs::MetricFilter',
  LimiterCloudTrailLogGroup9B0F67FF: 'AWS::Logs::LogGroup',
  LimiterCloudTrailRole932B51F9: 'AWS::IAM::Role',
  LimiterProbeAvailabilityAlarm11DF5FAD: 'AWS::CloudWatch::Alarm',
  LimiterProbeFunctionDAA652DA: 'AWS::Lambda::Function',
  LimiterProbeLatencyAlarm832C7EAC: 'AWS::CloudWatch::Alarm',
  LimiterProbeLogGroup12A22D5C: 'AWS::Logs::LogGroup',
  LimiterProbeRoleDefaultPolicy6E2FB6E3: 'AWS::IAM::Policy',
  LimiterProbeRoleED6359F2: 'AWS::IAM::Role',
  LimiterProbeSchedule4A4FC9D1: 'AWS::Events::Rule',
  LimiterProbeScheduleAllowEventRuleappLimiterProbeFunction579EEE3BD70C6FC7: 'AWS::Lambda::Permission',
};

const ADVICE = `A changed or missing logical id replaces the resource in every user's stack: a table would start empty, and a resource
with a fixed name would fail to deploy. Keep the construct ids; change this list only for a resource that is new, or in a major version.`;

const lines = (ids: Readonly<Record<string, string>>): string[] => Object.entries(ids).map(([id, type]) => `${id}: ${type}`).sort();

test.each<[string, ZaeLimiterProps, Readonly<Record<string, string>>]>([
  ['a limiter', {}, LOGICAL_IDS], ['a limiter with all its parts', OPTIONAL, { ...LOGICAL_IDS, ...OPTIONAL_IDS }],
])('the logical ids of %s are the published ones', (_, props, ids) => {
  const stack = new Stack(new App(), 'app');

  const limiter = new ZaeLimiter(stack, 'Limiter', props);
  limiter.addNamespace('tenant-1');
  limiter.addLimits('Default', {});

  const resources = Template.fromStack(stack).toJSON().Resources as Record<string, { Type: string }>;
  const found = lines(Object.fromEntries(Object.entries(resources).map(([id, { Type }]) => [id, Type])));
  const published = lines(ids);
  const [lost, added] = [published.filter((line) => !found.includes(line)), found.filter((line) => !published.includes(line))];
  const changes = [...lost.map((line) => `- ${line}`), ...added.map((line) => `+ ${line}`)];
  if (changes.length > 0) throw new Error([ADVICE, '', ...changes].join('\n'));
});

describe('what cannot change on a deployed resource', () => {
  const ADVICE_ON_VALUES = 'a change replaces the resource, and CloudFormation cannot create another one under the name that is taken';
  const stackWith = (props: ZaeLimiterProps): Template => {
    const stack = new Stack(new App(), 'app');
    new ZaeLimiter(stack, 'Limiter', props).addLimits('Default', {});
    return Template.fromStack(stack);
  };

  test('descriptions of managed policies are the published ones', () => {
    const descriptions = Object.values(stackWith({}).findResources('AWS::IAM::ManagedPolicy'))
      .map(({ Properties }) => [Properties.ManagedPolicyName, Properties.Description]);

    expect({ [ADVICE_ON_VALUES]: Object.fromEntries(descriptions) }).toEqual({
      [ADVICE_ON_VALUES]: {
        'app-acq': 'Take tokens from the rate limiter app',
        'app-full': 'Administer the rate limiter app',
        'app-read': 'Read the rate limiter app',
        'app-ns-acq': 'Take tokens from one namespace of the rate limiter app',
        'app-ns-full': 'Administer one namespace of the rate limiter app',
        'app-ns-read': 'Read one namespace of the rate limiter app',
      },
    });
  });

  test('a function of another name gets other custom resources, because none can change its function', () => {
    const idsOf = (props: ZaeLimiterProps): string[] => {
      const resources = stackWith(props).toJSON().Resources as Record<string, { Type: string }>;
      return Object.entries(resources).filter(([, { Type }]) => Type.startsWith('Custom::')).map(([id]) => id);
    };
    const sets = [{}, { limiterName: 'other' }, { naming: ResourceNaming.GENERATED }].map(idsOf);

    expect(new Set(sets.flat()).size).toBe(6);
  });

  test('a vault of backups with a key is another vault', () => {
    const vaults = [{}, { encryptionKey: true }].map(({ encryptionKey }) => {
      const stack = new Stack(new App(), 'app');
      new ZaeLimiter(stack, 'Limiter', { backup: {}, encryptionKey: encryptionKey === true ? new Key(stack, 'Key') : undefined });
      return Object.entries(Template.fromStack(stack).findResources('AWS::Backup::BackupVault'))[0]!;
    });

    expect(vaults[0]![0]).not.toBe(vaults[1]![0]);
    expect(vaults[0]![1].Properties.BackupVaultName).not.toBe(vaults[1]![1].Properties.BackupVaultName);
    expect(vaults[1]![1].Properties.EncryptionKeyArn).toBeDefined();
  });
});

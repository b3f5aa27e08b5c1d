import { CfnOutput } from 'aws-cdk-lib';
import { Construct } from 'constructs';

/** Which outputs a stack gets. */
export enum OutputMode {
  /** None. */
  NONE = 'NONE',
  /** Names and ARNs, for people and scripts. */
  OUTPUTS = 'OUTPUTS',
  /**
   * The same, and exported for templates that import them. What is imported cannot change or be removed until it is not
   * imported any more.
   */
  EXPORTS = 'EXPORTS',
}

/** Names and ARNs by the keys of outputs; what is undefined is not there. */
export type OutputValues = { readonly [K in OutputKey]?: string };

/**
 * Keys of outputs, and the end of each export's name after `{limiterName}-`. A contract: templates import them, and so do
 * programs of the Python library.
 */
export const EXPORT_SUFFIXES = {
  TableName: 'TableName',
  TableArn: 'TableArn',
  StreamArn: 'StreamArn',
  AggregatorFunctionArn: 'AggregatorArn',
  AggregatorFunctionName: 'AggregatorName',
  AggregatorDLQUrl: 'DLQUrl',
  AggregatorDLQArn: 'DLQArn',
  AggregatorDLQAlarmName: 'DLQAlarmName',
  LambdaErrorRateAlarmName: 'LambdaErrorRateAlarmName',
  LambdaDurationAlarmName: 'LambdaDurationAlarmName',
  StreamIteratorAgeAlarmName: 'StreamIteratorAgeAlarmName',
  DynamoDBReadThrottleAlarmName: 'ReadThrottleAlarmName',
  DynamoDBWriteThrottleAlarmName: 'WriteThrottleAlarmName',
  AuditArchiveBucketName: 'AuditArchiveBucketName',
  AuditArchiveBucketArn: 'AuditArchiveBucketArn',
  AcquireOnlyPolicyArn: 'AcquireOnlyPolicyArn',
  FullAccessPolicyArn: 'FullAccessPolicyArn',
  ReadOnlyPolicyArn: 'ReadOnlyPolicyArn',
  NamespaceAcquirePolicyArn: 'NamespaceAcquirePolicyArn',
  NamespaceFullAccessPolicyArn: 'NamespaceFullAccessPolicyArn',
  NamespaceReadOnlyPolicyArn: 'NamespaceReadOnlyPolicyArn',
  AppRoleArn: 'AppRoleArn',
  AppRoleName: 'AppRoleName',
  AdminRoleArn: 'AdminRoleArn',
  AdminRoleName: 'AdminRoleName',
  ReadOnlyRoleArn: 'ReadOnlyRoleArn',
  ReadOnlyRoleName: 'ReadOnlyRoleName',
  PermissionBoundaryArn: 'PermissionBoundaryArn',
  RoleNameFormat: 'RoleNameFormat',
  ProvisionerFunctionArn: 'ProvisionerArn',
  ProvisionerFunctionName: 'ProvisionerName',
  AvailabilityAlarmName: 'AvailabilityAlarmName',
  BackupVaultName: 'BackupVaultName',
  BackupPlanArn: 'BackupPlanArn',
  DashboardUrl: 'DashboardUrl',
} as const;

export type OutputKey = keyof typeof EXPORT_SUFFIXES;

/** Name of an export. */
export const exportName = (limiterName: string, key: OutputKey): string => `${limiterName}-${EXPORT_SUFFIXES[key]}`;

/** The outputs of a limiter, as children that are named like their keys. */
export class LimiterOutputs extends Construct {
  constructor(scope: Construct, id: string, limiterName: string, mode: OutputMode, values: OutputValues) {
    super(scope, id);
    if (mode === OutputMode.NONE) return;
    for (const [key, value] of Object.entries(values) as [OutputKey, string | undefined][]) {
      if (value === undefined) continue;
      new CfnOutput(this, key, { value, exportName: mode === OutputMode.EXPORTS ? exportName(limiterName, key) : undefined });
    }
  }

  /** Names the outputs after their keys, for a stack that holds nothing but one limiter. */
  useKeysAsIds(): void {
    for (const output of this.node.children) (output as CfnOutput).overrideLogicalId(output.node.id);
  }
}

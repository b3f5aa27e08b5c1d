import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import { AggregatorOptions, UsageOptions } from './aggregator-options';
import { AlarmOptions } from './alarm-options';
import { AuditOptions } from './audit-archive';
import { AvailabilityProbeOptions } from './availability-probe';
import { BackupOptions } from './backup';
import { BudgetOptions } from './budget';
import { DashboardOptions } from './dashboard';
import { IamOptions } from './iam-options';
import { TableOptions } from './limiter-table';
import { NetworkOptions } from './network-options';
import { OutputMode } from './outputs';
import { Profile } from './profile';
import { ProvisionerOptions } from './provisioner';
import { ResourceNaming } from './resource-naming';
import { CloudTrailOptions } from './security-trail';

/** Settings of a limiter; all are optional. */
export interface ZaeLimiterProps {
  /**
   * Settings for one stage of an application, where the props below say nothing.
   *
   * @default - the defaults of the props
   */
  readonly profile?: Profile;

  /**
   * Name of the limiter and of its table: what clients connect to, and the beginning of every other name.
   *
   * 3 to 45 characters (53 without provisioner, 55 without functions, 50 with backups): letters, digits and hyphens, a letter first.
   * Tokens are accepted and not checked. Changing it replaces the table and everything else that is named after it.
   *
   * @default - the name of the stack
   */
  readonly limiterName?: string;

  /**
   * Where the names of resources come from.
   *
   * @default ResourceNaming.FIXED
   */
  readonly naming?: ResourceNaming;

  /**
   * Settings of the table that few limiters need.
   *
   * @default - billed by request, encrypted with a key of DynamoDB, no local indexes
   */
  readonly table?: TableOptions;

  /**
   * Key of table, audit archive, dead-letter queue, logs and environment variables, unless one of them has its own.
   *
   * A key of this app gets the statement that CloudWatch Logs needs; the policy of another one has to have it.
   *
   * @default - keys of the services, which cost nothing
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * What becomes of the table and the audit archive when they are removed from the stack, or the stack is deleted.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * Whether DynamoDB refuses to delete the table.
   *
   * @default false
   */
  readonly deletionProtection?: boolean;

  /**
   * How far back the table can be restored to any second.
   *
   * Range: 1 to 35 days.
   *
   * @default - point-in-time recovery is off
   */
  readonly pitrRecoveryPeriod?: Duration;

  /**
   * The function that turns the table's stream into usage snapshots.
   *
   * @default - enabled, with the defaults of its settings
   */
  readonly aggregator?: AggregatorOptions;

  /**
   * The function that prepares the table when it is deployed.
   *
   * @default - enabled, with the defaults of its settings
   */
  readonly provisioner?: ProvisionerOptions;

  /**
   * What the usage snapshots record.
   *
   * @default - hours and days, kept for 90 days
   */
  readonly usage?: UsageOptions;

  /**
   * How audit events are kept.
   *
   * @default - 90 days in the table, then in a bucket
   */
  readonly audit?: AuditOptions;

  /**
   * How long the logs of the functions are kept, and that of the trail.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * Whether X-Ray traces the functions, with their calls to DynamoDB and S3.
   *
   * @default false
   */
  readonly tracing?: boolean;

  /**
   * When somebody is told that the limiter is not well.
   *
   * @default - enabled, with the defaults of each alarm; they show in the console and tell nobody
   */
  readonly alarms?: AlarmOptions;

  /**
   * A dashboard of the table, the functions and the queue.
   *
   * @default - not enabled
   */
  readonly dashboard?: DashboardOptions;

  /**
   * Whether queries for the logs of both functions are saved in CloudWatch Logs Insights, in the folder
   * `zae-limiter/` and the limiter's name. Off, because they appear for everyone who queries any log of the account and region.
   *
   * @default false
   */
  readonly savedQueries?: boolean;

  /**
   * What is created in IAM.
   *
   * @default - managed policies, and a role for each function
   */
  readonly iam?: IamOptions;

  /**
   * Placement of the functions in a VPC.
   *
   * @default - in none
   */
  readonly network?: NetworkOptions;

  /**
   * Namespaces that are registered when the limiter is deployed. Removing one from the list does not delete it.
   *
   * Each 1 to 128 characters without `#`; `_` is reserved.
   *
   * @default ['default']
   */
  readonly namespaces?: string[];

  /**
   * Which outputs the stack gets.
   *
   * @default OutputMode.OUTPUTS
   */
  readonly outputs?: OutputMode;

  /**
   * Whether names and ARNs are published as parameters under `/zae-limiter/{limiterName}/`, which other apps can read
   * without the bond that an export is.
   *
   * @default false
   */
  readonly ssmParameters?: boolean;

  /**
   * Whether the stack is tagged, so that `zae-limiter list` and the Python library find the limiter. The table is tagged either way.
   * A stack with more than one limiter is not tagged.
   *
   * @default true
   */
  readonly discoveryTags?: boolean;

  /**
   * More tags for every resource of the limiter, 42 at most. Tags of the app win.
   *
   * @default - none
   */
  readonly tags?: { [key: string]: string };

  /**
   * Copies of the table that AWS Backup makes on a schedule.
   *
   * @default - none
   */
  readonly backup?: BackupOptions;

  /**
   * What the limiter may cost in a month, and who is told when it gets there.
   *
   * @default - no budget
   */
  readonly budget?: BudgetOptions;

  /**
   * A function that takes a token and gives it back, again and again, and alarms that say when it cannot.
   *
   * @default - none
   */
  readonly availabilityProbe?: AvailabilityProbeOptions;

  /**
   * A record of every call to the table, by whom and to which key, in CloudTrail.
   *
   * @default - none
   */
  readonly cloudTrail?: CloudTrailOptions;
}

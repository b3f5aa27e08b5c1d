import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import { AggregatorOptions, UsageOptions } from './aggregator';
import { AlarmOptions } from './alarm-options';
import { DashboardOptions } from './dashboard';
import { TableOptions } from './limiter-table';
import { ProvisionerOptions } from './provisioner';

/** How audit events are kept. */
export interface AuditOptions {
  /**
   * How long an audit event stays in the table. Changing it affects new events only.
   *
   * Range: 1 to 3650 days.
   *
   * @default Duration.days(90)
   */
  readonly retention?: Duration;
}

/** Settings of a limiter; all are optional. */
export interface ZaeLimiterProps {
  /**
   * Name of the limiter and of its table: what clients connect to, and the beginning of every other name.
   *
   * 3 to 45 characters (53 without provisioner, 55 without functions): letters, digits and hyphens, a letter first.
   * Tokens are accepted and not checked. Changing it replaces the table and everything else that is named after it.
   *
   * @default - the name of the stack
   */
  readonly limiterName?: string;

  /**
   * Settings of the table that few limiters need.
   *
   * @default - no local indexes
   */
  readonly table?: TableOptions;

  /**
   * What becomes of the table when it is removed from the stack, or the stack is deleted.
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
   * @default - 90 days
   */
  readonly audit?: AuditOptions;

  /**
   * How long the logs of both functions are kept.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * Whether X-Ray traces both functions, with their calls to DynamoDB and S3.
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
   * Namespaces that are registered when the limiter is deployed. Removing one from the list does not delete it.
   *
   * Each 1 to 128 characters without `#`; `_` is reserved.
   *
   * @default ['default']
   */
  readonly namespaces?: string[];
}

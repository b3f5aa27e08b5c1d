import { Aws, Duration } from 'aws-cdk-lib';
import * as backup from 'aws-cdk-lib/aws-backup';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { Names } from './private/names';
import { Problems } from './private/validate';

/** Copies of the table that AWS Backup makes on a schedule. */
export interface BackupOptions {
  /**
   * Whether backups are made.
   *
   * @default true
   */
  readonly enabled?: boolean;

  /**
   * When a backup is made. AWS Backup takes cron expressions only.
   *
   * @default - daily at 05:00 UTC
   */
  readonly schedule?: events.Schedule;

  /**
   * How long a backup is kept.
   *
   * Range: 1 day or more; 90 days more than `moveToColdStorageAfter`, for which cold storage charges at least.
   *
   * @default Duration.days(35)
   */
  readonly deleteAfter?: Duration;

  /**
   * Age at which a backup moves to cold storage. Needs AWS Backup's advanced features for DynamoDB, which are a setting of the
   * account and region; without them the plan is accepted and nothing moves.
   *
   * Range: 1 day or more.
   *
   * @default - never
   */
  readonly moveToColdStorageAfter?: Duration;

  /**
   * Where backups are kept.
   *
   * @default - a vault is created, which is kept when the stack is deleted
   */
  readonly vault?: backup.IBackupVault;

  /**
   * Key of the vault that is created. Without the advanced features for DynamoDB a backup is encrypted as the table is.
   *
   * @default - `encryptionKey` of the limiter, or the AWS managed key of AWS Backup
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Second place of the backups, for the loss of a region or of an account. Needs the advanced features for DynamoDB.
   *
   * @default - no copies
   */
  readonly copyTo?: BackupCopyOptions;

  /**
   * Role that AWS Backup assumes to make backups. Nothing is added to it.
   *
   * @default - one is created that may back up this table and nothing else
   */
  readonly role?: iam.IRole;
}

/** A second place of the backups. */
export interface BackupCopyOptions {
  /** Vault of another region or account. One of another account has to allow `backup:CopyIntoBackupVault` to this one. */
  readonly vault: backup.IBackupVault;

  /**
   * When a backup is made that is copied, beside those that are not.
   *
   * @default - every backup is copied
   */
  readonly schedule?: events.Schedule;

  /**
   * How long a copy is kept.
   *
   * Range: 1 day or more; 90 days more than `moveToColdStorageAfter`.
   *
   * @default - as long as the backup itself
   */
  readonly deleteAfter?: Duration;

  /**
   * Age at which a copy moves to cold storage.
   *
   * Range: 1 day or more.
   *
   * @default - never
   */
  readonly moveToColdStorageAfter?: Duration;
}

export interface BackupProps {
  readonly limiterName: string;
  readonly names: Names;
  readonly permissionsBoundary?: iam.IManagedPolicy;
  readonly table: dynamodb.ITable;
  readonly encryptionKey?: kms.IKey;
  readonly options: BackupOptions;
}

type Lifecycle = Pick<BackupOptions, 'deleteAfter' | 'moveToColdStorageAfter'>;

const DEFAULT_RETENTION = Duration.days(35);

/** A backup plan for the table: vault, plan, selection, and the role that makes backups. It cannot restore. */
export class Backup extends Construct {
  readonly vault: backup.IBackupVault;
  readonly plan: backup.BackupPlan;
  readonly role: iam.IRole;

  constructor(scope: Construct, id: string, private readonly props: BackupProps) {
    super(scope, id);
    const { limiterName, table, options } = props;
    const encryptionKey = options.encryptionKey ?? props.encryptionKey;
    // A vault cannot get another key, and its name has to be free: with a key it is another vault.
    this.vault = options.vault ?? new backup.BackupVault(this, encryptionKey === undefined ? 'Vault' : 'EncryptedVault', { encryptionKey });
    this.plan = new backup.BackupPlan(this, 'Plan', {
      backupPlanName: limiterName,
      backupVault: this.vault,
      backupPlanRules: this.rules(),
    });
    this.setLifecycles();
    this.role = options.role ?? this.newRole();
    this.plan.addSelection('Selection', {
      backupSelectionName: 'Table',
      resources: [backup.BackupResource.fromDynamoDbTable(table)],
      role: this.role,
      disableDefaultBackupPolicy: true, // it would be added to the role, and lets it read volumes, databases and buckets as well
    });
  }

  private rules(): backup.BackupPlanRule[] {
    const { schedule = DAILY, copyTo: copy } = this.props.options;
    const copyActions = copy && [{ destinationBackupVault: copy.vault }];
    const rule = (ruleName: string, at: events.Schedule, actions?: typeof copyActions): backup.BackupPlanRule =>
      new backup.BackupPlanRule({ ruleName, scheduleExpression: at, copyActions: actions });
    return copy?.schedule === undefined ? [rule('Backup', schedule, copyActions)] : [rule('Backup', schedule), rule('Copy', copy.schedule, copyActions)];
  }

  /** Set on the resource itself, because the L2 compares ages that may be tokens. */
  private setLifecycles(): void {
    const { copyTo: copy, ...options } = this.props.options;
    const plan = this.plan.node.defaultChild as backup.CfnBackupPlan;
    const set = (path: string, lifecycle: Lifecycle): void =>
      plan.addPropertyOverride(`BackupPlan.BackupPlanRule.${path}Lifecycle`, {
        DeleteAfterDays: (lifecycle.deleteAfter ?? DEFAULT_RETENTION).toDays(),
        MoveToColdStorageAfterDays: lifecycle.moveToColdStorageAfter?.toDays(),
      });
    const copying = copy?.schedule === undefined ? 0 : 1;
    for (let rule = 0; rule <= copying; rule += 1) set(`${rule}.`, options);
    if (copy !== undefined) set(`${copying}.CopyActions.0.`, { ...copy, deleteAfter: copy.deleteAfter ?? options.deleteAfter });
  }

  /** The statements that AWS Backup's guide names for DynamoDB, narrowed to this table; its managed policy covers every service. */
  private newRole(): iam.Role {
    const { limiterName, names, table, options, permissionsBoundary } = this.props;
    const allow = (sid: string, actions: string[], resources: string[], conditions?: object): iam.PolicyStatement =>
      new iam.PolicyStatement({ sid, actions, resources, ...(conditions && { conditions: conditions as { [operator: string]: unknown } }) });
    const keys = [...new Set([table.encryptionKey, options.encryptionKey ?? this.props.encryptionKey].flatMap((key) => key?.keyArn ?? []))];
    const statements = [
      allow('BackUpTable', ['DescribeTable', 'CreateBackup', 'StartAwsBackupJob', 'ListTagsOfResource'].map(dynamodbAction), [table.tableArn]),
      allow('ManageBackups', ['DescribeBackup', 'DeleteBackup'].map(dynamodbAction), [`${table.tableArn}/backup/*`]),
      allow('TagRecoveryPoints', ['backup:TagResource'], [`arn:${Aws.PARTITION}:backup:*:${Aws.ACCOUNT_ID}:recovery-point:*`]),
      ...(options.copyTo === undefined ? [] : [
        allow('CopyBackups', ['backup:CopyIntoBackupVault', 'backup:DescribeBackupVault'], [options.copyTo.vault.backupVaultArn]),
        allow('ReadBackups', ['backup:CopyFromBackupVault'], ['*']), // the action knows no resource
      ]),
      ...(keys.length === 0 ? [] : [
        allow('UseKeys', ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'], keys),
        allow('GrantKeys', ['kms:CreateGrant'], keys, { Bool: { 'kms:GrantIsForAWSResource': 'true' } }),
      ]),
    ];
    return new iam.Role(this, 'Role', {
      roleName: names.role('backup'),
      permissionsBoundary,
      description: `Lets AWS Backup make backups of the rate limiter ${limiterName}`,
      assumedBy: new iam.ServicePrincipal('backup.amazonaws.com'),
      inlinePolicies: { Backup: new iam.PolicyDocument({ statements }) },
    });
  }
}

const DAILY = events.Schedule.cron({ hour: '5', minute: '0' });

const dynamodbAction = (action: string): string => `dynamodb:${action}`;

/**
 * Collects what is wrong with the settings of the backups.
 *
 * @param createIam whether the limiter may create roles
 */
export function checkBackup(problems: Problems, options: BackupOptions, createIam: boolean): void {
  const { copyTo: copy } = options;
  checkLifecycle(problems, 'backup', options);
  checkSchedule(problems, 'backup', options.schedule);
  if (copy !== undefined) {
    checkLifecycle(problems, 'backup.copyTo', { ...copy, deleteAfter: copy.deleteAfter ?? options.deleteAfter });
    checkSchedule(problems, 'backup.copyTo', copy.schedule);
  }
  if (options.vault !== undefined && options.encryptionKey !== undefined) {
    problems.add('BACKUP_VAULT_CONFLICT', 'backup.encryptionKey must not be given together with backup.vault, which has a key of its own');
  }
  if (options.role === undefined && !createIam) {
    problems.add('BACKUP_ROLE_REQUIRED', 'backup.role must be given, because the limiter may create no IAM resources');
  }
}

/** Cold storage charges for 90 days, so AWS Backup keeps what is there at least as long. */
const COLD_STORAGE_DAYS = 90;

function checkLifecycle(problems: Problems, prop: string, { deleteAfter = DEFAULT_RETENTION, moveToColdStorageAfter: cold }: Lifecycle): void {
  const days = (age: Duration): number => age.toDays({ integral: false });
  const isAge = (age: Duration): boolean => age.isUnresolved() || (Number.isInteger(days(age)) && days(age) >= 1);
  const ages = { deleteAfter, moveToColdStorageAfter: cold };
  const wrong = Object.entries(ages).filter(([, age]) => age !== undefined && !isAge(age));
  for (const [name, age] of wrong) {
    problems.add('BACKUP_LIFECYCLE', `${prop}.${name} must be a whole number of days, at least 1, got ${age!.toHumanString()}`);
  }
  if (wrong.length > 0 || cold === undefined || cold.isUnresolved() || deleteAfter.isUnresolved()) return;
  if (days(deleteAfter) < days(cold) + COLD_STORAGE_DAYS) {
    problems.add('BACKUP_LIFECYCLE',
      `${prop}.deleteAfter must be at least ${COLD_STORAGE_DAYS} days more than moveToColdStorageAfter, got ${days(deleteAfter)} and ${days(cold)} days`);
  }
}

function checkSchedule(problems: Problems, prop: string, schedule: events.Schedule | undefined): void {
  if (schedule === undefined || schedule.expressionString.startsWith('cron(')) return;
  problems.add('BACKUP_SCHEDULE_INVALID', `${prop}.schedule must be a cron expression, got '${schedule.expressionString}'`);
}

import { CustomResource, Duration, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import * as backup from 'aws-cdk-lib/aws-backup';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { propertyInjectable } from 'aws-cdk-lib/core/lib/prop-injectable';
import { Construct } from 'constructs';
import { AccessTarget } from './access';
import { AccessPolicies } from './access-policies';
import { AccessRoles } from './access-roles';
import { Aggregator } from './aggregator';
import { LimiterAlarms } from './alarms';
import { archiveBucket } from './audit-archive';
import { AvailabilityProbe } from './availability-probe';
import { Backup } from './backup';
import { Budget } from './budget';
import { ZaeLimiterDashboard } from './dashboard';
import { tagFunction, tagResources, tagStack, tagTable, untagStack } from './discovery-tags';
import { NAMESPACE_TAG_KEY } from './iam-options';
import { ImportedLimiter, importFromExports, importFromParameters, ZaeLimiterAttributes } from './imported-limiter';
import { IZaeLimiter } from './limiter';
import { LimiterBase } from './limiter-base';
import { limiterTable } from './limiter-table';
import { LimiterOutputs, OutputMode, OutputValues } from './outputs';
import { Audience } from './private/alarm-actions';
import { FunctionSurroundings } from './private/bundled-function';
import { allowLogs, serviceIn } from './private/encryption';
import { checkLimiter, warnAboutLimiter } from './private/limiter-checks';
import { partsOf } from './private/limiter-parts';
import { Names } from './private/names';
import { provisionerId } from './private/provisioner-resource';
import { bootstrapResource, Provisioner } from './provisioner';
import { ResourceNaming } from './resource-naming';
import { QueriedLogs, SavedQueries } from './saved-queries';
import { SecurityTrail } from './security-trail';
import { LimiterParameters } from './ssm-parameters';
import { ZaeLimiterProps } from './zae-limiter-props';

/**
 * A token-bucket rate limiter: a DynamoDB table that clients acquire from, a function that adds up usage from its
 * stream, and a function that prepares the table when it is deployed.
 *
 * The table is kept when the stack is deleted, unless `removalPolicy` says otherwise.
 *
 * @example
 *
 * const limiter = new ZaeLimiter(this, 'Limiter', { limiterName: 'my-limiter' });
 * const worker = new lambda.Function(this, 'Worker', {
 *   runtime: lambda.Runtime.NODEJS_24_X,
 *   handler: 'index.handler',
 *   code: lambda.Code.fromAsset('worker'),
 *   environment: limiter.clientEnvironment(),
 * });
 * limiter.grantAcquire(worker);
 */
@propertyInjectable
export class ZaeLimiter extends LimiterBase {
  /** Id by which property injectors know the construct. */
  public static readonly PROPERTY_INJECTION_ID: string = '@zae-limiter.cdk.ZaeLimiter';

  /**
   * A limiter that another app deployed, in the account and region of the stack: for grants, limits and metrics of the table.
   *
   * @param scope the stack that uses it
   * @param id id of the construct
   * @param tableName name of the limiter
   */
  public static fromTableName(scope: Construct, id: string, tableName: string): IZaeLimiter {
    return new ImportedLimiter(scope, id, { tableName });
  }

  /**
   * A limiter that another app deployed, in any account and region.
   *
   * @param scope the stack that uses it
   * @param id id of the construct
   * @param tableArn ARN of its table
   */
  public static fromTableArn(scope: Construct, id: string, tableArn: string): IZaeLimiter {
    return new ImportedLimiter(scope, id, { tableArn });
  }

  /**
   * A limiter that another app deployed, with everything that is known of it.
   *
   * @param scope the stack that uses it
   * @param id id of the construct
   * @param attributes the name or the ARN of its table, and more
   */
  public static fromAttributes(scope: Construct, id: string, attributes: ZaeLimiterAttributes): IZaeLimiter {
    return new ImportedLimiter(scope, id, attributes);
  }

  /**
   * A limiter whose stack exports its outputs: one with `OutputMode.EXPORTS`, or one that the Python library deployed.
   *
   * Only what is used is imported, and has to exist: full access, limits and namespaces use the provisioner. An export that is
   * imported cannot change or be removed: `fromSsm` leaves that freedom.
   *
   * @param scope the stack that uses it
   * @param id id of the construct
   * @param limiterName what the names of the exports begin with
   */
  public static fromStackExports(scope: Construct, id: string, limiterName: string): IZaeLimiter {
    return importFromExports(scope, id, limiterName);
  }

  /**
   * A limiter that publishes its names with `ssmParameters`, in the account and region of the stack.
   *
   * Only what is used is read, when the using stack is deployed, and has to exist: full access, limits and namespaces use the provisioner.
   *
   * @param scope the stack that uses it
   * @param id id of the construct
   * @param limiterName its name
   */
  public static fromSsm(scope: Construct, id: string, limiterName: string): IZaeLimiter {
    return importFromParameters(scope, id, limiterName);
  }

  public readonly limiterName: string;
  public readonly tableArn: string;
  public readonly tableStreamArn?: string;
  public readonly provisionerFunctionArn?: string;
  public readonly provisionerTimeout?: Duration;
  public readonly aggregatorFunctionName?: string;
  public readonly deadLetterQueueName?: string;
  public readonly provisionerFunctionName?: string;

  /** The table. */
  public readonly table: dynamodb.Table;

  /** The function that adds up usage; undefined when it is not enabled. */
  public readonly aggregator?: lambda.IFunction;

  /** The role of the function that adds up usage; undefined when it is not enabled. */
  public readonly aggregatorRole?: iam.IRole;

  /** What the aggregator's role has to allow: what it allows when it is created, what yours has to. */
  public readonly aggregatorPolicyDocument?: iam.PolicyDocument;

  /** The queue that stream records go to which could not be counted; undefined when they go somewhere else. */
  public readonly deadLetterQueue?: sqs.IQueue;

  /** What feeds the stream to the aggregator; undefined when it is not enabled. */
  public readonly eventSourceMapping?: lambda.IEventSourceMapping;

  /** The bucket of the audit archive; undefined when there is none. */
  public readonly archiveBucket?: s3.IBucket;

  /** The function that prepares the table; undefined when it is not enabled. */
  public readonly provisioner?: lambda.IFunction;

  /** The role of the function that prepares the table; undefined when it is not enabled. */
  public readonly provisionerRole?: iam.IRole;

  /** What the provisioner's role has to allow: what it allows when it is created, what yours has to. */
  public readonly provisionerPolicyDocument?: iam.PolicyDocument;

  /** The resource that makes a new table usable; undefined when the provisioner is not enabled. Depend on it to acquire at deploy time. */
  public readonly bootstrap?: CustomResource;

  /** Take and give back tokens: for principals that are not made in this app. Undefined when nothing is created in IAM. */
  public readonly acquirePolicy?: iam.IManagedPolicy;

  /** Administer: for principals that are not made in this app. Undefined when nothing is created in IAM. */
  public readonly fullAccessPolicy?: iam.IManagedPolicy;

  /** Read: for principals that are not made in this app. Undefined when nothing is created in IAM. */
  public readonly readOnlyPolicy?: iam.IManagedPolicy;

  /** Take and give back tokens of the namespace of the principal's tag; undefined when it is not created. */
  public readonly namespaceAcquirePolicy?: iam.IManagedPolicy;

  /** Administer the namespace of the principal's tag; undefined when it is not created. */
  public readonly namespaceFullAccessPolicy?: iam.IManagedPolicy;

  /** Read the namespace of the principal's tag; undefined when it is not created. */
  public readonly namespaceReadOnlyPolicy?: iam.IManagedPolicy;

  /** Role to acquire with; undefined unless `iam.createRoles` is set. */
  public readonly appRole?: iam.IRole;

  /** Role to administer with; undefined unless `iam.createRoles` is set. */
  public readonly adminRole?: iam.IRole;

  /** Role to read with; undefined unless `iam.createRoles` is set. */
  public readonly readRole?: iam.IRole;

  /** When and how the table is backed up; undefined without `backup`. */
  public readonly backupPlan?: backup.IBackupPlan;

  /** Where backups are kept; undefined without `backup`. */
  public readonly backupVault?: backup.IBackupVault;

  /** The role that makes backups; undefined without `backup`. */
  public readonly backupRole?: iam.IRole;

  /** The function that tries to take tokens; undefined without `availabilityProbe`. */
  public readonly probe?: lambda.IFunction;

  /** The role of the function that tries to take tokens; undefined without `availabilityProbe`. */
  public readonly probeRole?: iam.IRole;

  /** What the probe's role has to allow: what it allows when it is created, what yours has to. */
  public readonly probePolicyDocument?: iam.PolicyDocument;

  /** In alarm when tokens cannot be taken, or nobody tries; undefined without `availabilityProbe`. */
  public readonly availabilityAlarm?: cloudwatch.IAlarm;

  /** In alarm when taking tokens is slow; undefined without `availabilityProbe`. */
  public readonly probeLatencyAlarm?: cloudwatch.IAlarm;

  /** Where CloudTrail keeps its record of the calls to the table; undefined without `cloudTrail`. */
  public readonly trailBucket?: s3.IBucket;

  /** In alarm when a call to the table was refused; undefined without `cloudTrail.alarms`. */
  public readonly accessDeniedAlarm?: cloudwatch.IAlarm;

  /** In alarm when somebody but the provisioner changed limits; undefined without `cloudTrail.alarms`. */
  public readonly limitChangesAlarm?: cloudwatch.IAlarm;

  /** @internal */
  protected readonly _accessTarget: AccessTarget;

  /** @internal */
  protected readonly _namespaceTagKey: string;

  /** @internal */
  public readonly _provisionerId: string;

  /** @internal */
  public readonly _outputs: LimiterOutputs;

  /** The alarms; undefined when they are not enabled. */
  public readonly alarms?: LimiterAlarms;

  /** The dashboard; undefined when it is not enabled. */
  public readonly dashboard?: ZaeLimiterDashboard;

  constructor(scope: Construct, id: string, props: ZaeLimiterProps = {}) {
    super(scope, id);
    props = props.profile?._complete(props) ?? props;
    this.limiterName = props.limiterName ?? Stack.of(this).stackName;
    checkLimiter(this, props, othersIn(this).map((other) => other.limiterName));

    const { limiterName } = this;
    const iamOptions = props.iam ?? {};
    const parts = partsOf(props);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const naming = props.naming ?? ResourceNaming.FIXED;
    const names = new Names(limiterName, naming, iamOptions);
    this._provisionerId = provisionerId(limiterName, naming === ResourceNaming.GENERATED ? '-generated' : '');
    const surroundings: FunctionSurroundings = {
      limiterName,
      names,
      logRetention: props.logRetention ?? logs.RetentionDays.ONE_MONTH,
      tracing: props.tracing ?? false,
      network: props.network,
      encryptionKey: props.encryptionKey,
      permissionsBoundary: iamOptions.permissionsBoundary,
    };
    this.table = limiterTable(this, 'Table', {
      tableName: limiterName,
      options: props.table ?? {},
      removalPolicy,
      deletionProtection: props.deletionProtection ?? false,
      pitrRecoveryPeriod: props.pitrRecoveryPeriod,
      encryptionKey: props.encryptionKey,
    });
    this.tableArn = this.table.tableArn;
    this.tableStreamArn = this.table.tableStreamArn;
    const { table } = this;
    let aggregatorTimeout: Duration | undefined;
    const queried: { -readonly [part in keyof QueriedLogs]: QueriedLogs[part] } = {};

    if (parts.archive) {
      const options = props.audit?.archive ?? {};
      this.archiveBucket = archiveBucket(this, 'ArchiveBucket', { limiterName, options, removalPolicy, encryptionKey: props.encryptionKey });
    }

    if (parts.aggregator) {
      const aggregator = new Aggregator(this, 'Aggregator', {
        ...surroundings,
        table,
        options: props.aggregator ?? {},
        usage: props.usage ?? {},
        role: iamOptions.aggregatorRole,
        archive: this.archiveBucket && { bucket: this.archiveBucket, scope: props.audit?.archive?.scope },
      });
      this.aggregator = aggregator.function;
      this.aggregatorRole = aggregator.role;
      this.aggregatorPolicyDocument = aggregator.policyDocument;
      this.deadLetterQueue = aggregator.deadLetterQueue;
      this.eventSourceMapping = aggregator.eventSourceMapping;
      this.aggregatorFunctionName = aggregator.function.functionName;
      this.deadLetterQueueName = aggregator.deadLetterQueue?.queueName;
      aggregatorTimeout = aggregator.function.timeout;
      queried.aggregator = aggregator.function.logGroup;
      tagFunction(aggregator.function);
    }

    if (parts.provisioner) {
      const provisioner = new Provisioner(this, 'Provisioner', {
        ...surroundings, table, options: props.provisioner ?? {}, role: iamOptions.provisionerRole,
      });
      this.provisioner = provisioner.function;
      this.provisionerRole = provisioner.role;
      this.provisionerPolicyDocument = provisioner.policyDocument;
      this.provisionerFunctionArn = provisioner.function.functionArn;
      this.provisionerTimeout = provisioner.function.timeout;
      this.provisionerFunctionName = provisioner.function.functionName;
      queried.provisioner = provisioner.function.logGroup;
      this.bootstrap = bootstrapResource(this, 'Bootstrap', {
        limiterName,
        table,
        provisioner: provisioner.function,
        namespaces: props.namespaces ?? [DEFAULT_NAMESPACE],
        auditRetention: props.audit?.retention ?? Duration.days(90),
        provisionerId: this._provisionerId,
      });
      tagFunction(provisioner.function);
    }

    const audience: Audience = props.alarms?.enabled === false ? {} : props.alarms ?? {};
    if (props.backup !== undefined && parts.backup) {
      const { plan, vault, role } = new Backup(this, 'Backup', { ...surroundings, table, options: props.backup });
      this.backupPlan = plan;
      this.backupVault = vault;
      this.backupRole = role;
    }
    if (props.budget !== undefined) new Budget(this, 'Budget', { limiterName, options: props.budget, covers: this });
    if (props.availabilityProbe !== undefined && parts.probe) {
      const probe = new AvailabilityProbe(this, 'Probe', {
        ...surroundings, table, audience, options: props.availabilityProbe, preparedBy: this.bootstrap, namespaceName: firstNamespace(props),
      });
      this.probe = probe.function;
      this.probeRole = probe.role;
      this.probePolicyDocument = probe.policyDocument;
      this.availabilityAlarm = probe.availabilityAlarm;
      this.probeLatencyAlarm = probe.latencyAlarm;
      tagFunction(probe.function);
    }
    if (props.cloudTrail !== undefined) {
      const { archiveBucket: archive, provisionerRole } = this;
      // Roles as they were given: their names are not known of what was imported by ARN.
      const ownRoles = [
        this.aggregator && (iamOptions.aggregatorRole ?? this.aggregatorRole), this.probe && (props.availabilityProbe?.role ?? this.probeRole),
      ];
      const trail = new SecurityTrail(this, 'CloudTrail', {
        ...surroundings, table, audience, provisionerRole, archiveBucket: archive, options: props.cloudTrail,
        ownRoles: ownRoles.flatMap((role) => role ?? []),
      });
      this.trailBucket = trail.bucket;
      this.accessDeniedAlarm = trail.accessDeniedAlarm;
      this.limitChangesAlarm = trail.limitChangesAlarm;
    }

    this._accessTarget = {
      tableArn: this.tableArn,
      provisionerArn: this.provisionerFunctionArn,
      encryptionKey: table.encryptionKey,
      keyService: serviceIn(this, 'dynamodb'),
      table,
      provisioner: this.provisioner,
    };
    this._namespaceTagKey = iamOptions.namespaceTagKey ?? NAMESPACE_TAG_KEY;
    if (parts.iam) {
      const policies = new AccessPolicies(this, 'Policies', {
        limiterName, names, target: this._accessTarget,
        namespaceTagKey: iamOptions.createNamespacePolicies === false ? undefined : this._namespaceTagKey,
      });
      this.acquirePolicy = policies.acquireOnly;
      this.fullAccessPolicy = policies.fullAccess;
      this.readOnlyPolicy = policies.readOnly;
      this.namespaceAcquirePolicy = policies.namespaceAcquire;
      this.namespaceFullAccessPolicy = policies.namespaceFullAccess;
      this.namespaceReadOnlyPolicy = policies.namespaceReadOnly;
      if (iamOptions.createRoles === true) {
        const { assumedBy, permissionsBoundary } = iamOptions;
        const roles = new AccessRoles(this, 'Roles', { limiterName, names, policies, assumedBy, permissionsBoundary });
        this.appRole = roles.app;
        this.adminRole = roles.admin;
        this.readRole = roles.read;
      }
    }

    if (props.alarms?.enabled ?? true) {
      const alarmNamePrefix = props.naming === ResourceNaming.GENERATED ? undefined : limiterName;
      this.alarms = new LimiterAlarms(this, 'Alarms', { limiter: this, options: props.alarms, aggregatorTimeout, alarmNamePrefix });
    }
    if (props.dashboard?.enabled === true) {
      const { dashboardName, defaultInterval } = props.dashboard;
      const { alarms, archiveBucket: bucket } = this;
      const moreAlarms = [this.availabilityAlarm, this.probeLatencyAlarm, this.accessDeniedAlarm, this.limitChangesAlarm]
        .flatMap((alarm) => alarm ?? []);
      this.dashboard = new ZaeLimiterDashboard(this, 'Dashboard', {
        limiter: this, alarms, moreAlarms, archiveBucket: bucket, dashboardName, defaultInterval,
      });
    }
    if (props.savedQueries === true) new SavedQueries(this, 'Queries', limiterName, queried);

    this._outputs = new LimiterOutputs(this, 'Outputs', limiterName, props.outputs ?? OutputMode.OUTPUTS, outputsOf(this, iamOptions));
    if (props.ssmParameters === true) {
      new LimiterParameters(this, 'Parameters', limiterName, {
        tableName: this.tableName,
        tableArn: this.tableArn,
        streamArn: this.tableStreamArn,
        provisionerFunctionArn: this.provisionerFunctionArn,
        provisionerFunctionName: this.provisionerFunctionName,
        aggregatorFunctionName: this.aggregatorFunctionName,
        deadLetterQueueName: this.deadLetterQueueName,
      });
    }
    this.tag(props);
    const logsEncrypted = props.encryptionKey === undefined || !parts.logs || allowLogs(this, props.encryptionKey);
    warnAboutLimiter(this, props, parts, logsEncrypted);
  }

  private tag({ tags = {}, discoveryTags = true }: ZaeLimiterProps): void {
    tagResources(this, tags);
    tagTable(this.table, this.limiterName);
    const stack = Stack.of(this);
    if (othersIn(this).length > 0) untagStack(stack);
    else if (discoveryTags) tagStack(stack, this.limiterName);
  }
}

/** The namespace that a client opens when it is told nothing, or one that is there. */
function firstNamespace({ namespaces = [DEFAULT_NAMESPACE] }: ZaeLimiterProps): string {
  const known = !Token.isUnresolved(namespaces) && namespaces.length > 0 && !namespaces.includes(DEFAULT_NAMESPACE);
  return known ? namespaces[0]! : DEFAULT_NAMESPACE;
}

const DEFAULT_NAMESPACE = 'default';

/** Other limiters of the same stack. */
const othersIn = (limiter: ZaeLimiter): ZaeLimiter[] => Stack.of(limiter).node.findAll()
  .filter((other): other is ZaeLimiter => other instanceof ZaeLimiter && other !== limiter && Stack.of(other) === Stack.of(limiter));

function outputsOf(limiter: ZaeLimiter, { permissionsBoundary, roleNameFormat }: NonNullable<ZaeLimiterProps['iam']>): OutputValues {
  return {
    TableName: limiter.table.tableName,
    TableArn: limiter.tableArn,
    StreamArn: limiter.tableStreamArn,
    AggregatorFunctionArn: limiter.aggregator?.functionArn,
    AggregatorFunctionName: limiter.aggregator?.functionName,
    AggregatorDLQUrl: limiter.deadLetterQueue?.queueUrl,
    AggregatorDLQArn: limiter.deadLetterQueue?.queueArn,
    AggregatorDLQAlarmName: limiter.alarms?.deadLetters?.alarmName,
    LambdaErrorRateAlarmName: limiter.alarms?.aggregatorErrors?.alarmName,
    LambdaDurationAlarmName: limiter.alarms?.aggregatorDuration?.alarmName,
    StreamIteratorAgeAlarmName: limiter.alarms?.iteratorAge?.alarmName,
    DynamoDBReadThrottleAlarmName: limiter.alarms?.readThrottles?.alarmName,
    DynamoDBWriteThrottleAlarmName: limiter.alarms?.writeThrottles?.alarmName,
    AuditArchiveBucketName: limiter.archiveBucket?.bucketName,
    AuditArchiveBucketArn: limiter.archiveBucket?.bucketArn,
    AcquireOnlyPolicyArn: limiter.acquirePolicy?.managedPolicyArn,
    FullAccessPolicyArn: limiter.fullAccessPolicy?.managedPolicyArn,
    ReadOnlyPolicyArn: limiter.readOnlyPolicy?.managedPolicyArn,
    NamespaceAcquirePolicyArn: limiter.namespaceAcquirePolicy?.managedPolicyArn,
    NamespaceFullAccessPolicyArn: limiter.namespaceFullAccessPolicy?.managedPolicyArn,
    NamespaceReadOnlyPolicyArn: limiter.namespaceReadOnlyPolicy?.managedPolicyArn,
    AppRoleArn: limiter.appRole?.roleArn,
    AppRoleName: limiter.appRole?.roleName,
    AdminRoleArn: limiter.adminRole?.roleArn,
    AdminRoleName: limiter.adminRole?.roleName,
    ReadOnlyRoleArn: limiter.readRole?.roleArn,
    ReadOnlyRoleName: limiter.readRole?.roleName,
    PermissionBoundaryArn: permissionsBoundary?.managedPolicyArn,
    RoleNameFormat: roleNameFormat,
    ProvisionerFunctionArn: limiter.provisionerFunctionArn,
    ProvisionerFunctionName: limiter.provisioner?.functionName,
    AvailabilityAlarmName: limiter.availabilityAlarm?.alarmName,
    DashboardUrl: limiter.dashboard?.dashboardUrl,
    BackupVaultName: limiter.backupVault?.backupVaultName,
    BackupPlanArn: limiter.backupPlan?.backupPlanRef.backupPlanArn,
  };
}

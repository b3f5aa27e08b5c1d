import { Annotations, Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as cloudtrail from 'aws-cdk-lib/aws-cloudtrail';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct, IDependable } from 'constructs';
import { Audience, tell, withRunbook } from './private/alarm-actions';
import { accessDenied, limitChanges } from './private/cloudtrail-patterns';
import { Names } from './private/names';
import { Problems } from './private/validate';
import { WARNING } from './private/warning-ids';

/**
 * A record of every call to the table, by whom and to which key, in CloudTrail.
 *
 * CloudTrail charges for each recorded event; on a busy table that is more than the table itself costs.
 */
export interface CloudTrailOptions {
  /**
   * Where the record is kept. A bucket of this app gets the policy that CloudTrail needs; one that was imported has to have it.
   *
   * @default - a bucket is created, which is kept when the stack is deleted
   */
  readonly bucket?: s3.IBucket;

  /**
   * How long the bucket that is created keeps the record.
   *
   * Range: 1 to 3650 days.
   *
   * @default Duration.days(365)
   */
  readonly retention?: Duration;

  /**
   * Whether reads are recorded too. Without them a read that was refused is not recorded either.
   *
   * @default false
   */
  readonly reads?: boolean;

  /**
   * Roles whose calls are not recorded, for example those of the programs that acquire: they make nearly all of the calls.
   * Nobody sees then what was refused to them.
   *
   * A role of another stack that is granted something of the limiter has to be imported by its name: its stack depends on the limiter's.
   *
   * @default - the calls of all are recorded, but for those of the limiter's own functions
   */
  readonly exceptRoles?: iam.IRole[];

  /**
   * Whether the calls of the aggregator and the probe are recorded too. Those of the provisioner are in any case.
   *
   * @default false
   */
  readonly ownFunctions?: boolean;

  /**
   * Whether the record also goes to CloudWatch Logs, with alarms on calls that were refused, and on changes of limits that
   * neither the provisioner nor a role of `exceptRoles` made.
   *
   * @default false
   */
  readonly alarms?: boolean;

  /**
   * How long CloudWatch Logs keeps the record, when there are alarms.
   *
   * @default - `logRetention` of the limiter
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * Role with which CloudTrail writes to CloudWatch Logs. Nothing is added to it.
   *
   * @default - one is created when there are alarms
   */
  readonly role?: iam.IRole;
}

export interface SecurityTrailProps {
  readonly limiterName: string;
  readonly names: Names;
  readonly permissionsBoundary?: iam.IManagedPolicy;
  /** Key of the bucket that is created, the record in it, and the log group. */
  readonly encryptionKey?: kms.IKey;
  readonly table: dynamodb.ITable;
  readonly options: CloudTrailOptions;
  readonly logRetention: logs.RetentionDays;
  /** Bucket whose objects are watched as well. */
  readonly archiveBucket?: s3.IBucket;
  /** Who may change limits without an alarm. */
  readonly provisionerRole?: iam.IRole;
  /** Roles of the limiter's own functions. */
  readonly ownRoles?: iam.IRole[];
  /** Whom the alarms tell. */
  readonly audience: Audience;
}

/** A trail of data events on the table, and alarms on what should not happen. */
export class SecurityTrail extends Construct {
  readonly trail: cloudtrail.CfnTrail;
  readonly bucket: s3.IBucket;
  readonly logGroup?: logs.LogGroup;
  /** In alarm when a call to the table was refused for a missing permission. */
  readonly accessDeniedAlarm?: cloudwatch.Alarm;
  /** In alarm when somebody but the provisioner changed limits. */
  readonly limitChangesAlarm?: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, private readonly props: SecurityTrailProps) {
    super(scope, id);
    const { names, options } = props;
    this.bucket = options.bucket ?? this.newBucket();
    const policy = this.allowDelivery();
    this.allowEncryption();
    const role = options.alarms === true ? this.newLogGroup() : undefined;
    this.logGroup = role?.logGroup;
    // The L2 selects events by resource type only, or by ARNs of functions and buckets, and always makes a role of its own.
    this.trail = new cloudtrail.CfnTrail(this, 'Resource', {
      trailName: names.of('trail'),
      isLogging: true,
      s3BucketName: this.bucket.bucketName,
      enableLogFileValidation: true,
      kmsKeyId: options.bucket === undefined ? props.encryptionKey?.keyArn : undefined,
      advancedEventSelectors: this.selectors(),
      cloudWatchLogsLogGroupArn: role?.logGroup.logGroupArn,
      cloudWatchLogsRoleArn: role?.roleArn,
    });
    if (policy !== undefined) this.trail.node.addDependency(policy); // CloudTrail tries the bucket when the trail is created
    if (this.logGroup === undefined) return;
    this.accessDeniedAlarm = this.alarm('AccessDenied', 'access-denied', accessDenied(), 'A call to the table was refused for a missing permission');
    const trusted = props.provisionerRole?.roleArn;
    this.limitChangesAlarm = this.alarm('LimitChanges', 'limit-changes', limitChanges(trusted), 'Somebody but the provisioner changed limits');
  }

  private selectors(): cloudtrail.CfnTrail.AdvancedEventSelectorProperty[] {
    const { table, archiveBucket, options } = this.props;
    const except = [...(options.exceptRoles ?? []), ...(options.ownFunctions === true ? [] : this.props.ownRoles ?? [])];
    const roles = except.map((role) => Stack.of(this).formatArn({
      service: 'sts', region: '', account: role.env.account, resource: 'assumed-role', resourceName: `${role.roleName}/`,
    }));
    const selector = (eventName: string, type: string, arn: cloudtrail.CfnTrail.AdvancedFieldSelectorProperty) => ({
      name: eventName,
      fieldSelectors: [
        { field: 'eventCategory', equalTo: ['Data'] },
        { field: 'resources.type', equalTo: [type] },
        arn,
        ...(options.reads === true ? [] : [{ field: 'readOnly', equalTo: ['false'] }]),
        ...(roles.length === 0 ? [] : [{ field: 'userIdentity.arn', notStartsWith: roles }]),
      ],
    });
    return [
      selector('Calls to the table', 'AWS::DynamoDB::Table', { field: 'resources.ARN', equalTo: [table.tableArn] }),
      ...(archiveBucket === undefined ? [] : [
        selector('Objects of the archive', 'AWS::S3::Object', { field: 'resources.ARN', startsWith: [archiveBucket.arnForObjects('')] }),
      ]),
    ];
  }

  private newBucket(): s3.Bucket {
    const { encryptionKey: key } = this.props;
    return new s3.Bucket(this, 'Bucket', {
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      encryption: key === undefined ? s3.BucketEncryption.S3_MANAGED : s3.BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: key === undefined ? undefined : true,
      enforceSSL: true,
      versioned: true, // what somebody deletes to cover up is still there
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [{
        expiration: this.props.options.retention ?? Duration.days(365), noncurrentVersionExpiration: Duration.days(30),
      }],
    });
  }

  /** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html */
  private allowDelivery(): IDependable | undefined {
    const trailArn = this.trailArn();
    const statement = (action: string, resource: string, conditions: { [key: string]: string } = {}): iam.PolicyStatement => new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal('cloudtrail.amazonaws.com')],
      actions: [action],
      resources: [resource],
      conditions: { ArnLike: { 'aws:SourceArn': trailArn }, StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID, ...conditions } },
    });
    const { statementAdded, policyDependable } = this.bucket.addToResourcePolicy(statement('s3:GetBucketAcl', this.bucket.bucketArn));
    this.bucket.addToResourcePolicy(statement('s3:PutObject', this.bucket.arnForObjects(`AWSLogs/${Aws.ACCOUNT_ID}/*`), {
      's3:x-amz-acl': 'bucket-owner-full-control',
    }));
    if (!statementAdded) {
      Annotations.of(this.node.scope!).addWarningV2(WARNING.trailBucketPolicy,
        'cloudTrail.bucket is not of this app: its policy has to allow cloudtrail.amazonaws.com to write, or the trail cannot be created');
    }
    return policyDependable;
  }

  /** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html */
  private allowEncryption(): void {
    const { encryptionKey: key, options } = this.props;
    if (key === undefined || options.bucket !== undefined) return;
    const principals = [new iam.ServicePrincipal('cloudtrail.amazonaws.com')];
    const source = { ArnLike: { 'aws:SourceArn': this.trailArn() } };
    key.addToResourcePolicy(new iam.PolicyStatement({
      sid: 'EncryptTrail', principals, actions: ['kms:GenerateDataKey*'], resources: ['*'],
      conditions: {
        ...source,
        StringLike: {
          'kms:EncryptionContext:aws:cloudtrail:arn': Stack.of(this).formatArn({ service: 'cloudtrail', region: '*', resource: 'trail', resourceName: '*' }),
        },
      },
    }), true);
    const { statementAdded } = key.addToResourcePolicy(new iam.PolicyStatement({
      // Decrypt, because the bucket is there before the trail and has a key of its own that is made of this one.
      sid: 'UseTrailKey', principals, actions: ['kms:DescribeKey', 'kms:Decrypt'], resources: ['*'], conditions: source,
    }), true);
    if (statementAdded) return;
    Annotations.of(this.node.scope!).addWarningV2(WARNING.trailKeyPolicy,
      'the policy of encryptionKey cannot be changed by this app: it has to let cloudtrail.amazonaws.com use the key, or the trail cannot be created');
  }

  private trailArn(): string {
    return Stack.of(this).formatArn({ service: 'cloudtrail', resource: 'trail', resourceName: this.props.names.of('trail') ?? '*' });
  }

  private newLogGroup(): { readonly logGroup: logs.LogGroup; readonly roleArn: string } {
    const { limiterName, names, options, logRetention, encryptionKey, permissionsBoundary } = this.props;
    const logGroup = new logs.LogGroup(this, 'LogGroup', {
      retention: options.logRetention ?? logRetention, removalPolicy: RemovalPolicy.DESTROY, encryptionKey,
    });
    const statement = new iam.PolicyStatement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] });
    const role = options.role ?? new iam.Role(this, 'Role', {
      roleName: names.role('trail'),
      permissionsBoundary,
      description: `Lets CloudTrail write the calls to the rate limiter ${limiterName} to its log group`,
      assumedBy: new iam.ServicePrincipal('cloudtrail.amazonaws.com'),
      inlinePolicies: { Deliver: new iam.PolicyDocument({ statements: [statement] }) },
    });
    return { logGroup, roleArn: role.roleArn };
  }

  private alarm(metricName: string, suffix: string, filterPattern: logs.IFilterPattern, says: string): cloudwatch.Alarm {
    const { limiterName, names, audience } = this.props;
    // A filter's metric has no dimension that the event does not hold, so the namespace tells limiters apart.
    const filter = new logs.MetricFilter(this, `${metricName}Filter`, {
      logGroup: this.logGroup!, filterPattern, metricNamespace: `ZaeLimiter/${limiterName}`, metricName, metricValue: '1', defaultValue: 0,
    });
    const alarm = new cloudwatch.Alarm(this, `${metricName}Alarm`, {
      alarmName: names.of(suffix),
      alarmDescription: withRunbook(`${says}: rate limiter ${limiterName}`, suffix),
      metric: filter.metric({ statistic: cloudwatch.Stats.SUM, period: Duration.minutes(5) }),
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    tell(alarm, audience, suffix === 'access-denied');
    return alarm;
  }
}

/**
 * Collects what is wrong with the settings of the trail.
 *
 * @param createIam whether the limiter may create roles
 */
export function checkSecurityTrail(problems: Problems, options: CloudTrailOptions, createIam: boolean): void {
  const { bucket, retention, alarms, role } = options;
  problems.days('TRAIL_RETENTION_RANGE', 'cloudTrail.retention', retention, 1, 3650);
  if (bucket !== undefined && retention !== undefined) {
    problems.add('TRAIL_BUCKET_CONFLICT', 'cloudTrail.retention must not be given together with cloudTrail.bucket, which has a lifecycle of its own');
  }
  if (alarms === true && role === undefined && !createIam) {
    problems.add('TRAIL_ROLE_REQUIRED', 'cloudTrail.role must be given, because alarms need one and the limiter may create no IAM resources');
  }
}

import { Annotations, CustomResource, Duration, RemovalPolicy, Stack, Tags, Token } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { AccessPolicies } from './access';
import { Aggregator, checkAggregator, warnAboutAggregator } from './aggregator';
import { LimiterBase } from './limiter-base';
import { limiterTable } from './limiter-table';
import { checkFunctionOptions } from './private/bundled-function';
import { Problems } from './private/validate';
import { WARNING } from './private/warning-ids';
import { bootstrapResource, Provisioner } from './provisioner';
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
export class ZaeLimiter extends LimiterBase {
  public readonly limiterName: string;
  public readonly tableArn: string;
  public readonly tableStreamArn?: string;
  public readonly provisionerFunctionArn?: string;

  /** The table. */
  public readonly table: dynamodb.Table;

  /** The function that adds up usage; undefined when it is not enabled. */
  public readonly aggregator?: lambda.IFunction;

  /** The role of the function that adds up usage; undefined when it is not enabled. */
  public readonly aggregatorRole?: iam.IRole;

  /** Where stream records go that could not be counted; undefined when the aggregator is not enabled. */
  public readonly deadLetterQueue?: sqs.IQueue;

  /** What feeds the stream to the aggregator; undefined when it is not enabled. */
  public readonly eventSourceMapping?: lambda.IEventSourceMapping;

  /** The function that prepares the table; undefined when it is not enabled. */
  public readonly provisioner?: lambda.IFunction;

  /** The role of the function that prepares the table; undefined when it is not enabled. */
  public readonly provisionerRole?: iam.IRole;

  /** The resource that makes a new table usable; undefined when the provisioner is not enabled. Depend on it to acquire at deploy time. */
  public readonly bootstrap?: CustomResource;

  /** Take and give back tokens: for principals that are not made in this app. */
  public readonly acquirePolicy: iam.IManagedPolicy;

  /** Administer: for principals that are not made in this app. */
  public readonly fullAccessPolicy: iam.IManagedPolicy;

  /** Read: for principals that are not made in this app. */
  public readonly readOnlyPolicy: iam.IManagedPolicy;

  constructor(scope: Construct, id: string, props: ZaeLimiterProps = {}) {
    super(scope, id);
    this.limiterName = props.limiterName ?? Stack.of(this).stackName;
    validate(this, props);

    const logRetention = props.logRetention ?? logs.RetentionDays.ONE_MONTH;
    const tracing = props.tracing ?? false;
    this.table = limiterTable(this, 'Table', {
      tableName: this.limiterName,
      options: props.table ?? {},
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
      deletionProtection: props.deletionProtection ?? false,
      pitrRecoveryPeriod: props.pitrRecoveryPeriod,
    });
    this.tableArn = this.table.tableArn;
    this.tableStreamArn = this.table.tableStreamArn;
    const { limiterName, table } = this;

    if (isEnabled(props.aggregator)) {
      const aggregator = new Aggregator(this, 'Aggregator', {
        limiterName, table, logRetention, tracing, options: props.aggregator ?? {}, usage: props.usage ?? {},
      });
      this.aggregator = aggregator.function;
      this.aggregatorRole = aggregator.role;
      this.deadLetterQueue = aggregator.deadLetterQueue;
      this.eventSourceMapping = aggregator.eventSourceMapping;
    }

    if (isEnabled(props.provisioner)) {
      const provisioner = new Provisioner(this, 'Provisioner', {
        limiterName, table, logRetention, tracing, options: props.provisioner ?? {},
      });
      this.provisioner = provisioner.function;
      this.provisionerRole = provisioner.role;
      this.provisionerFunctionArn = provisioner.function.functionArn;
      this.bootstrap = bootstrapResource(this, 'Bootstrap', {
        limiterName,
        table,
        provisioner: provisioner.function,
        namespaces: props.namespaces ?? ['default'],
        auditRetention: props.audit?.retention ?? Duration.days(90),
      });
    }

    const policies = new AccessPolicies(this, 'Policies', limiterName, this._accessTarget());
    this.acquirePolicy = policies.acquireOnly;
    this.fullAccessPolicy = policies.fullAccess;
    this.readOnlyPolicy = policies.readOnly;

    Tags.of(this).add('Application', 'zae-limiter', { priority: 50 }); // below the priority of an app's own tags
    warn(this, props);
  }
}

/** A part of the limiter is there unless it is switched off. */
function isEnabled(options: { readonly enabled?: boolean } | undefined): boolean {
  return options?.enabled ?? true;
}

function validate(limiter: ZaeLimiter, props: ZaeLimiterProps): void {
  const problems = new Problems(limiter);
  checkName(problems, limiter, props);
  problems.days('PITR_RANGE', 'pitrRecoveryPeriod', props.pitrRecoveryPeriod, 1, 35);
  problems.days('AUDIT_RETENTION_RANGE', 'audit.retention', props.audit?.retention, 1, 3650);
  checkAggregator(problems, props.aggregator ?? {}, props.usage ?? {});
  checkFunctionOptions(problems, 'provisioner', props.provisioner ?? {});
  checkNamespaces(problems, props);
  problems.throwIfAny();
}

const NAME_PATTERN = /^[A-Za-z][A-Za-z0-9-]*$/;

/** Function names have at most 64 characters; the longest suffix decides what is left for the limiter's name. */
function longestName(props: ZaeLimiterProps): number {
  if (isEnabled(props.provisioner)) return 64 - '-limits-provisioner'.length;
  return isEnabled(props.aggregator) ? 64 - '-aggregator'.length : 55;
}

function checkName(problems: Problems, limiter: ZaeLimiter, props: ZaeLimiterProps): void {
  const name = limiter.limiterName;
  if (Token.isUnresolved(name)) {
    if (props.limiterName === undefined) {
      problems.add('NAME_REQUIRED', 'limiterName must be given, because the name of this stack is known only when it is deployed');
    }
    return;
  }
  const max = longestName(props);
  if (!NAME_PATTERN.test(name)) {
    problems.add('NAME_INVALID', `limiterName must start with a letter and hold only letters, digits and hyphens, got '${name}'`);
  }
  if (name.length > max) problems.add('NAME_TOO_LONG', `limiterName must have at most ${max} characters, got ${name.length} in '${name}'`);
  if (name.length < 3) problems.add('NAME_TOO_SHORT', `limiterName must have at least 3 characters, got '${name}'`);
  const taken = Stack.of(limiter).node.findAll().some((other) => other instanceof ZaeLimiter && other !== limiter && other.limiterName === name);
  if (taken) problems.add('NAME_DUPLICATE', `limiterName must differ from that of every other limiter in the stack, got '${name}' twice`);
}

function checkNamespaces(problems: Problems, { namespaces, provisioner }: ZaeLimiterProps): void {
  if (namespaces === undefined || Token.isUnresolved(namespaces)) return;
  if (!isEnabled(provisioner)) problems.add('PROVISIONER_REQUIRED', 'namespaces must not be given when the provisioner is not enabled, which registers them');
  const known = namespaces.filter((name) => !Token.isUnresolved(name));
  for (const name of known) {
    if (name === '' || name.length > 128 || name.includes('#') || name === '_') {
      problems.add('NAMESPACE_INVALID', `namespaces must have 1 to 128 characters without '#' and not be '_', got '${name}'`);
    }
  }
  if (new Set(known).size !== known.length) {
    problems.add('NAMESPACE_INVALID', `namespaces must hold each name once, got ${JSON.stringify(known)}`);
  }
}

function warn(limiter: ZaeLimiter, props: ZaeLimiterProps): void {
  warnAboutAggregator(limiter, props.aggregator ?? {});
  if (!isEnabled(props.provisioner)) {
    Annotations.of(limiter).addWarningV2(WARNING.noBootstrap,
      'the provisioner is not enabled: register the namespaces and write the version record with full access before anyone acquires');
  }
  if (props.removalPolicy === RemovalPolicy.DESTROY && props.deletionProtection === true) {
    Annotations.of(limiter).addWarningV2(WARNING.destroyProtected,
      'removalPolicy is DESTROY but deletionProtection is on: deleting the stack will fail until the protection is switched off');
  }
}

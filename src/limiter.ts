import { CustomResource, Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import { IConstruct } from 'constructs';
import { ILimiterLimits } from './limiter-limits';
import { ILimiterNamespace, NamespaceOptions } from './limiter-namespace';
import { LimitsOptions } from './limits-options';

/** A rate limiter, deployed by this app or elsewhere. */
export interface IZaeLimiter extends IConstruct {
  /**
   * Name of the limiter, which is its table's name and what clients connect to.
   *
   * @attribute
   */
  readonly limiterName: string;

  /** Name of the table: the same as the limiter's. */
  readonly tableName: string;

  /**
   * ARN of the table.
   *
   * @attribute
   */
  readonly tableArn: string;

  /** ARN of the table's stream; undefined when it is not known. */
  readonly tableStreamArn?: string;

  /** ARN of the function that prepares the table and applies limits; undefined when there is none, or it is not known. */
  readonly provisionerFunctionArn?: string;

  /** Longest run of that function; undefined when it is not known. The stack waits a little longer for its answers. */
  readonly provisionerTimeout?: Duration;

  /** Role of that function; undefined when it is not known. Manifests too large for a template need it, to be read. */
  readonly provisionerRole?: iam.IRole;

  /** What that role has to allow, whoever lets it; undefined when it is not known. */
  readonly provisionerPolicyDocument?: iam.PolicyDocument;

  /** The resource that makes a new table usable; undefined when another app has it. Depend on it to acquire at deploy time. */
  readonly bootstrap?: CustomResource;

  /** Name of the function that adds up usage; undefined when there is none, or it is not known. Its metrics need it. */
  readonly aggregatorFunctionName?: string;

  /** Name of the queue for what could not be counted; undefined when there is none, or it is not known. Its metric needs it. */
  readonly deadLetterQueueName?: string;

  /** Name of the function that prepares the table; undefined when there is none, or it is not known. Its metrics need it. */
  readonly provisionerFunctionName?: string;

  /**
   * Allows to take and give back tokens and to read, nothing else: limits and entities cannot be changed.
   *
   * @param grantee who acquires
   * @param options namespaces that it is limited to
   */
  grantAcquire(grantee: iam.IGrantable, options?: GrantOptions): iam.Grant;

  /**
   * Allows everything: limits, entities, namespaces, and invoking the provisioner. In namespaces it allows limits and
   * entities, and nothing that concerns other namespaces.
   *
   * @param grantee who administers
   * @param options namespaces that it is limited to
   */
  grantFullAccess(grantee: iam.IGrantable, options?: GrantOptions): iam.Grant;

  /**
   * Allows to read everything and to change nothing.
   *
   * @param grantee who observes
   * @param options namespaces that it is limited to
   */
  grantReadOnly(grantee: iam.IGrantable, options?: GrantOptions): iam.Grant;

  /**
   * Allows to invoke the provisioner, which applies limits manifests to every namespace.
   *
   * @param grantee who applies manifests
   * @throws when there is no provisioner, or it is not known
   */
  grantInvokeProvisioner(grantee: iam.IGrantable): iam.Grant;

  /**
   * Allows to find the limiters of the account and region by their tags.
   *
   * @param grantee who lists limiters
   */
  grantDiscovery(grantee: iam.IGrantable): iam.Grant;

  /**
   * Environment variables that the client's `RateLimiter.open()` reads.
   *
   * @param options which namespace to open
   */
  clientEnvironment(options?: ClientEnvironmentOptions): { [name: string]: string };

  /**
   * Registers a namespace when the limiter is deployed, or finds it when it is registered already.
   *
   * @param name    1 to 128 characters without `#`, not `_` and no token; use `ZaeLimiterNamespace` for a token
   * @param options what becomes of it, and of its audit events
   */
  addNamespace(name: string, options?: NamespaceOptions): ILimiterNamespace;

  /**
   * Declares the limits of a namespace, once for each namespace.
   *
   * @param id      of the construct, which becomes `Limits/{id}` of this limiter
   * @param options the limits and their namespace
   */
  addLimits(id: string, options: LimitsOptions): ILimiterLimits;

  /**
   * A metric that the aggregator reports of itself: one of `RecordsProcessed`, `SnapshotsUpdated`, `DuplicatesSkipped`,
   * `RefillsWritten`, `ShardsDoubled`, `ShardsPropagated`, `ShardCapReached`, `ShardCapExceeded`, `EventsArchived`, `RecordsFailed`,
   * `PoisonRecords` and `ProcessingTime`, with a sum over 5 minutes, for the last one a maximum.
   *
   * @param name which one
   * @param props what differs from that
   */
  metric(name: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Invocations of the aggregator: sum over 5 minutes.
   *
   * @param props what differs from that
   */
  metricAggregatorInvocations(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Invocations of the aggregator that failed as a whole: sum over 5 minutes. Records that failed alone are no error of it.
   *
   * @param props what differs from that
   */
  metricAggregatorErrors(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Milliseconds of the aggregator's longest invocation: maximum over 5 minutes.
   *
   * @param props what differs from that
   */
  metricAggregatorDuration(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Invocations of the aggregator that Lambda refused for want of concurrency: sum over 5 minutes.
   *
   * @param props what differs from that
   */
  metricAggregatorThrottles(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Age in milliseconds of the last record of a batch when the aggregator got it: maximum over 5 minutes.
   *
   * @param props what differs from that
   */
  metricIteratorAge(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Messages in the dead-letter queue: maximum over 5 minutes.
   *
   * @param props what differs from that
   */
  metricDeadLetters(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Invocations of the provisioner that failed: sum over 5 minutes.
   *
   * @param props what differs from that
   */
  metricProvisionerErrors(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Reads of the table that DynamoDB refused as too many: sum over 5 minutes. Indexes are not included.
   *
   * @param props what differs from that
   */
  metricReadThrottleEvents(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Writes of the table that DynamoDB refused as too many: sum over 5 minutes. Indexes are not included.
   *
   * @param props what differs from that
   */
  metricWriteThrottleEvents(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Writes that DynamoDB refused because an index could not take them: sum over 5 minutes.
   *
   * @param indexName `GSI1` to `GSI4`
   * @param props what differs from that
   */
  metricIndexWriteThrottleEvents(indexName: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Read units that the table used: sum over 5 minutes. Indexes are not included.
   *
   * @param props what differs from that
   */
  metricConsumedReadCapacityUnits(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Write units that the table used: sum over 5 minutes. Indexes are not included.
   *
   * @param props what differs from that
   */
  metricConsumedWriteCapacityUnits(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Writes whose condition did not hold: sum over 5 minutes. Most are requests that a bucket refused.
   *
   * @param props what differs from that
   */
  metricConditionalCheckFailedRequests(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Requests that failed within DynamoDB, of all operations: sum over 5 minutes.
   *
   * @param props period, label and color; a sum has no other
   */
  metricSystemErrors(props?: cloudwatch.MetricOptions): cloudwatch.MathExpression;

  /**
   * Milliseconds that DynamoDB took for an operation, without the network: average over 5 minutes.
   *
   * @param operation which one; clients acquire with `UpdateItem`
   * @param props what differs from that
   */
  metricSuccessfulRequestLatency(operation: dynamodb.Operation, props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Usage snapshots that were written: sum over 5 minutes.
   *
   * @param props what differs from that
   */
  metricSnapshotsUpdated(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Buckets that were credited for Python clients: sum over 5 minutes.
   *
   * @param props what differs from that
   */
  metricRefillsWritten(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Buckets whose shards were doubled because they are written too fast: sum over 5 minutes.
   *
   * @param props what differs from that
   */
  metricShardsDoubled(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Audit events that were stored in the archive: sum over 5 minutes.
   *
   * @param props what differs from that
   */
  metricEventsArchived(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Stream records that are delivered again: sum over 5 minutes.
   *
   * @param props what differs from that
   */
  metricRecordsFailed(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Usage that was delivered again and had been counted: sum over 5 minutes.
   *
   * @param props what differs from that
   */
  metricDuplicatesSkipped(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Stream records, or limits of records, that can never be processed: sum over 5 minutes.
   *
   * @param props what differs from that
   */
  metricPoisonRecords(props?: cloudwatch.MetricOptions): cloudwatch.Metric;
}

/** Namespaces that a grant is limited to; one of the three at most. */
export interface GrantOptions {
  /**
   * Namespaces of this app.
   *
   * @default - all
   */
  readonly namespaces?: ILimiterNamespace[];

  /**
   * Ids of namespaces.
   *
   * @default - all
   */
  readonly namespaceIds?: string[];

  /**
   * The namespace whose id is the value of the principal's tag. Whoever may set the tag chooses the namespace.
   *
   * @default false
   */
  readonly byPrincipalTag?: boolean;
}

/** What a client opens by default. */
export interface ClientEnvironmentOptions {
  /**
   * Namespace that the client opens. It has to be registered, for example with `namespaces`.
   *
   * @default 'default'
   */
  readonly namespaceName?: string;
}

import { CustomResource, Duration, Token } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import {
  acquireStatements, AccessTarget, discoveryStatements, fullAccessStatements, grantStatements, invokeProvisionerStatements, NamespaceScope,
  readOnlyStatements, taggedNamespace,
} from './access';
import { ClientEnvironmentOptions, GrantOptions, IZaeLimiter } from './limiter';
import { ILimiterLimits } from './limiter-limits';
import { ILimiterNamespace, NamespaceOptions } from './limiter-namespace';
import { LimitsOptions } from './limits-options';
import {
  functionMetric, HANDLER_METRICS, handlerMetric, INDEX_NAMES, indexMetric, located, OPERATIONS, ofSummand, queueDepth, sumOf, tableMetric,
} from './metrics';
import { Problems, refuse } from './private/validate';
import { ZaeLimiterLimits } from './zae-limiter-limits';
import { ZaeLimiterNamespace } from './zae-limiter-namespace';

/**
 * What limiters of this app and imported ones have in common: everything that needs names and ARNs only.
 *
 * @internal
 */
export abstract class LimiterBase extends Construct implements IZaeLimiter {
  public abstract readonly limiterName: string;
  public abstract readonly tableArn: string;
  public abstract readonly tableStreamArn?: string;
  public abstract readonly provisionerFunctionArn?: string;
  public abstract readonly provisionerTimeout?: Duration;
  public abstract readonly provisionerRole?: iam.IRole;
  public abstract readonly provisionerPolicyDocument?: iam.PolicyDocument;
  public abstract readonly bootstrap?: CustomResource;
  public abstract readonly aggregatorFunctionName?: string;
  public abstract readonly deadLetterQueueName?: string;
  public abstract readonly provisionerFunctionName?: string;

  /**
   * What grants are for.
   *
   * @internal
   */
  protected abstract readonly _accessTarget: AccessTarget;

  /**
   * Part of the ids of what the provisioner makes.
   *
   * @internal
   */
  public readonly _provisionerId?: string;

  /**
   * Key of the principal tag that holds the id of a namespace.
   *
   * @internal
   */
  protected abstract readonly _namespaceTagKey: string;

  public get tableName(): string {
    return this.limiterName;
  }

  public grantAcquire(grantee: iam.IGrantable, options: GrantOptions = {}): iam.Grant {
    return this._grant(grantee, acquireStatements(this._accessTarget, this._scopeOf(options)));
  }

  public grantFullAccess(grantee: iam.IGrantable, options: GrantOptions = {}): iam.Grant {
    return this._grant(grantee, fullAccessStatements(this._accessTarget, this._scopeOf(options)));
  }

  public grantReadOnly(grantee: iam.IGrantable, options: GrantOptions = {}): iam.Grant {
    return this._grant(grantee, readOnlyStatements(this._accessTarget, this._scopeOf(options)));
  }

  public grantInvokeProvisioner(grantee: iam.IGrantable): iam.Grant {
    const statements = invokeProvisionerStatements(this._accessTarget);
    if (statements.length === 0) {
      const problems = new Problems(this);
      problems.add('PROVISIONER_REQUIRED', 'grantInvokeProvisioner needs the provisioner, and this limiter has none that is known');
      problems.throwIfAny();
    }
    return this._grant(grantee, statements);
  }

  public grantDiscovery(grantee: iam.IGrantable): iam.Grant {
    return this._grant(grantee, discoveryStatements());
  }

  public clientEnvironment(options: ClientEnvironmentOptions = {}): { [name: string]: string } {
    return { ZAEL_STACK: this.limiterName, ZAEL_NAMESPACE: options.namespaceName ?? 'default' };
  }

  public addNamespace(name: string, options: NamespaceOptions = {}): ILimiterNamespace {
    return new ZaeLimiterNamespace(this._child('Namespaces'), name, { ...options, limiter: this, namespaceName: name });
  }

  public addLimits(id: string, options: LimitsOptions): ILimiterLimits {
    return new ZaeLimiterLimits(this._child('Limits'), id, { ...options, limiter: this });
  }

  private _child(id: string): Construct {
    return (this.node.tryFindChild(id) as Construct | undefined) ?? new Construct(this, id);
  }

  private _grant(grantee: iam.IGrantable, statements: iam.PolicyStatement[]): iam.Grant {
    return grantStatements(grantee, statements, this._accessTarget);
  }

  private _scopeOf({ namespaces, namespaceIds, byPrincipalTag }: GrantOptions): NamespaceScope | undefined {
    const problems = new Problems(this);
    if ([namespaces, namespaceIds, byPrincipalTag || undefined].filter((one) => one !== undefined).length > 1) {
      problems.add('GRANT_SCOPE_CONFLICT', 'a grant takes one of namespaces, namespaceIds and byPrincipalTag');
    }
    const ids = namespaces?.map(({ namespaceId }) => namespaceId) ?? namespaceIds;
    // No key at all would be a condition that every request meets.
    if (ids?.length === 0) problems.add('GRANT_SCOPE_INVALID', 'a grant that is limited to namespaces takes at least one, got none');
    for (const id of ids ?? []) {
      // A wildcard would be everybody's namespace, and '_' is the registry.
      if (!Token.isUnresolved(id) && (!/^[\w-]+$/.test(id) || id === '_')) {
        problems.add('GRANT_SCOPE_INVALID', `a namespace id holds letters, digits, '-' and '_' and is not '_', got '${id}'`);
      }
    }
    problems.throwIfAny();
    if (byPrincipalTag === true) return taggedNamespace(this._namespaceTagKey);
    return ids === undefined ? undefined : { prefixes: ids };
  }

  public metric(name: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    const known = Object.keys(HANDLER_METRICS);
    if (!known.includes(name)) refuse(this, 'METRIC_NAME_INVALID', `the name of a metric must be one of ${known.join(', ')}, got '${name}'`);
    return handlerMetric(this.tableName, name, this._located(props));
  }

  public metricAggregatorInvocations(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this._aggregatorMetric('Invocations', 'Sum', props);
  }

  public metricAggregatorErrors(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this._aggregatorMetric('Errors', 'Sum', props);
  }

  public metricAggregatorDuration(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this._aggregatorMetric('Duration', 'Maximum', props);
  }

  public metricAggregatorThrottles(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this._aggregatorMetric('Throttles', 'Sum', props);
  }

  public metricIteratorAge(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this._aggregatorMetric('IteratorAge', 'Maximum', props);
  }

  public metricDeadLetters(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return queueDepth(this._part('dead-letter queue', this.deadLetterQueueName), this._located(props));
  }

  public metricProvisionerErrors(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return functionMetric(this._part('provisioner', this.provisionerFunctionName), 'Errors', 'Sum', this._located(props));
  }

  public metricReadThrottleEvents(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return tableMetric(this.tableName, 'ReadThrottleEvents', 'Sum', this._located(props));
  }

  public metricWriteThrottleEvents(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return tableMetric(this.tableName, 'WriteThrottleEvents', 'Sum', this._located(props));
  }

  public metricIndexWriteThrottleEvents(indexName: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    if (!INDEX_NAMES.includes(indexName)) {
      refuse(this, 'METRIC_NAME_INVALID', `the name of an index must be one of ${INDEX_NAMES.join(', ')}, got '${indexName}'`);
    }
    return indexMetric(this.tableName, indexName, 'WriteThrottleEvents', this._located(props));
  }

  public metricConsumedReadCapacityUnits(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return tableMetric(this.tableName, 'ConsumedReadCapacityUnits', 'Sum', this._located(props));
  }

  public metricConsumedWriteCapacityUnits(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return tableMetric(this.tableName, 'ConsumedWriteCapacityUnits', 'Sum', this._located(props));
  }

  public metricConditionalCheckFailedRequests(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return tableMetric(this.tableName, 'ConditionalCheckFailedRequests', 'Sum', this._located(props));
  }

  public metricSystemErrors(props?: cloudwatch.MetricOptions): cloudwatch.MathExpression {
    const options = this._located(ofSummand(props ?? {}));
    const each = OPERATIONS.map((operation) =>
      [operation.toLowerCase(), tableMetric(this.tableName, 'SystemErrors', 'Sum', options, { Operation: operation })] as const);
    return sumOf(Object.fromEntries(each), { label: 'SystemErrors', ...props });
  }

  public metricSuccessfulRequestLatency(operation: dynamodb.Operation, props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return tableMetric(this.tableName, 'SuccessfulRequestLatency', 'Average', this._located(props), { Operation: operation });
  }

  public metricSnapshotsUpdated(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('SnapshotsUpdated', props);
  }

  public metricRefillsWritten(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('RefillsWritten', props);
  }

  public metricShardsDoubled(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('ShardsDoubled', props);
  }

  public metricEventsArchived(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('EventsArchived', props);
  }

  public metricRecordsFailed(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('RecordsFailed', props);
  }

  public metricDuplicatesSkipped(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('DuplicatesSkipped', props);
  }

  public metricPoisonRecords(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('PoisonRecords', props);
  }

  private _aggregatorMetric(metricName: string, statistic: string, props: cloudwatch.MetricOptions | undefined): cloudwatch.Metric {
    return functionMetric(this._part('aggregator', this.aggregatorFunctionName), metricName, statistic, this._located(props));
  }

  private _located(props: cloudwatch.MetricOptions | undefined): cloudwatch.MetricOptions {
    return located(this, this.tableArn, props);
  }

  private _part(part: string, name: string | undefined): string {
    return name ?? refuse(this, 'METRIC_PART_UNKNOWN', `the ${part} of this limiter has no metrics: it is not enabled, or its name is not known`);
  }
}

import { Arn, ArnFormat, Stack, Token } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Operation } from 'aws-cdk-lib/aws-dynamodb';
import { IConstruct } from 'constructs';
import { GLOBAL_INDEXES } from './private/table-schema';

/** CloudWatch namespace of what the aggregator reports of itself. */
export const METRICS_NAMESPACE = 'ZaeLimiter';

/**
 * What the aggregator reports of itself, and the statistic that says something of it. `spec/metrics.json` holds the same names
 * as data; a test keeps the two equal.
 */
export const HANDLER_METRICS: { readonly [name: string]: string } = {
  RecordsProcessed: 'Sum',
  SnapshotsUpdated: 'Sum',
  DuplicatesSkipped: 'Sum',
  RefillsWritten: 'Sum',
  ShardsDoubled: 'Sum',
  ShardsPropagated: 'Sum',
  ShardCapReached: 'Sum',
  ShardCapExceeded: 'Sum',
  EventsArchived: 'Sum',
  RecordsFailed: 'Sum',
  PoisonRecords: 'Sum',
  ProcessingTime: 'Maximum',
};

/** Operations of clients and functions. DynamoDB counts its own errors for each operation apart, never for the table. */
export const OPERATIONS: readonly Operation[] = [
  Operation.GET_ITEM, Operation.BATCH_GET_ITEM, Operation.QUERY, Operation.SCAN, Operation.PUT_ITEM, Operation.UPDATE_ITEM,
  Operation.DELETE_ITEM, Operation.BATCH_WRITE_ITEM, Operation.TRANSACT_WRITE_ITEMS,
];

export const INDEX_NAMES: readonly string[] = GLOBAL_INDEXES.map(({ name }) => name);

type Options = cloudwatch.MetricOptions | undefined;

/** A metric of a Lambda function. */
export function functionMetric(functionName: string, metricName: string, statistic: string, options: Options): cloudwatch.Metric {
  return new cloudwatch.Metric({ namespace: 'AWS/Lambda', metricName, dimensionsMap: { FunctionName: functionName }, statistic, ...options });
}

/** A metric of a table, or of a part of it that further dimensions name. */
export function tableMetric(
  tableName: string, metricName: string, statistic: string, options: Options, part: { [dimension: string]: string } = {},
): cloudwatch.Metric {
  return new cloudwatch.Metric({ namespace: 'AWS/DynamoDB', metricName, dimensionsMap: { TableName: tableName, ...part }, statistic, ...options });
}

/** A metric of one index of a table, which the metric of the table does not include. */
export function indexMetric(tableName: string, indexName: string, metricName: string, options: Options): cloudwatch.Metric {
  return tableMetric(tableName, metricName, 'Sum', options, { GlobalSecondaryIndexName: indexName });
}

/** Messages in a queue. A gauge: the sum of what was seen within a period says nothing (F-19). */
export function queueDepth(queueName: string, options: Options): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: 'AWS/SQS', metricName: 'ApproximateNumberOfMessagesVisible', dimensionsMap: { QueueName: queueName }, statistic: 'Maximum', ...options,
  });
}

/** One of HANDLER_METRICS. */
export function handlerMetric(tableName: string, metricName: string, options: Options): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: METRICS_NAMESPACE, metricName, dimensionsMap: { TableName: tableName }, statistic: HANDLER_METRICS[metricName], ...options,
  });
}

/** Options of metrics that are added up: how the sum looks is none of theirs. */
export const ofSummand = ({ label, color, ...options }: cloudwatch.MetricOptions): cloudwatch.MetricOptions => options;

/** The metrics added up; one without data counts as 0, because CloudWatch knows no metric before its first event. */
export function sumOf(metrics: { readonly [id: string]: cloudwatch.IMetric }, options: Options = {}): cloudwatch.MathExpression {
  const { period, label, color } = options;
  const expression = Object.keys(metrics).map((id) => `FILL(${id},0)`).join('+');
  return new cloudwatch.MathExpression({ expression, usingMetrics: { ...metrics }, period, label, color });
}

/** Options of a metric that is where the table is, which may be another region than that of the alarm or dashboard. */
export function located(scope: IConstruct, tableArn: string, options: Options): cloudwatch.MetricOptions {
  const { region, account } = Token.isUnresolved(tableArn) ? Stack.of(scope) : Arn.split(tableArn, ArnFormat.SLASH_RESOURCE_NAME);
  const known = (value: string | undefined): string | undefined => (Token.isUnresolved(value) ? undefined : value);
  return { stackRegion: known(region), stackAccount: known(account), ...options };
}

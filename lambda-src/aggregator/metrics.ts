import type { BatchSummary } from './process-batch';

/** Metrics of one invocation, by name. The names are a contract: alarms and dashboards refer to them. */
export function batchMetrics(summary: BatchSummary, processingTimeMs: number): Record<MetricName, number> {
  return {
    RecordsProcessed: summary.processed,
    SnapshotsUpdated: summary.snapshotsUpdated,
    DuplicatesSkipped: summary.duplicatesSkipped,
    RefillsWritten: summary.refillsWritten,
    ShardsDoubled: summary.shardsDoubled,
    ShardsPropagated: summary.shardsPropagated,
    ShardCapReached: summary.shardCapReached,
    ShardCapExceeded: summary.shardCapExceeded,
    EventsArchived: summary.eventsArchived,
    RecordsFailed: summary.failures.length,
    PoisonRecords: summary.poison,
    ProcessingTime: processingTimeMs,
  };
}

export const METRIC_NAMES = [
  'RecordsProcessed', 'SnapshotsUpdated', 'DuplicatesSkipped', 'RefillsWritten', 'ShardsDoubled', 'ShardsPropagated', 'ShardCapReached',
  'ShardCapExceeded', 'EventsArchived', 'RecordsFailed', 'PoisonRecords', 'ProcessingTime',
] as const;
export type MetricName = (typeof METRIC_NAMES)[number];

/**
 * One line in CloudWatch's embedded metric format: metrics without a call and without a permission.
 *
 * Written here because the libraries for it add a dimension `service` to each metric, which alarms on the table would have
 * to know. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function embeddedMetrics(namespace: string, tableName: string, metrics: Readonly<Record<MetricName, number>>, timestamp: number): string {
  const definitions = METRIC_NAMES.map((name) => ({ Name: name, Unit: name === 'ProcessingTime' ? 'Milliseconds' : 'Count' }));
  return JSON.stringify({
    _aws: { Timestamp: timestamp, CloudWatchMetrics: [{ Namespace: namespace, Dimensions: [['TableName']], Metrics: definitions }] },
    TableName: tableName,
    ...metrics,
  });
}

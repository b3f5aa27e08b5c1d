/** A metric's unit and value by its name, in the order in which the line declares them. */
export type Metrics = Readonly<Record<string, { readonly unit: 'Count' | 'Milliseconds'; readonly value: number }>>;

/**
 * One line in CloudWatch's embedded metric format: metrics without a call and without a permission.
 *
 * Written here because the libraries for it add a dimension `service` to each metric, which alarms on the table would have
 * to know. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function embeddedMetrics(namespace: string, tableName: string, metrics: Metrics, timestamp: number): string {
  const entries = Object.entries(metrics);
  const definitions = entries.map(([name, { unit }]) => ({ Name: name, Unit: unit }));
  return JSON.stringify({
    _aws: { Timestamp: timestamp, CloudWatchMetrics: [{ Namespace: namespace, Dimensions: [['TableName']], Metrics: definitions }] },
    TableName: tableName,
    ...Object.fromEntries(entries.map(([name, { value }]) => [name, value])),
  });
}

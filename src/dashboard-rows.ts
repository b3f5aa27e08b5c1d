import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Operation } from 'aws-cdk-lib/aws-dynamodb';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { indexThrottles, LimiterAlarms } from './alarms';
import { IZaeLimiter } from './limiter';
import { functionMetric, INDEX_NAMES, indexMetric, located, sumOf } from './metrics';

/** Units of a dashboard's grid from left to right. */
const WIDTH = 24;
const HEIGHT = 6;

/** What a dashboard shows. */
interface Shown {
  readonly limiter: IZaeLimiter;
  readonly alarms?: LimiterAlarms;
  readonly moreAlarms?: cloudwatch.IAlarm[];
  readonly archiveBucket?: s3.IBucket;
}

/** The widgets of a limiter, in rows of one subject: what is known of it, and nothing that must stay empty. */
export function dashboardRows({ limiter, alarms, moreAlarms = [], archiveBucket }: Shown): cloudwatch.IWidget[][] {
  return [
    [new cloudwatch.TextWidget({ width: WIDTH, height: 2, markdown: `# Rate limiter ${limiter.limiterName}` })],
    ...alarmRows([...moreAlarms, ...(alarms?.all ?? [])]),
    ...requestRows(limiter, alarms),
    ...aggregatorRows(limiter, alarms),
    ...provisionerRows(limiter, alarms),
    ...archiveRows(archiveBucket),
    ...costRows(limiter),
  ];
}

interface Graph {
  readonly title: string;
  readonly left: readonly cloudwatch.IMetric[];
  readonly right?: readonly cloudwatch.IMetric[];
  readonly unit: string;
  readonly rightUnit?: string;
  /** Alarms whose thresholds are drawn. */
  readonly alarms?: readonly (cloudwatch.Alarm | undefined)[];
  readonly view?: cloudwatch.GraphWidgetView;
}

/** Graphs of equal width beside each other. */
function row(...graphs: readonly Graph[]): cloudwatch.IWidget[] {
  return graphs.map(({ title, left, right = [], unit, rightUnit, alarms = [], view }) => new cloudwatch.GraphWidget({
    title,
    view,
    width: WIDTH / graphs.length,
    height: HEIGHT,
    left: [...left],
    right: [...right],
    leftYAxis: { min: 0, label: unit, showUnits: false },
    rightYAxis: rightUnit === undefined ? undefined : { min: 0, label: rightUnit, showUnits: false },
    leftAnnotations: alarms.flatMap((alarm) => (alarm === undefined ? [] : [thresholdOf(alarm)])),
  }));
}

function thresholdOf(alarm: cloudwatch.Alarm): cloudwatch.HorizontalAnnotation {
  return { value: alarm.toAnnotation().value, label: `alarm: ${alarm.node.id}`, color: cloudwatch.Color.RED };
}

function alarmRows(alarms: cloudwatch.IAlarm[]): cloudwatch.IWidget[][] {
  if (alarms.length === 0) return [];
  return [[new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms, width: WIDTH, height: 3 })]];
}

const percentiles = (metric: (options: cloudwatch.MetricOptions) => cloudwatch.Metric): cloudwatch.Metric[] =>
  ['p50', 'p95', 'p99'].map((statistic) => metric({ statistic, label: statistic }));

const consumedByIndexes = (limiter: IZaeLimiter, metricName: string, options: cloudwatch.MetricOptions = {}): { [id: string]: cloudwatch.Metric } =>
  Object.fromEntries(INDEX_NAMES.map((name) =>
    [`${name.toLowerCase()}${metricName}`, indexMetric(limiter.tableName, name, metricName, located(limiter, limiter.tableArn, options))]));

function requestRows(limiter: IZaeLimiter, alarms: LimiterAlarms | undefined): cloudwatch.IWidget[][] {
  const { UPDATE_ITEM: update, GET_ITEM: get, BATCH_GET_ITEM: batchGet } = Operation;
  const done = limiter.metricSuccessfulRequestLatency(update, { statistic: 'SampleCount', label: 'done' });
  const refused = limiter.metricConditionalCheckFailedRequests({ label: 'refused' });
  const refusedPercent = new cloudwatch.MathExpression({
    expression: '100*FILL(refused,0)/(FILL(refused,0)+done)', usingMetrics: { refused, done }, label: 'refused %',
  });
  const indexWrites = sumOf(consumedByIndexes(limiter, 'ConsumedWriteCapacityUnits'), { label: 'writes of indexes' });
  const [hour, day] = [Duration.hours(1), Duration.days(1)];
  return [
    row(
      {
        title: 'Updates of items: requests, corrections, and the aggregator\'s own', unit: 'requests', left: [done, refused],
        right: [refusedPercent], rightUnit: '%',
      },
      {
        title: 'Consumed units', unit: 'units', left: [
          limiter.metricConsumedWriteCapacityUnits({ label: 'writes' }), indexWrites, limiter.metricConsumedReadCapacityUnits({ label: 'reads' }),
        ],
      },
      {
        title: 'Throttled requests', unit: 'requests', alarms: [alarms?.readThrottles, alarms?.writeThrottles, alarms?.indexThrottles], left: [
          alarms?.readThrottles?.metric ?? limiter.metricReadThrottleEvents(),
          alarms?.writeThrottles?.metric ?? limiter.metricWriteThrottleEvents(),
          alarms?.indexThrottles?.metric ?? indexThrottles(limiter),
        ],
      },
    ),
    row(
      { title: 'Latency of UpdateItem', unit: 'ms', left: percentiles((options) => limiter.metricSuccessfulRequestLatency(update, options)) },
      { title: 'Latency of GetItem', unit: 'ms', left: percentiles((options) => limiter.metricSuccessfulRequestLatency(get, options)) },
      { title: 'Latency of BatchGetItem', unit: 'ms', left: percentiles((options) => limiter.metricSuccessfulRequestLatency(batchGet, options)) },
    ),
    row(
      {
        title: 'Errors of DynamoDB', unit: 'requests', alarms: [alarms?.systemErrors],
        left: [alarms?.systemErrors?.metric ?? limiter.metricSystemErrors()],
      },
      {
        title: 'Consumed units an hour', unit: 'units', left: [
          limiter.metricConsumedWriteCapacityUnits({ label: 'writes', period: hour }),
          limiter.metricConsumedReadCapacityUnits({ label: 'reads', period: hour }),
        ],
      },
      {
        title: 'Throttled requests a day', unit: 'requests', view: cloudwatch.GraphWidgetView.BAR, left: [
          limiter.metricReadThrottleEvents({ label: 'reads', period: day }), limiter.metricWriteThrottleEvents({ label: 'writes', period: day }),
          indexThrottles(limiter, { label: 'writes of indexes', period: day }),
        ],
      },
    ),
  ];
}

function aggregatorRows(limiter: IZaeLimiter, alarms: LimiterAlarms | undefined): cloudwatch.IWidget[][] {
  const { aggregatorFunctionName: name } = limiter;
  const deadLetters = limiter.deadLetterQueueName === undefined ? [] : [
    { title: 'Dead letters', unit: 'messages', left: [alarms?.deadLetters?.metric ?? limiter.metricDeadLetters()], alarms: [alarms?.deadLetters] },
  ];
  if (name === undefined) return deadLetters.length === 0 ? [] : [row(...deadLetters)];
  const concurrency = functionMetric(name, 'ConcurrentExecutions', 'Maximum', located(limiter, limiter.tableArn, { label: 'concurrent' }));
  const counters = (...names: readonly string[]): cloudwatch.Metric[] => names.map((metric) => limiter.metric(metric));
  return [
    row(
      {
        title: 'Aggregator: invocations', unit: 'invocations', alarms: [alarms?.aggregatorErrors, alarms?.aggregatorThrottles], left: [
          limiter.metricAggregatorInvocations(),
          alarms?.aggregatorErrors?.metric ?? limiter.metricAggregatorErrors(),
          alarms?.aggregatorThrottles?.metric ?? limiter.metricAggregatorThrottles(),
        ], right: [concurrency], rightUnit: 'at the same time',
      },
      {
        title: 'Aggregator: duration', unit: 'ms', alarms: [alarms?.aggregatorDuration], left: [
          ...percentiles((options) => limiter.metricAggregatorDuration(options)),
          alarms?.aggregatorDuration?.metric ?? limiter.metricAggregatorDuration(),
        ],
      },
      {
        title: 'Aggregator: age of the stream\'s records', unit: 'ms', alarms: [alarms?.iteratorAge],
        left: [alarms?.iteratorAge?.metric ?? limiter.metricIteratorAge({ period: Duration.minutes(1) })],
      },
    ),
    row(
      {
        title: 'Aggregator: work', unit: 'records, writes',
        left: counters('RecordsProcessed', 'SnapshotsUpdated', 'RefillsWritten', 'EventsArchived', 'DuplicatesSkipped'),
      },
      {
        title: 'Aggregator: failed records', unit: 'records', alarms: [alarms?.recordFailures],
        left: [...counters('RecordsFailed', 'PoisonRecords'), ...(alarms?.recordFailures === undefined ? [] : [alarms.recordFailures.metric])],
      },
      {
        title: 'Aggregator: shards', unit: 'buckets, shards',
        left: counters('ShardsDoubled', 'ShardsPropagated', 'ShardCapReached', 'ShardCapExceeded'),
      },
      ...deadLetters,
    ),
  ];
}

function provisionerRows(limiter: IZaeLimiter, alarms: LimiterAlarms | undefined): cloudwatch.IWidget[][] {
  const { provisionerFunctionName: name } = limiter;
  if (name === undefined) return [];
  const own = (metricName: string, statistic: string): cloudwatch.Metric =>
    functionMetric(name, metricName, statistic, located(limiter, limiter.tableArn, {}));
  return [row(
    {
      title: 'Provisioner: invocations', unit: 'invocations', alarms: [alarms?.provisionerErrors],
      left: [own('Invocations', 'Sum'), alarms?.provisionerErrors?.metric ?? limiter.metricProvisionerErrors()],
    },
    { title: 'Provisioner: duration', unit: 'ms', left: [own('Duration', 'Maximum')] },
  )];
}

/** S3 reports the size of a bucket once a day, for each storage class apart. */
function archiveRows(bucket: s3.IBucket | undefined): cloudwatch.IWidget[][] {
  if (bucket === undefined) return [];
  const daily = (metricName: string, storage: string, label: string): cloudwatch.Metric => new cloudwatch.Metric({
    namespace: 'AWS/S3', metricName, dimensionsMap: { BucketName: bucket.bucketName, StorageType: storage },
    statistic: 'Average', period: Duration.days(1), label,
  });
  return [row(
    {
      title: 'Audit archive: size', unit: 'bytes',
      left: [daily('BucketSizeBytes', 'StandardStorage', 'standard'), daily('BucketSizeBytes', 'GlacierInstantRetrievalStorage', 'glacier')],
    },
    { title: 'Audit archive: objects', unit: 'objects', left: [daily('NumberOfObjects', 'AllStorageTypes', 'objects')] },
  )];
}

/** Dollars for a million units, on demand. */
const PRICE = { write: 0.625, read: 0.125 };
const PRICE_SOURCE = 'https://aws.amazon.com/dynamodb/pricing/on-demand/';

function costRows(limiter: IZaeLimiter): cloudwatch.IWidget[][] {
  const period = Duration.hours(1);
  const writes = { writes: limiter.metricConsumedWriteCapacityUnits({ period }), ...consumedByIndexes(limiter, 'ConsumedWriteCapacityUnits', { period }) };
  const reads = { reads: limiter.metricConsumedReadCapacityUnits({ period }), ...consumedByIndexes(limiter, 'ConsumedReadCapacityUnits', { period }) };
  const dollars = (metrics: { [id: string]: cloudwatch.Metric }, price: number, label: string): cloudwatch.MathExpression =>
    new cloudwatch.MathExpression({
      expression: `(${Object.keys(metrics).map((id) => `FILL(${id},0)`).join('+')})*${price}/1000000`, usingMetrics: metrics, period, label,
    });
  const note = new cloudwatch.TextWidget({
    width: 8,
    height: HEIGHT,
    markdown: [
      '## What requests cost',
      `The graph multiplies the units that the table and its indexes used with the prices of on-demand capacity in us-east-1 since November 2024: $${PRICE.write} `
        + `for a million write units, $${PRICE.read} for a million read units ([today's prices](${PRICE_SOURCE})).`,
      'Not in it: storage, the stream, backups, the functions, logs, alarms and this dashboard. Other regions have other prices, '
        + 'and provisioned capacity costs what is provisioned.',
    ].join('\n\n'),
  });
  const graph = new cloudwatch.GraphWidget({
    title: 'Requests, US dollars an hour',
    width: WIDTH - 8,
    height: HEIGHT,
    stacked: true,
    left: [dollars(writes, PRICE.write, 'writes'), dollars(reads, PRICE.read, 'reads')],
    leftYAxis: { min: 0, label: 'US dollars', showUnits: false },
  });
  return [[graph, note]];
}

import { App, Duration, Stack } from 'aws-cdk-lib';
import { Alarm, type IMetric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { Operation } from 'aws-cdk-lib/aws-dynamodb';
import spec from '../spec/metrics.json';
import table from '../spec/table.json';
import { ZaeLimiter, type IZaeLimiter, type ZaeLimiterProps } from '../src';
import { ImportedLimiter } from '../src/imported-limiter';
import { HANDLER_METRICS, METRICS_NAMESPACE } from '../src/metrics';

function limiterOf(props?: ZaeLimiterProps, env = {}): { stack: Stack; limiter: ZaeLimiter } {
  const stack = new Stack(new App(), 'app', { env });
  return { stack, limiter: new ZaeLimiter(stack, 'Limiter', props) };
}

const TABLE_ARN = 'arn:aws:dynamodb:eu-central-1:210987654321:table/far';

/** What is asked of CloudWatch, with references to resources by what they are. */
function asked(stack: Stack, metric: IMetric) {
  const { namespace, metricName, dimensions = [], statistic, period } = metric.toMetricConfig().metricStat!;
  const values = dimensions.map(({ name, value }) => [name, JSON.stringify(stack.resolve(value)).replace(/[A-F0-9]{8}/g, '')]);
  return [namespace, metricName, Object.fromEntries(values) as unknown, statistic, period.toSeconds()];
}

const AGGREGATOR = { FunctionName: '{"Ref":"LimiterAggregatorFunction"}' };
const PROVISIONER = { FunctionName: '{"Ref":"LimiterProvisionerFunction"}' };
const QUEUE = { QueueName: '{"Fn::GetAtt":["LimiterAggregatorDeadLetterQueue","QueueName"]}' };
const TABLE = { TableName: '"app"' };

type MetricOf = (limiter: IZaeLimiter, options?: MetricOptions) => IMetric;

const METRICS: readonly (readonly [string, MetricOf, string, string, object, string])[] = [
  ['metricAggregatorInvocations', (it, options) => it.metricAggregatorInvocations(options), 'AWS/Lambda', 'Invocations', AGGREGATOR, 'Sum'],
  ['metricAggregatorErrors', (it, options) => it.metricAggregatorErrors(options), 'AWS/Lambda', 'Errors', AGGREGATOR, 'Sum'],
  ['metricAggregatorDuration', (it, options) => it.metricAggregatorDuration(options), 'AWS/Lambda', 'Duration', AGGREGATOR, 'Maximum'],
  ['metricAggregatorThrottles', (it, options) => it.metricAggregatorThrottles(options), 'AWS/Lambda', 'Throttles', AGGREGATOR, 'Sum'],
  ['metricIteratorAge', (it, options) => it.metricIteratorAge(options), 'AWS/Lambda', 'IteratorAge', AGGREGATOR, 'Maximum'],
  ['metricProvisionerErrors', (it, options) => it.metricProvisionerErrors(options), 'AWS/Lambda', 'Errors', PROVISIONER, 'Sum'],
  ['metricDeadLetters, F-19', (it, options) => it.metricDeadLetters(options), 'AWS/SQS', 'ApproximateNumberOfMessagesVisible', QUEUE, 'Maximum'],
  ['metricReadThrottleEvents', (it, options) => it.metricReadThrottleEvents(options), 'AWS/DynamoDB', 'ReadThrottleEvents', TABLE, 'Sum'],
  ['metricWriteThrottleEvents', (it, options) => it.metricWriteThrottleEvents(options), 'AWS/DynamoDB', 'WriteThrottleEvents', TABLE, 'Sum'],
  ['metricIndexWriteThrottleEvents', (it, options) => it.metricIndexWriteThrottleEvents('GSI2', options), 'AWS/DynamoDB', 'WriteThrottleEvents',
    { ...TABLE, GlobalSecondaryIndexName: '"GSI2"' }, 'Sum'],
  ['metricConsumedReadCapacityUnits', (it, options) => it.metricConsumedReadCapacityUnits(options),
    'AWS/DynamoDB', 'ConsumedReadCapacityUnits', TABLE, 'Sum'],
  ['metricConsumedWriteCapacityUnits', (it, options) => it.metricConsumedWriteCapacityUnits(options),
    'AWS/DynamoDB', 'ConsumedWriteCapacityUnits', TABLE, 'Sum'],
  ['metricConditionalCheckFailedRequests', (it, options) => it.metricConditionalCheckFailedRequests(options),
    'AWS/DynamoDB', 'ConditionalCheckFailedRequests', TABLE, 'Sum'],
  ['metricSuccessfulRequestLatency', (it, options) => it.metricSuccessfulRequestLatency(Operation.UPDATE_ITEM, options),
    'AWS/DynamoDB', 'SuccessfulRequestLatency', { ...TABLE, Operation: '"UpdateItem"' }, 'Average'],
  ['metricSnapshotsUpdated', (it, options) => it.metricSnapshotsUpdated(options), 'ZaeLimiter', 'SnapshotsUpdated', TABLE, 'Sum'],
  ['metricRefillsWritten', (it, options) => it.metricRefillsWritten(options), 'ZaeLimiter', 'RefillsWritten', TABLE, 'Sum'],
  ['metricShardsDoubled', (it, options) => it.metricShardsDoubled(options), 'ZaeLimiter', 'ShardsDoubled', TABLE, 'Sum'],
  ['metricEventsArchived', (it, options) => it.metricEventsArchived(options), 'ZaeLimiter', 'EventsArchived', TABLE, 'Sum'],
  ['metricRecordsFailed', (it, options) => it.metricRecordsFailed(options), 'ZaeLimiter', 'RecordsFailed', TABLE, 'Sum'],
  ['metricDuplicatesSkipped', (it, options) => it.metricDuplicatesSkipped(options), 'ZaeLimiter', 'DuplicatesSkipped', TABLE, 'Sum'],
  ['metricPoisonRecords', (it, options) => it.metricPoisonRecords(options), 'ZaeLimiter', 'PoisonRecords', TABLE, 'Sum'],
  ['metric', (it, options) => it.metric('ProcessingTime', options), 'ZaeLimiter', 'ProcessingTime', TABLE, 'Maximum'],
];

describe('metrics of a limiter', () => {
  test.each(METRICS)('%s is this one', (_, metricOf, namespace, name, dimensions, statistic) => {
    const { stack, limiter } = limiterOf();

    expect(asked(stack, metricOf(limiter))).toEqual([namespace, name, dimensions, statistic, 300]);
  });

  test.each(METRICS)('%s takes options', (_, metricOf, namespace, name, dimensions) => {
    const { stack, limiter } = limiterOf();

    const metric = metricOf(limiter, { statistic: 'Minimum', period: Duration.minutes(1), label: 'mine' });

    expect(asked(stack, metric)).toEqual([namespace, name, dimensions, 'Minimum', 60]);
    expect(metric.toMetricConfig().renderingProperties).toMatchObject({ label: 'mine' });
  });

  test('metricSystemErrors adds up the operations, because DynamoDB has no such metric of the whole table', () => {
    const { stack, limiter } = limiterOf();

    const sum = limiter.metricSystemErrors({ period: Duration.minutes(1), label: 'mine', color: '#ff0000' });

    expect(sum).toMatchObject({ label: 'mine', color: '#ff0000', period: Duration.minutes(1) });
    expect(sum.expression.match(/FILL\((\w+),0\)/g)).toHaveLength(Object.keys(sum.usingMetrics).length);
    expect(Object.entries(sum.usingMetrics).map(([id, metric]) => [id, ...asked(stack, metric)])).toEqual([
      'GetItem', 'BatchGetItem', 'Query', 'Scan', 'PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems',
    ].map((operation) => [operation.toLowerCase(), 'AWS/DynamoDB', 'SystemErrors', { ...TABLE, Operation: `"${operation}"` }, 'Sum', 60]));
  });

  test.each(spec.metrics.map(({ name }) => name))('the function\'s own metric %s has a name', (name) => {
    const { stack, limiter } = limiterOf();

    expect(asked(stack, limiter.metric(name)).slice(0, 3)).toEqual([spec.namespace, name, TABLE]);
  });

  test('no other metrics of the function are known than those that it writes', () => {
    expect(Object.keys(HANDLER_METRICS)).toEqual(spec.metrics.map(({ name }) => name));
    expect([METRICS_NAMESPACE, Object.keys(TABLE)]).toEqual([spec.namespace, spec.dimensions]);
    const milliseconds = spec.metrics.filter(({ unit }) => unit !== 'Count').map(({ name }) => name);
    expect(Object.entries(HANDLER_METRICS).filter(([, statistic]) => statistic !== 'Sum').map(([name]) => name)).toEqual(milliseconds);
  });
});

describe('what has no metric', () => {
  const NO_AGGREGATOR =
    /^METRIC_PART_UNKNOWN: the aggregator of this limiter has no metrics: it is not enabled, or its name is not known \[app\/Limiter\]$/;
  const parts: [string, MetricOf, ZaeLimiterProps, RegExp][] = [
    ...METRICS.filter(([, , , , dimensions]) => dimensions === AGGREGATOR).map(([title, metricOf]): [string, MetricOf, ZaeLimiterProps, RegExp] =>
      [title, metricOf, { aggregator: { enabled: false } }, NO_AGGREGATOR]),
    ['metricDeadLetters', (it) => it.metricDeadLetters(), { aggregator: { enabled: false } },
      /^METRIC_PART_UNKNOWN: the dead-letter queue of this limiter /],
    ['metricProvisionerErrors', (it) => it.metricProvisionerErrors(), { provisioner: { enabled: false } },
      /^METRIC_PART_UNKNOWN: the provisioner /],
    ['metricIteratorAge of an imported limiter', (it) => new ImportedLimiter(Stack.of(it), 'Far', { tableName: 'far' }).metricIteratorAge(), {},
      /^METRIC_PART_UNKNOWN: .* \[app\/Far\]$/],
    ['metric of a name that the function does not write', (it) => it.metric('Snapshots'), {},
      /^METRIC_NAME_INVALID: the name of a metric must be one of RecordsProcessed, .*, ProcessingTime, got 'Snapshots' \[app\/Limiter\]$/],
    ['metric of a name that every object has', (it) => it.metric('toString'), {}, /^METRIC_NAME_INVALID: .* got 'toString'/],
    ['metricIndexWriteThrottleEvents of no index', (it) => it.metricIndexWriteThrottleEvents('LSI1'), {},
      /^METRIC_NAME_INVALID: the name of an index must be one of GSI1, GSI2, GSI3, GSI4, got 'LSI1' \[app\/Limiter\]$/],
  ];

  test.each(parts)('fails when %s is asked for', (_, metricOf, props, message) => {
    const { limiter } = limiterOf(props);

    expect(() => metricOf(limiter)).toThrow(expect.objectContaining({ name: 'ValidationError', message: expect.stringMatching(message) }));
  });

  test.each(table.globalIndexes)('is not the index $name', ({ name }) => {
    expect(limiterOf().limiter.metricIndexWriteThrottleEvents(name).metricName).toBe('WriteThrottleEvents');
  });
});

describe('metrics of a limiter elsewhere', () => {
  const whereOf = (metric: IMetric) => {
    const { region, account } = metric.toMetricConfig().metricStat!;
    return { region, account };
  };

  test('are in the region and account of its table', () => {
    const limiter = new ImportedLimiter(new Stack(new App(), 'app', { env: { region: 'us-east-1', account: '123456789012' } }), 'Limiter', { tableArn: TABLE_ARN });

    expect(whereOf(limiter.metricReadThrottleEvents())).toEqual({ region: 'eu-central-1', account: '210987654321' });
    expect(whereOf(limiter.metricRecordsFailed({ region: 'eu-west-1' }))).toEqual({ region: 'eu-west-1', account: '210987654321' });
  });

  test('name what was said of it', () => {
    const stack = new Stack(new App(), 'app');
    const limiter = new ImportedLimiter(stack, 'Limiter', {
      tableArn: TABLE_ARN, aggregatorFunctionName: 'far-aggregator', deadLetterQueueName: 'far-dlq',
      provisionerFunctionArn: 'arn:aws:lambda:eu-central-1:210987654321:function:far-limits-provisioner',
    });

    expect([limiter.metricReadThrottleEvents(), limiter.metricIteratorAge(), limiter.metricDeadLetters(), limiter.metricProvisionerErrors()]
      .map(({ dimensions }) => Object.values(dimensions!)[0] as string)).toEqual(['far', 'far-aggregator', 'far-dlq', 'far-limits-provisioner']);
  });

  test.each([
    ['those of its stack', { region: 'us-east-1', account: '123456789012' }],
    ['not said when its stack does not say', { region: undefined, account: undefined }],
  ])('are for a limiter of this app %s', (_, env) => {
    expect(whereOf(limiterOf({}, env).limiter.metricAggregatorErrors())).toEqual(env);
  });

  test('fail an alarm in another region before it is deployed', () => {
    const stack = new Stack(new App(), 'app', { env: { region: 'us-east-1', account: '210987654321' } });
    const metric = new ImportedLimiter(stack, 'Limiter', { tableArn: TABLE_ARN }).metricReadThrottleEvents();

    expect(() => new Alarm(stack, 'Alarm', { metric, threshold: 1, evaluationPeriods: 1 })).toThrow(/region 'us-east-1'.*eu-central-1/s);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { TreatMissingData, type IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { FailureDestination, LimiterAlarms, ResourceNaming, ZaeLimiter, type AlarmOptions, type ZaeLimiterProps } from '../src';
import { EVALUATION_PERIODS, type AlarmOption } from '../src/alarm-options';

const ALARM = 'AWS::CloudWatch::Alarm';

function synth(alarms?: AlarmOptions, props: ZaeLimiterProps = {}, stack = new Stack(new App(), 'app')) {
  const limiter = new ZaeLimiter(stack, 'Limiter', { limiterName: 'prod', alarms, ...props });
  const found = Object.values(Template.fromStack(stack).findResources(ALARM)).map(({ Properties }) => Properties);
  return { stack, limiter, found, named: (suffix: string) => found.find(({ AlarmName }) => AlarmName === `prod-${suffix}`)! };
}

const everyAlarm: AlarmOptions = { aggregatorThrottles: { enabled: true }, systemErrors: { enabled: true } };
const ABOVE = 'GreaterThanThreshold';
const AT_LEAST = 'GreaterThanOrEqualToThreshold';

interface Rule {
  readonly option: AlarmOption;
  readonly id: string;
  readonly suffix: string;
  readonly metric: string;
  readonly statistic?: string;
  readonly comparison: string;
  readonly threshold: number;
  readonly periods: number;
  readonly says: string;
  readonly runbook: string;
}

const RULES: readonly Rule[] = ([
  ['aggregatorErrors', 'AggregatorErrors', 'aggregator-error-rate', 'Errors', 'Sum', ABOVE, 1, 1,
    'Failed invocations of the aggregator: above 1 in 5 minutes', 'aggregator-errors'],
  ['aggregatorDuration', 'AggregatorDuration', 'aggregator-duration', 'Duration', 'Maximum', ABOVE, 48_000, 2,
    'Milliseconds of the longest invocation of the aggregator: above 48000 in each of 2 periods of 5 minutes', 'aggregator-duration'],
  ['aggregatorThrottles', 'AggregatorThrottles', 'aggregator-throttle', 'Throttles', 'Sum', ABOVE, 0, 1,
    'Refused invocations of the aggregator: above 0 in 5 minutes', 'aggregator-throttles'],
  ['iteratorAge', 'IteratorAge', 'stream-iterator-age', 'IteratorAge', 'Maximum', ABOVE, 30_000, 2,
    'Milliseconds that stream records wait for the aggregator: above 30000 in each of 2 periods of 5 minutes', 'iterator-age'],
  ['recordFailures', 'RecordFailures', 'record-failures', 'RecordsFailed+PoisonRecords', 'Sum', AT_LEAST, 1, 1,
    'Stream records that failed or can never be processed: at least 1 in 5 minutes', 'record-failures'],
  ['deadLetters', 'DeadLetters', 'aggregator-dlq-alarm', 'ApproximateNumberOfMessagesVisible', 'Maximum', AT_LEAST, 1, 1,
    'Messages in the dead-letter queue: at least 1 in 5 minutes', 'dead-letters'],
  ['provisionerErrors', 'ProvisionerErrors', 'provisioner-error-rate', 'Errors', 'Sum', AT_LEAST, 1, 1,
    'Failed invocations of the provisioner: at least 1 in 5 minutes', 'provisioner-errors'],
  ['readThrottles', 'ReadThrottles', 'read-throttle', 'ReadThrottleEvents', 'Sum', ABOVE, 1, 2,
    'Throttled reads of the table: above 1 in each of 2 periods of 5 minutes', 'read-throttles'],
  ['writeThrottles', 'WriteThrottles', 'write-throttle', 'WriteThrottleEvents', 'Sum', ABOVE, 1, 2,
    'Throttled writes of the table: above 1 in each of 2 periods of 5 minutes', 'write-throttles'],
  ['indexThrottles', 'IndexThrottles', 'index-throttle', 'WriteThrottleEvents+WriteThrottleEvents+WriteThrottleEvents+WriteThrottleEvents', 'Sum',
    ABOVE, 1, 2, 'Throttled writes of the indexes: above 1 in each of 2 periods of 5 minutes', 'index-throttles'],
  ['systemErrors', 'SystemErrors', 'system-errors', Array(9).fill('SystemErrors').join('+'), 'Sum', AT_LEAST, 1, 2,
    'Requests that failed within DynamoDB: at least 1 in each of 2 periods of 5 minutes', 'system-errors'],
] as const).map(([option, id, suffix, metric, statistic, comparison, threshold, periods, says, runbook]) =>
  ({ option, id, suffix, metric, statistic, comparison, threshold, periods, says, runbook }));

/** Metric, statistic and period of an alarm, whether it has one metric or adds some up. */
function measured({ MetricName, Statistic, Period, Metrics = [] }: any): [string, string, number] {
  if (MetricName !== undefined) return [MetricName, Statistic, Period];
  const [expression, ...summands] = Metrics.map(({ Expression, Id, MetricStat }: any) => Expression ?? [Id, MetricStat]);
  expect(expression).toBe(summands.map(([id]: [string]) => `FILL(${id},0)`).join('+'));
  const { Stat, Period: period } = summands[0][1];
  return [summands.map(([, { Metric }]: [string, any]) => Metric.MetricName).join('+'), Stat, period];
}

describe('alarms', () => {
  test.each(RULES)('$option is this rule, which its description says', ({ suffix, metric, statistic, comparison, threshold, periods, says, runbook }) => {
    const alarm = synth(everyAlarm).named(suffix);

    expect(alarm).toMatchObject({
      ComparisonOperator: comparison, Threshold: threshold, EvaluationPeriods: periods, TreatMissingData: 'notBreaching',
      AlarmDescription: `${says}. What to do: https://github.com/zae-limiter/zae-limiter-cdk/blob/main/docs/operations/runbooks.md#${runbook}`,
    });
    expect(measured(alarm)).toEqual([metric, statistic, 300]);
    expect(alarm).not.toHaveProperty('DatapointsToAlarm');
  });

  test('every alarm has a rule above, an attribute and an id', () => {
    const { limiter, found } = synth(everyAlarm);

    expect(found).toHaveLength(RULES.length);
    expect(RULES.map(({ option }) => option).sort()).toEqual(Object.keys(EVALUATION_PERIODS).sort());
    expect(RULES.map(({ option }) => limiter.alarms![option]?.node.path)).toEqual(RULES.map(({ id }) => `app/Limiter/Alarms/${id}`));
    expect(limiter.alarms!.all.map(({ node }) => node.id)).toEqual(RULES.map(({ id }) => id));
  });

  test('index throttles are those of the four indexes, which the metric of the table does not include', () => {
    const { Metrics } = synth().named('index-throttle');

    expect(JSON.stringify(Metrics).match(/"GSI\d"/g)).toEqual(['"GSI1"', '"GSI2"', '"GSI3"', '"GSI4"']);
  });

  const TABLE_ALARMS: AlarmOption[] = ['readThrottles', 'writeThrottles', 'indexThrottles'];
  const AGGREGATOR_ALARMS: AlarmOption[] = ['aggregatorErrors', 'aggregatorDuration', 'iteratorAge', 'recordFailures', 'deadLetters'];
  const off = { enabled: false };

  test.each<[string, AlarmOptions | undefined, ZaeLimiterProps, AlarmOption[]]>([
    ['by default', undefined, {}, [...AGGREGATOR_ALARMS, 'provisionerErrors', ...TABLE_ALARMS]],
    ['without an aggregator', everyAlarm, { aggregator: off }, ['provisionerErrors', ...TABLE_ALARMS, 'systemErrors']],
    ['without a provisioner', undefined, { provisioner: off }, [...AGGREGATOR_ALARMS, ...TABLE_ALARMS]],
    ['without functions', undefined, { aggregator: off, provisioner: off }, TABLE_ALARMS],
    ['with failures that go nowhere', undefined, { aggregator: { onFailure: FailureDestination.none() } },
      ['aggregatorErrors', 'aggregatorDuration', 'iteratorAge', 'recordFailures', 'provisionerErrors', ...TABLE_ALARMS]],
    ['with one of them switched off', { deadLetters: off }, { provisioner: off },
      ['aggregatorErrors', 'aggregatorDuration', 'iteratorAge', 'recordFailures', ...TABLE_ALARMS]],
    ['when switched off', { enabled: false, systemErrors: { enabled: true } }, {}, []],
  ])('%s are these', (_, alarms, props, expected) => {
    const { limiter, found } = synth(alarms, props);

    expect(RULES.map(({ option }) => option).filter((option) => limiter.alarms?.[option] !== undefined)).toEqual(expected);
    expect(found).toHaveLength(expected.length);
  });

  test('have no names where CloudFormation names everything', () => {
    for (const alarm of synth(everyAlarm, { naming: ResourceNaming.GENERATED }).found) expect(alarm).not.toHaveProperty('AlarmName');
  });

  test('are named in the outputs, by the keys that the Python library gives them', () => {
    const { stack } = synth();

    const outputs = Object.entries(Template.fromStack(stack).findOutputs('*')).filter(([key]) => key.includes('AlarmName'));
    expect(outputs.map(([key, { Value }]) => [key.replace(/^LimiterOutputs|[A-F0-9]{8}$/g, ''), Value.Ref.replace(/[A-F0-9]{8}$/, '')])).toEqual([
      ['AggregatorDLQAlarmName', 'LimiterAlarmsDeadLetters'], ['LambdaErrorRateAlarmName', 'LimiterAlarmsAggregatorErrors'],
      ['LambdaDurationAlarmName', 'LimiterAlarmsAggregatorDuration'], ['StreamIteratorAgeAlarmName', 'LimiterAlarmsIteratorAge'],
      ['DynamoDBReadThrottleAlarmName', 'LimiterAlarmsReadThrottles'], ['DynamoDBWriteThrottleAlarmName', 'LimiterAlarmsWriteThrottles'],
    ]);
  });

  test.each([
    ['a percentage of the timeout', { durationThresholdPercent: 50 }, Duration.seconds(61), 30_500],
    ['a percentage of the timeout, rounded down', { durationThresholdPercent: 33 }, Duration.seconds(1), 330],
    ['a threshold, which wins', { durationThresholdPercent: 50, aggregatorDuration: { threshold: 1234.5 } }, Duration.seconds(60), 1234.5],
  ])('the duration may have %s', (_, alarms, timeout, threshold) => {
    expect(synth(alarms, { aggregator: { timeout } }).named('aggregator-duration')).toMatchObject({ Threshold: threshold });
  });

  test('tuning changes the rule and what the description says', () => {
    const tuning = {
      threshold: 7, period: Duration.minutes(1), evaluationPeriods: 5, datapointsToAlarm: 3, treatMissingData: TreatMissingData.BREACHING,
    };
    const { named } = synth({ aggregatorErrors: tuning, indexThrottles: tuning });

    const tuned = { Threshold: 7, EvaluationPeriods: 5, DatapointsToAlarm: 3, TreatMissingData: 'breaching' };
    expect(named('aggregator-error-rate')).toMatchObject({ ...tuned, Period: 60 });
    expect(named('index-throttle')).toMatchObject(tuned);
    expect(measured(named('index-throttle'))[2]).toBe(60);
    expect(named('aggregator-error-rate').AlarmDescription).toMatch(/^Failed invocations of the aggregator: above 7 in 3 of 5 periods of 1 minute\. /);
  });

  test('a threshold that is known only when it is deployed is described as such', () => {
    const stack = new Stack(new App(), 'app');
    const threshold = new CfnParameter(stack, 'Threshold', { type: 'Number' }).valueAsNumber;

    const alarm = synth({ deadLetters: { threshold } }, {}, stack).named('aggregator-dlq-alarm');

    expect(alarm.Threshold).toEqual({ Ref: 'Threshold' });
    expect(JSON.stringify(alarm.AlarmDescription)).toContain('at least ",{"Ref":"Threshold"}," in 5 minutes.');
  });
});

describe('who is told', () => {
  const actionOf = (alarmActionArn: string): IAlarmAction => ({ bind: () => ({ alarmActionArn }) });

  test.each(RULES)('F-19, X8: $option tells the topic and does every action, once', ({ suffix }) => {
    const stack = new Stack(new App(), 'app');
    const topic = new Topic(stack, 'Topic');
    const topicRef = { Ref: stack.getLogicalId(topic.node.defaultChild as never) };

    const { named } = synth({ ...everyAlarm, topic, actions: [new SnsAction(topic), actionOf('arn:one'), actionOf('arn:one')] }, {}, stack);

    expect(named(suffix)).toMatchObject({ AlarmActions: [topicRef, 'arn:one'] });
    expect(named(suffix)).not.toHaveProperty('OKActions');
  });

  test.each(RULES)('$option tells as well when all is well again, if asked to', ({ suffix }) => {
    const { named } = synth({ ...everyAlarm, actions: [actionOf('arn:one'), actionOf('arn:two')], notifyOnOk: true });

    expect(named(suffix)).toMatchObject({ AlarmActions: ['arn:one', 'arn:two'], OKActions: ['arn:one', 'arn:two'] });
  });

  test('nobody, by default', () => {
    for (const alarm of synth().found) expect(Object.keys(alarm).filter((key) => key.endsWith('Actions'))).toEqual([]);
  });
});

describe('warnings', () => {
  const warningsOf = (stack: Stack): [string, string][] =>
    Annotations.fromStack(stack).findWarning('*', Match.anyValue()).map(({ id, entry }) => [id, entry.data as string]);

  test.each<[string, (stack: Stack) => AlarmOptions]>([
    ['a topic', (stack) => ({ enabled: false, topic: new Topic(stack, 'Topic') })],
    ['actions', () => ({ enabled: false, actions: [{ bind: () => ({ alarmActionArn: 'arn:one' }) }] })],
  ])('alarmActionsUnused, when there are no alarms for %s', (_, options) => {
    const stack = new Stack(new App(), 'app');

    synth(options(stack), {}, stack);

    expect(warningsOf(stack)).toEqual([['/app/Limiter', expect.stringMatching(/^topics or actions of alarms .*\[ack: @zae-limiter\/cdk:alarmActionsUnused\]$/)]]);
  });

  test('no actions are not unused', () => {
    expect(warningsOf(synth({ enabled: false, actions: [] }).stack)).toEqual([]);
  });

  const timeoutOf = (stack: Stack) => Duration.seconds(new CfnParameter(stack, 'Timeout', { type: 'Number' }).valueAsNumber);
  const percentOf = (stack: Stack) => new CfnParameter(stack, 'Percent', { type: 'Number' }).valueAsNumber;

  test.each<[string, (stack: Stack) => ZaeLimiterProps]>([
    ['timeout', (stack) => ({ aggregator: { timeout: timeoutOf(stack) } })],
    ['percentage', (stack) => ({ alarms: { durationThresholdPercent: percentOf(stack) } })],
  ])('noDurationAlarm, when the %s is known only when it is deployed', (_, props) => {
    const stack = new Stack(new App(), 'app');

    const { limiter } = synth(undefined, props(stack), stack);

    expect(limiter.alarms!.aggregatorDuration).toBeUndefined();
    expect(warningsOf(stack)).toEqual([['/app/Limiter', expect.stringMatching(/^there is no alarm .*\[ack: @zae-limiter\/cdk:noDurationAlarm\]$/)]]);
  });

  test.each<[string, AlarmOptions, number]>([
    ['with a threshold', { aggregatorDuration: { threshold: 5000 } }, 1],
    ['without the alarm', { aggregatorDuration: { enabled: false } }, 0],
  ])('none of a timeout that is known only when it is deployed %s', (_, alarms, count) => {
    const stack = new Stack(new App(), 'app');

    const { found } = synth(alarms, { aggregator: { timeout: timeoutOf(stack) } }, stack);

    expect(warningsOf(stack)).toEqual([]);
    expect(found.filter(({ MetricName }) => MetricName === 'Duration')).toHaveLength(count);
  });
});

describe('alarms that are made for a limiter', () => {
  test('have no names of their own and know no timeout, unless they are told', () => {
    const app = new App();
    const limiter = new ZaeLimiter(new Stack(app, 'app'), 'Limiter');
    const other = new Stack(app, 'other');

    const alarms = new LimiterAlarms(other, 'Alarms', { limiter, options: { aggregatorDuration: { threshold: 100 } } });
    new LimiterAlarms(other, 'Told', { limiter, aggregatorTimeout: Duration.seconds(10), alarmNamePrefix: 'second' });

    expect(alarms.all).toHaveLength(9);
    const found = Object.values(Template.fromStack(other).findResources(ALARM)).map(({ Properties }) => Properties);
    const durations = found.filter(({ MetricName }) => MetricName === 'Duration');
    expect(durations.map(({ AlarmName, Threshold }) => [AlarmName, Threshold])).toEqual([[undefined, 100], ['second-aggregator-duration', 8000]]);
  });

  test('fail when their settings are wrong', () => {
    const { stack, limiter } = synth({ enabled: false });

    expect(() => new LimiterAlarms(stack, 'Alarms', { limiter, options: { durationThresholdPercent: 0 } }))
      .toThrow('DURATION_PERCENT_RANGE: alarms.durationThresholdPercent must be a whole number from 1 to 100, got 0 [app/Alarms]');
  });
});

describe('a topic for critical alarms', () => {
  test('is told by those, beside the other one, and by no other', () => {
    const stack = new Stack(new App(), 'app');
    const [topic, criticalTopic] = [new Topic(stack, 'Chat'), new Topic(stack, 'Pager')];
    new ZaeLimiter(stack, 'Limiter', {
      limiterName: 'prod', availabilityProbe: {}, cloudTrail: { alarms: true }, alarms: { topic, criticalTopic, systemErrors: { enabled: true } },
    });

    const all = Object.values(Template.fromStack(stack).findResources(ALARM)).map(({ Properties }) => Properties);
    const told = (id: string): string[] => all.filter(({ AlarmActions }) => JSON.stringify(AlarmActions).includes(`"${id}`)).map(({ AlarmName }) => AlarmName);
    expect(told('Chat')).toHaveLength(all.length);
    expect(told('Pager').sort()).toEqual(['prod-access-denied', 'prod-availability', 'prod-system-errors']);
  });
});

describe('a topic of the app', () => {
  test('lets CloudWatch publish, also when it has a policy of its own and a key', () => {
    const stack = new Stack(new App(), 'app');
    const topic = new Topic(stack, 'Alerts', { enforceSSL: true, masterKey: new Key(stack, 'Key') });
    new ZaeLimiter(stack, 'Limiter', { alarms: { topic } });

    const template = Template.fromStack(stack);
    const allowed = (statements: any[]): any[] => statements.filter(({ Effect, Principal }) => Effect === 'Allow' && Principal.Service === 'cloudwatch.amazonaws.com');
    const [policy] = Object.values(template.findResources('AWS::SNS::TopicPolicy'));
    const [key] = Object.values(template.findResources('AWS::KMS::Key'));
    expect(allowed(policy!.Properties.PolicyDocument.Statement)).toMatchObject([{ Action: 'sns:Publish', Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } } }]);
    expect(allowed(key!.Properties.KeyPolicy.Statement)).toMatchObject([{ Action: ['kms:Decrypt', 'kms:GenerateDataKey*'] }]);
  });
});

describe('the runbooks', () => {
  const page = readFileSync(join(__dirname, '../docs/operations/runbooks.md'), 'utf8');
  const sections = page.split(/^## /m).slice(1).map((section) => section.split('\n'));

  test('have a section for each alarm and no other, and every alarm leads to one', () => {
    const stack = new Stack(new App(), 'app');
    new ZaeLimiter(stack, 'Limiter', {
      availabilityProbe: {}, cloudTrail: { alarms: true }, alarms: { aggregatorThrottles: { enabled: true }, systemErrors: { enabled: true } },
    });

    const linked = Object.values(Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm'))
      .map(({ Properties }) => /What to do: https:.*\/runbooks\.md#([\w-]+)$/.exec(Properties.AlarmDescription)?.[1]);
    expect(linked.sort()).toEqual(sections.map(([title]) => title!.toLowerCase().replace(/ /g, '-')).sort());
    expect(linked).toEqual(expect.arrayContaining(RULES.map(({ runbook }) => runbook)));
  });

  test.each(sections)('%s: what it means, where to look, what to do', (_, ...lines) => {
    expect(lines.filter((line) => /^\*\*.*\*\*/.test(line)).map((line) => line.split('**')[1])).toEqual(['What it means.', 'Where to look.', 'What to do.']);
  });
});

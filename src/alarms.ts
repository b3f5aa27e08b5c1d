import { Annotations, Duration, Token, Tokenization } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { ALARM_PERIOD, AlarmOption, AlarmOptions, checkAlarms, EVALUATION_PERIODS } from './alarm-options';
import { IZaeLimiter } from './limiter';
import { INDEX_NAMES, ofSummand, sumOf } from './metrics';
import { tell, withRunbook } from './private/alarm-actions';
import { Problems } from './private/validate';
import { WARNING } from './private/warning-ids';

/** Settings of the alarms of a limiter. */
export interface LimiterAlarmsProps {
  /** The limiter. It has the alarms of those parts whose names it knows. */
  readonly limiter: IZaeLimiter;

  /**
   * When they sound and what they do.
   *
   * @default - the defaults of each alarm, and nobody is told
   */
  readonly options?: AlarmOptions;

  /**
   * Timeout of the aggregator, which the alarm on its duration depends on.
   *
   * @default - not known: there is that alarm only if `options.aggregatorDuration` has a threshold
   */
  readonly aggregatorTimeout?: Duration;

  /**
   * What the names of the alarms begin with.
   *
   * @default - CloudFormation names them
   */
  readonly alarmNamePrefix?: string;
}

/** How an alarm is described, named and computed. */
interface Rule {
  /** Id of the construct. */
  readonly id: string;
  readonly suffix: string;
  /** Section of the runbooks. */
  readonly runbook: string;
  /** What is measured, as the beginning of a sentence. */
  readonly says: string;
  /** What the limiter must have for it. @default the table, which is always there */
  readonly part?: 'aggregatorFunctionName' | 'deadLetterQueueName' | 'provisionerFunctionName';
  readonly metric: (options: cloudwatch.MetricOptions) => cloudwatch.Metric | cloudwatch.MathExpression;
  /** Undefined when it is not known, and there is no alarm. */
  readonly threshold: number | undefined;
  /** Whether it sounds at the threshold, not only above. */
  readonly inclusive?: boolean;
  /** Whether there is the alarm when the options do not say. @default true */
  readonly byDefault?: boolean;
  /** Whether somebody should be woken. @default false */
  readonly isCritical?: boolean;
}


/**
 * The alarms of a limiter. A `ZaeLimiter` has its own as `alarms`; make one for a limiter that was deployed elsewhere.
 *
 * The description of each alarm says when it sounds, and links to what to do then.
 */
export class LimiterAlarms extends Construct {
  /** Failed invocations of the aggregator. */
  public readonly aggregatorErrors?: cloudwatch.Alarm;

  /** Longest invocation of the aggregator. */
  public readonly aggregatorDuration?: cloudwatch.Alarm;

  /** Invocations of the aggregator that Lambda refused. */
  public readonly aggregatorThrottles?: cloudwatch.Alarm;

  /** Age of the stream's records when the aggregator gets them. */
  public readonly iteratorAge?: cloudwatch.Alarm;

  /** Messages in the dead-letter queue. */
  public readonly deadLetters?: cloudwatch.Alarm;

  /** Reads that DynamoDB refused as too many. */
  public readonly readThrottles?: cloudwatch.Alarm;

  /** Writes that DynamoDB refused as too many. */
  public readonly writeThrottles?: cloudwatch.Alarm;

  /** Writes that DynamoDB refused because an index could not take them. */
  public readonly indexThrottles?: cloudwatch.Alarm;

  /** Failed invocations of the provisioner. */
  public readonly provisionerErrors?: cloudwatch.Alarm;

  /** Stream records that failed alone, or can never be processed. */
  public readonly recordFailures?: cloudwatch.Alarm;

  /** Requests that failed within DynamoDB. */
  public readonly systemErrors?: cloudwatch.Alarm;

  /** Every alarm that there is. */
  public readonly all: cloudwatch.Alarm[];

  private readonly limiter: IZaeLimiter;
  private readonly options: AlarmOptions;
  private readonly namePrefix?: string;

  constructor(scope: Construct, id: string, props: LimiterAlarmsProps) {
    super(scope, id);
    this.limiter = props.limiter;
    this.options = props.options ?? {};
    this.namePrefix = props.alarmNamePrefix;
    const problems = new Problems(this);
    checkAlarms(problems, this.options);
    problems.throwIfAny();

    const rules = rulesOf(props);
    const alarm = (option: AlarmOption): cloudwatch.Alarm | undefined => {
      const { part } = rules[option];
      return part !== undefined && props.limiter[part] === undefined ? undefined : this.alarm(option, rules[option]);
    };
    this.aggregatorErrors = alarm('aggregatorErrors');
    this.aggregatorDuration = alarm('aggregatorDuration');
    this.aggregatorThrottles = alarm('aggregatorThrottles');
    this.iteratorAge = alarm('iteratorAge');
    this.recordFailures = alarm('recordFailures');
    this.deadLetters = alarm('deadLetters');
    this.provisionerErrors = alarm('provisionerErrors');
    this.readThrottles = alarm('readThrottles');
    this.writeThrottles = alarm('writeThrottles');
    this.indexThrottles = alarm('indexThrottles');
    this.systemErrors = alarm('systemErrors');
    this.all = this.node.children.filter((child): child is cloudwatch.Alarm => child instanceof cloudwatch.Alarm);
  }

  private alarm(option: AlarmOption, rule: Rule): cloudwatch.Alarm | undefined {
    const tuning = this.options[option] ?? {};
    if (!(this.options.enabled ?? true) || !(tuning.enabled ?? rule.byDefault ?? true)) return undefined;
    const threshold = tuning.threshold ?? rule.threshold;
    if (threshold === undefined) {
      Annotations.of(this.limiter).addWarningV2(WARNING.noDurationAlarm,
        'there is no alarm on the duration of the aggregator, because its timeout is not known: give alarms.aggregatorDuration.threshold, or disable it');
      return undefined;
    }
    const period = tuning.period ?? ALARM_PERIOD;
    const evaluationPeriods = tuning.evaluationPeriods ?? EVALUATION_PERIODS[option];
    const alarm = new cloudwatch.Alarm(this, rule.id, {
      alarmName: this.namePrefix === undefined ? undefined : `${this.namePrefix}-${rule.suffix}`,
      alarmDescription: describe(rule, threshold, period, evaluationPeriods, tuning.datapointsToAlarm),
      metric: rule.metric({ period }),
      threshold,
      evaluationPeriods,
      datapointsToAlarm: tuning.datapointsToAlarm,
      comparisonOperator: cloudwatch.ComparisonOperator[rule.inclusive ? 'GREATER_THAN_OR_EQUAL_TO_THRESHOLD' : 'GREATER_THAN_THRESHOLD'],
      treatMissingData: tuning.treatMissingData ?? cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    tell(alarm, this.options, rule.isCritical);
    return alarm;
  }
}

/** Milliseconds; undefined when it cannot be computed before it is deployed. */
function durationThreshold({ aggregatorTimeout: timeout, options }: Pick<LimiterAlarmsProps, 'aggregatorTimeout' | 'options'>): number | undefined {
  const percent = options?.durationThresholdPercent ?? 80;
  if (timeout === undefined || timeout.isUnresolved() || Token.isUnresolved(percent)) return undefined;
  return Math.floor(timeout.toMilliseconds() * percent / 100);
}

type Rules = { readonly [option in AlarmOption]: Rule };

function rulesOf({ limiter, ...props }: LimiterAlarmsProps): Rules {
  return {
    aggregatorErrors: {
      id: 'AggregatorErrors', suffix: 'aggregator-error-rate', runbook: 'aggregator-errors', says: 'Failed invocations of the aggregator',
      part: 'aggregatorFunctionName', metric: (options) => limiter.metricAggregatorErrors(options), threshold: 1,
    },
    aggregatorDuration: {
      id: 'AggregatorDuration', suffix: 'aggregator-duration', runbook: 'aggregator-duration', says: 'Milliseconds of the longest invocation of the aggregator',
      part: 'aggregatorFunctionName', metric: (options) => limiter.metricAggregatorDuration(options), threshold: durationThreshold(props),
    },
    aggregatorThrottles: {
      id: 'AggregatorThrottles', suffix: 'aggregator-throttle', runbook: 'aggregator-throttles', says: 'Refused invocations of the aggregator',
      part: 'aggregatorFunctionName', metric: (options) => limiter.metricAggregatorThrottles(options), threshold: 0, byDefault: false,
    },
    iteratorAge: {
      id: 'IteratorAge', suffix: 'stream-iterator-age', runbook: 'iterator-age', says: 'Milliseconds that stream records wait for the aggregator',
      part: 'aggregatorFunctionName', metric: (options) => limiter.metricIteratorAge(options), threshold: 30_000,
    },
    recordFailures: {
      id: 'RecordFailures', suffix: 'record-failures', runbook: 'record-failures', says: 'Stream records that failed or can never be processed',
      part: 'aggregatorFunctionName', metric: (options) => recordFailures(limiter, options), threshold: 1, inclusive: true,
    },
    deadLetters: {
      id: 'DeadLetters', suffix: 'aggregator-dlq-alarm', runbook: 'dead-letters', says: 'Messages in the dead-letter queue',
      part: 'deadLetterQueueName', metric: (options) => limiter.metricDeadLetters(options), threshold: 1, inclusive: true,
    },
    provisionerErrors: {
      id: 'ProvisionerErrors', suffix: 'provisioner-error-rate', runbook: 'provisioner-errors', says: 'Failed invocations of the provisioner',
      part: 'provisionerFunctionName', metric: (options) => limiter.metricProvisionerErrors(options), threshold: 1, inclusive: true,
    },
    readThrottles: {
      id: 'ReadThrottles', suffix: 'read-throttle', runbook: 'read-throttles', says: 'Throttled reads of the table',
      metric: (options) => limiter.metricReadThrottleEvents(options), threshold: 1,
    },
    writeThrottles: {
      id: 'WriteThrottles', suffix: 'write-throttle', runbook: 'write-throttles', says: 'Throttled writes of the table',
      metric: (options) => limiter.metricWriteThrottleEvents(options), threshold: 1,
    },
    indexThrottles: {
      id: 'IndexThrottles', suffix: 'index-throttle', runbook: 'index-throttles', says: 'Throttled writes of the indexes',
      metric: (options) => indexThrottles(limiter, options), threshold: 1,
    },
    systemErrors: {
      id: 'SystemErrors', suffix: 'system-errors', runbook: 'system-errors', says: 'Requests that failed within DynamoDB',
      metric: (options) => limiter.metricSystemErrors(options), threshold: 1, inclusive: true, byDefault: false,
      isCritical: true,
    },
  };
}

/** Records that failed for now, and those that failed for good. */
function recordFailures(limiter: IZaeLimiter, options: cloudwatch.MetricOptions): cloudwatch.MathExpression {
  const metrics = { failed: limiter.metricRecordsFailed(options), poison: limiter.metricPoisonRecords(options) };
  return sumOf(metrics, { label: 'RecordFailures', ...options });
}

/** Throttled writes of all indexes: the metric of the table does not include them. */
export function indexThrottles(limiter: IZaeLimiter, options: cloudwatch.MetricOptions = {}): cloudwatch.MathExpression {
  const each = INDEX_NAMES.map((name) => [name.toLowerCase(), limiter.metricIndexWriteThrottleEvents(name, ofSummand(options))] as const);
  return sumOf(Object.fromEntries(each), { label: 'IndexWriteThrottleEvents', ...options });
}

/** The rule as it really is, in words. */
function describe(
  { says, inclusive, runbook }: Rule, threshold: number, period: Duration, periods: number, datapoints: number = periods,
): string {
  const [value, all, bad] = [threshold, periods, datapoints].map((number) => Tokenization.stringifyNumber(number));
  const when = all === '1' ? `in ${period.toHumanString()}` : `in ${bad === all ? 'each' : bad} of ${all} periods of ${period.toHumanString()}`;
  return withRunbook(`${says}: ${inclusive ? 'at least' : 'above'} ${value} ${when}`, runbook);
}

import { Duration, Token } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as sns from 'aws-cdk-lib/aws-sns';
import { Problems } from './private/validate';

/** When somebody is told that the limiter is not well. */
export interface AlarmOptions {
  /**
   * Whether there are alarms. Without `topic` or `actions` they show in the console and tell nobody.
   *
   * Alarms of the availability probe and of the trail come with those, also without these.
   *
   * @default true
   */
  readonly enabled?: boolean;

  /**
   * Topic that every alarm publishes to.
   *
   * A topic of this app, and its key, get the statements that CloudWatch needs; an imported one has to have them.
   *
   * @default - none
   */
  readonly topic?: sns.ITopic;

  /**
   * Topic that the alarms publish to as well which somebody should be woken for: tokens cannot be taken (`availabilityProbe`), DynamoDB
   * fails (`systemErrors`), a call was refused for a missing permission (`cloudTrail`).
   *
   * @default - none
   */
  readonly criticalTopic?: sns.ITopic;

  /**
   * What every alarm does, beside publishing to topics.
   *
   * @default - nothing
   */
  readonly actions?: cloudwatch.IAlarmAction[];

  /**
   * Whether topics and actions are told as well when all is well again.
   *
   * @default false
   */
  readonly notifyOnOk?: boolean;

  /**
   * Part of the aggregator's timeout, in percent, that its longest invocation may take. `aggregatorDuration.threshold` wins.
   *
   * Range: 1 to 100.
   *
   * @default 80
   */
  readonly durationThresholdPercent?: number;

  /**
   * Failed invocations of the aggregator.
   *
   * @default - above 1 in 5 minutes
   */
  readonly aggregatorErrors?: AlarmTuning;

  /**
   * Longest invocation of the aggregator, in milliseconds.
   *
   * @default - above 80 percent of its timeout in each of 2 periods of 5 minutes
   */
  readonly aggregatorDuration?: AlarmTuning;

  /**
   * Invocations of the aggregator that Lambda refused for want of concurrency. Off, because Lambda repeats them.
   *
   * @default - off; above 0 in 5 minutes when enabled
   */
  readonly aggregatorThrottles?: AlarmTuning;

  /**
   * Age of the stream's records when the aggregator gets them, in milliseconds.
   *
   * @default - above 30000 in each of 2 periods of 5 minutes
   */
  readonly iteratorAge?: AlarmTuning;

  /**
   * Messages in the dead-letter queue.
   *
   * @default - at least 1 in 5 minutes
   */
  readonly deadLetters?: AlarmTuning;

  /**
   * Reads of the table that DynamoDB refused as too many.
   *
   * @default - above 1 in each of 2 periods of 5 minutes
   */
  readonly readThrottles?: AlarmTuning;

  /**
   * Writes of the table that DynamoDB refused as too many.
   *
   * @default - above 1 in each of 2 periods of 5 minutes
   */
  readonly writeThrottles?: AlarmTuning;

  /**
   * Writes that DynamoDB refused because an index could not take them, over all indexes.
   *
   * @default - above 1 in each of 2 periods of 5 minutes
   */
  readonly indexThrottles?: AlarmTuning;

  /**
   * Failed invocations of the provisioner.
   *
   * @default - at least 1 in 5 minutes
   */
  readonly provisionerErrors?: AlarmTuning;

  /**
   * Stream records that failed alone, or can never be processed. No other alarm sees them: the invocation itself succeeds.
   *
   * @default - at least 1 in 5 minutes
   */
  readonly recordFailures?: AlarmTuning;

  /**
   * Requests that failed within DynamoDB. Off, because clients repeat them and few can be helped from outside.
   *
   * @default - off; at least 1 in each of 2 periods of 5 minutes when enabled
   */
  readonly systemErrors?: AlarmTuning;
}

/** What one alarm does differently. */
export interface AlarmTuning {
  /**
   * Whether there is this alarm.
   *
   * @default - true; false for `aggregatorThrottles` and `systemErrors`
   */
  readonly enabled?: boolean;

  /**
   * Value at or above which the alarm sounds. Whether it sounds at the value itself is stated where the alarm is.
   *
   * @default - stated where the alarm is
   */
  readonly threshold?: number;

  /**
   * Time that is summed up or looked at as one.
   *
   * Whole minutes. All periods together at most 1 day, or 7 days when one is an hour or longer.
   *
   * @default Duration.minutes(5)
   */
  readonly period?: Duration;

  /**
   * Periods that the alarm looks back on.
   *
   * Range: 1 or more.
   *
   * @default - stated where the alarm is
   */
  readonly evaluationPeriods?: number;

  /**
   * How many of those periods have to be bad.
   *
   * Range: 1 to `evaluationPeriods`.
   *
   * @default - all of them
   */
  readonly datapointsToAlarm?: number;

  /**
   * What a period without data counts as. Nearly everything here has no data as long as nothing happens.
   *
   * @default TreatMissingData.NOT_BREACHING
   */
  readonly treatMissingData?: cloudwatch.TreatMissingData;
}

/** The option of one alarm. */
export type AlarmOption = Exclude<keyof AlarmOptions, 'enabled' | 'topic' | 'criticalTopic' | 'actions' | 'notifyOnOk' | 'durationThresholdPercent'>;

/** Periods that an alarm looks back on by default: one where a single event matters, two where an event may pass by itself. */
export const EVALUATION_PERIODS: { readonly [option in AlarmOption]: number } = {
  aggregatorErrors: 1,
  aggregatorDuration: 2,
  aggregatorThrottles: 1,
  iteratorAge: 2,
  deadLetters: 1,
  readThrottles: 2,
  writeThrottles: 2,
  indexThrottles: 2,
  provisionerErrors: 1,
  recordFailures: 1,
  systemErrors: 2,
};

export const ALARM_PERIOD = Duration.minutes(5);

/** Collects what is wrong with the settings of alarms. */
export function checkAlarms(problems: Problems, options: AlarmOptions): void {
  problems.integer('DURATION_PERCENT_RANGE', 'alarms.durationThresholdPercent', options.durationThresholdPercent, 1, 100);
  for (const [option, defaultPeriods] of Object.entries(EVALUATION_PERIODS)) {
    const tuning = options[option as AlarmOption];
    if (tuning !== undefined) checkTuning(problems, `alarms.${option}`, tuning, defaultPeriods);
  }
}

const MAX_INTEGER = 2_147_483_647;
const [HOUR, DAY, WEEK] = [3600, 86_400, 604_800];

/** Longest look back. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html */
const longestLookBack = (periodSeconds: number): number => (periodSeconds < HOUR ? DAY : WEEK);

function checkTuning(problems: Problems, prop: string, tuning: AlarmTuning, defaultPeriods: number): void {
  const { threshold, period, evaluationPeriods, datapointsToAlarm } = tuning;
  const id = 'ALARM_TUNING_INVALID';
  const periods = evaluationPeriods ?? defaultPeriods;
  if (threshold !== undefined && !Number.isFinite(threshold)) problems.add(id, `${prop}.threshold must be a finite number, got ${threshold}`);
  problems.integer(id, `${prop}.evaluationPeriods`, evaluationPeriods, 1, MAX_INTEGER);
  problems.integer(id, `${prop}.datapointsToAlarm`, datapointsToAlarm, 1, Token.isUnresolved(periods) || !(periods >= 1) ? MAX_INTEGER : periods);
  const seconds = secondsOf(period ?? ALARM_PERIOD);
  if (!(seconds > 0) || seconds % 60 !== 0) {
    problems.add(id, `${prop}.period must be whole minutes that are known before it is deployed, got ${period!.toHumanString()}`);
  } else if (!Token.isUnresolved(periods) && seconds * periods > longestLookBack(seconds)) {
    const most = longestLookBack(seconds) === DAY ? '1 day' : '7 days';
    problems.add(id, `${prop} must look back on at most ${most}, got ${periods} periods of ${(period ?? ALARM_PERIOD).toHumanString()}`);
  }
}

/** NaN when it is known only when it is deployed. */
const secondsOf = (period: Duration): number => (period.isUnresolved() ? NaN : period.toSeconds({ integral: false }));

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct, IDependable } from 'constructs';
import { leadingKeys } from './access';
import { FunctionOptions } from './function-options';
import { Audience, tell, withRunbook } from './private/alarm-actions';
import { BundledFunction, checkFunctionOptions, FunctionSurroundings, knownArn } from './private/bundled-function';
import { keyUse, serviceIn } from './private/encryption';
import { Problems } from './private/validate';

/** A function that takes a token and gives it back, again and again, and alarms that say when it cannot. */
export interface AvailabilityProbeOptions extends FunctionOptions {
  /**
   * Whether there is the probe.
   *
   * @default true
   */
  readonly enabled?: boolean;

  /**
   * Time from one attempt to the next.
   *
   * Range: 1 to 60 whole minutes, known when the app is synthesised: the alarms look at one attempt at a time.
   *
   * @default Duration.minutes(1)
   */
  readonly interval?: Duration;

  /**
   * Namespace that the probe takes from. It has to be registered, for example with `namespaces`.
   *
   * @default - 'default', or the first of the limiter's `namespaces` when it is none of them
   */
  readonly namespaceName?: string;

  /**
   * Time until the token is taken, from which on an attempt is slow. Three slow attempts of five are an alarm.
   *
   * Range: 1 to 1000 milliseconds, after which the attempt has failed.
   *
   * @default Duration.millis(100)
   */
  readonly latencyThreshold?: Duration;

  /**
   * Role of the function. Nothing is added to it: it has to allow what `probePolicyDocument` says.
   *
   * @default - one is created
   */
  readonly role?: iam.IRole;
}

export interface AvailabilityProbeProps extends FunctionSurroundings {
  readonly table: dynamodb.Table;
  readonly options: AvailabilityProbeOptions;
  /** Whom the alarms tell. */
  readonly audience: Audience;
  /** What has to be there before the first attempt. */
  readonly preparedBy?: IDependable;
  /** Namespace to take from unless the options name one. */
  readonly namespaceName: string;
}

/** Entity and resource that the function takes from; `lambda-src/probe/probe.ts` has the same name, and a test compares them. */
const CANARY = 'zae-limiter-probe';

const DEFAULT_INTERVAL = Duration.minutes(1);

/** Everything that a request for the canary does, and nothing else: no other bucket can be written, no other entity read. */
export function probeStatements(tableArn: string): iam.PolicyStatement[] {
  const bucket = `*/BUCKET#${CANARY}#${CANARY}#*`;
  return [
    new iam.PolicyStatement({
      sid: 'ReadCanary',
      actions: ['dynamodb:GetItem', 'dynamodb:BatchGetItem'],
      resources: [tableArn],
      conditions: leadingKeys('*/SYSTEM#', `*/ENTITY#${CANARY}`, bucket),
    }),
    new iam.PolicyStatement({
      sid: 'TakeFromCanary', actions: ['dynamodb:UpdateItem'], resources: [tableArn], conditions: leadingKeys(bucket),
    }),
  ];
}

/** The probe with everything of its own: function, role, log group, rule, alarms. */
export class AvailabilityProbe extends Construct {
  readonly function: lambda.Function;
  readonly role: iam.IRole;
  /** Everything that the role has to allow. */
  readonly policyDocument: iam.PolicyDocument;
  /** In alarm when tokens cannot be taken, or nobody tries. */
  readonly availabilityAlarm: cloudwatch.Alarm;
  /** In alarm when taking tokens is slow. */
  readonly latencyAlarm: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, private readonly props: AvailabilityProbeProps) {
    super(scope, id);
    const { limiterName, table, options } = props;
    const bundled = new BundledFunction(this, {
      ...props,
      asset: 'probe',
      description: `Finds out whether tokens can be taken from the rate limiter ${limiterName}`,
      suffix: 'probe',
      roleComponent: 'probe',
      externalRole: options.role,
      defaultTimeout: Duration.seconds(10),
      environment: { TABLE_NAME: table.tableName, PROBE_NAMESPACE: options.namespaceName ?? props.namespaceName },
    });
    this.function = bundled.function;
    this.role = bundled.role;
    this.policyDocument = bundled.policyDocument;
    const tableArn = knownArn(this, { externalRole: options.role, names: props.names }, { service: 'dynamodb', resource: 'table', resourceName: limiterName });
    bundled.allow(...probeStatements(tableArn ?? table.tableArn));
    if (table.encryptionKey !== undefined) bundled.allow(keyUse(table.encryptionKey, 'write', [serviceIn(this, 'dynamodb')]));

    const interval = options.interval ?? DEFAULT_INTERVAL;
    const rule = new events.Rule(this, 'Schedule', {
      description: `Invokes the probe of the rate limiter ${limiterName}`,
      schedule: events.Schedule.rate(interval),
      // An attempt that comes late would be told as one of now.
      targets: [new targets.LambdaFunction(this.function, { retryAttempts: 0, maxEventAge: Duration.minutes(1) })],
    });
    if (props.preparedBy !== undefined) rule.node.addDependency(props.preparedBy);

    this.availabilityAlarm = this.alarm('AvailabilityAlarm', 'availability', {
      alarmDescription: withRunbook(`Tokens cannot be taken from the rate limiter ${limiterName}, or its probe does not run`, 'availability'),
      metric: this.metric('ProbeSuccess', cloudwatch.Stats.MINIMUM, interval),
      comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      // Two of three: an attempt may fall into its neighbour's minute.
      evaluationPeriods: 3,
      datapointsToAlarm: 2,
      treatMissingData: cloudwatch.TreatMissingData.BREACHING,
    });
    this.latencyAlarm = this.alarm('LatencyAlarm', 'probe-latency', {
      alarmDescription: withRunbook(`Taking tokens from the rate limiter ${limiterName} is slow`, 'probe-latency'),
      metric: this.metric('ProbeLatency', 'p99', interval),
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: (options.latencyThreshold ?? Duration.millis(100)).toMilliseconds(),
      // Three of five: the first attempt of a new process is slower than others.
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING, // failures have no latency, and an alarm of their own
    });
  }

  private metric(metricName: string, statistic: string, period: Duration): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: 'ZaeLimiter', metricName, dimensionsMap: { TableName: this.props.table.tableName }, statistic, period,
    });
  }

  private alarm(id: string, suffix: string, settings: cloudwatch.AlarmProps): cloudwatch.Alarm {
    const { names, audience } = this.props;
    const alarm = new cloudwatch.Alarm(this, id, { ...settings, alarmName: names.of(suffix) });
    tell(alarm, audience, suffix === 'availability');
    return alarm;
  }
}

/**
 * Collects what is wrong with the probe's settings.
 *
 * @param createIam whether the limiter may create roles
 */
export function checkAvailabilityProbe(problems: Problems, options: AvailabilityProbeOptions, createIam: boolean): void {
  checkFunctionOptions(problems, 'availabilityProbe', options);
  const { interval, latencyThreshold, namespaceName, role } = options;
  if (interval !== undefined && !isWholeMinutes(interval)) {
    const got = interval.isUnresolved() ? 'a token' : interval.toHumanString();
    problems.add('PROBE_INTERVAL_RANGE', `availabilityProbe.interval must be a whole number of minutes from 1 to 60, got ${got}`);
  }
  if (latencyThreshold !== undefined && !latencyThreshold.isUnresolved()) {
    const millis = latencyThreshold.toMilliseconds();
    if (millis < 1 || millis > 1000) {
      problems.add('PROBE_LATENCY_RANGE', `availabilityProbe.latencyThreshold must be from 1 to 1000 milliseconds, got ${latencyThreshold.toHumanString()}`);
    }
  }
  problems.namespaceName('availabilityProbe.namespaceName', namespaceName);
  if (role === undefined && !createIam) {
    problems.add('PROBE_ROLE_REQUIRED', 'availabilityProbe.role must be given, because the limiter may create no IAM resources');
  }
}

function isWholeMinutes(interval: Duration): boolean {
  if (interval.isUnresolved()) return false;
  const minutes = interval.toMinutes({ integral: false });
  return Number.isInteger(minutes) && minutes >= 1 && minutes <= 60;
}

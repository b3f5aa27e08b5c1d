import { App, CfnParameter, Duration, Lazy, NestedStack, Stack, Token } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { Key } from 'aws-cdk-lib/aws-kms';
import { LimiterBilling, ResourceNaming, SnapshotWindow, ZaeLimiter, type AggregatorOptions, type StreamOptions, type ZaeLimiterProps } from '../src';
import type { ValidationId } from '../src/private/validate';
import { BAD_PARTS, budget, MAILS } from './support/bad-parts';
import type { LimitsRule } from './support/limits';

const emptyStack = (): Stack => new Stack(new App(), 'app');

function errorOf(props: ZaeLimiterProps, scope: Stack = emptyStack()): Error {
  try {
    new ZaeLimiter(scope, 'Limiter', props);
  } catch (error) {
    return error as Error;
  }
  throw new Error(`the props were accepted: ${JSON.stringify(props)}`);
}

const aggregator = (options: AggregatorOptions): ZaeLimiterProps => ({ aggregator: options });
const stream = (options: StreamOptions): ZaeLimiterProps => ({ aggregator: { stream: options } });

interface Range<T> {
  readonly id: ValidationId;
  readonly prop: string;
  readonly rule: string;
  readonly props: (value: T) => ZaeLimiterProps;
  readonly good: readonly T[];
  /** Values out of range, and how the message shows them. */
  readonly bad: readonly (readonly [T, string])[];
}

const { days, hours, millis, minutes, seconds } = Duration;

const FUNCTION_TIMEOUT = {
  id: 'TIMEOUT_RANGE',
  rule: 'a whole number of seconds from 1 to 900',
  good: [seconds(1), minutes(15)],
  bad: [[seconds(0), '0 seconds'], [seconds(901), '15 minutes 1 second'], [millis(1500), '1 second 500 millis']],
} as const;

const RETENTION = {
  rule: 'a whole number of days from 1 to 3650',
  good: [days(1), days(3650), hours(48)],
  bad: [[days(0), '0 days'], [days(3651), '3651 days'], [hours(36), '1 day 12 hours']],
} as const;

const DURATIONS: readonly Range<Duration>[] = [
  {
    id: 'PITR_RANGE', prop: 'pitrRecoveryPeriod', rule: 'a whole number of days from 1 to 35', props: (value) => ({ pitrRecoveryPeriod: value }),
    good: [days(1), days(35), hours(24)],
    bad: [[days(0), '0 days'], [days(36), '36 days'], [hours(36), '1 day 12 hours']],
  },
  { ...RETENTION, id: 'USAGE_RETENTION_RANGE', prop: 'usage.retention', props: (retention) => ({ usage: { retention } }) },
  {
    ...RETENTION, id: 'GLACIER_RANGE', prop: 'audit.archive.glacierTransition', props: (glacierTransition) => ({ audit: { archive: { glacierTransition } } }),
  },
  {
    id: 'ARCHIVE_EXPIRATION_RANGE', prop: 'audit.archive.expiration', rule: 'a whole number of days from 1 to 36500',
    props: (expiration) => ({ audit: { archive: { expiration } } }),
    good: [days(91), days(36_500)],
    bad: [[days(36_501), '36501 days'], [hours(2412), '100 days 12 hours']],
  },
  { ...RETENTION, id: 'AUDIT_RETENTION_RANGE', prop: 'audit.retention', props: (retention) => ({ audit: { retention } }) },
  { ...FUNCTION_TIMEOUT, prop: 'aggregator.timeout', props: (timeout) => aggregator({ timeout }) },
  { ...RETENTION, id: 'TRAIL_RETENTION_RANGE', prop: 'cloudTrail.retention', props: (retention) => ({ cloudTrail: { retention } }) },
  {
    id: 'PROBE_INTERVAL_RANGE', prop: 'availabilityProbe.interval', rule: 'a whole number of minutes from 1 to 60',
    props: (interval) => ({ availabilityProbe: { interval } }),
    good: [minutes(1), hours(1), seconds(120)],
    bad: [[minutes(0), '0 minutes'], [minutes(61), '1 hour 1 minute'], [seconds(90), '1 minute 30 seconds'], [minutes(Lazy.number({ produce: () => 1 })), 'a token']],
  },
  {
    id: 'PROBE_LATENCY_RANGE', prop: 'availabilityProbe.latencyThreshold', rule: 'from 1 to 1000 milliseconds',
    props: (latencyThreshold) => ({ availabilityProbe: { latencyThreshold } }),
    good: [millis(1), seconds(1), millis(Lazy.number({ produce: () => 7 }))],
    bad: [[millis(0), '0 millis'], [millis(1001), '1 second 1 milli']],
  },
  { ...FUNCTION_TIMEOUT, prop: 'availabilityProbe.timeout', props: (timeout) => ({ availabilityProbe: { timeout } }) },
  { ...FUNCTION_TIMEOUT, prop: 'provisioner.timeout', props: (timeout) => ({ provisioner: { timeout } }) },
  {
    id: 'BATCH_WINDOW_RANGE', prop: 'aggregator.stream.maxBatchingWindow', rule: 'a whole number of seconds from 0 to 300',
    props: (maxBatchingWindow) => stream({ maxBatchingWindow }),
    good: [seconds(0), minutes(5)],
    bad: [[seconds(301), '5 minutes 1 second'], [millis(500), '500 millis']],
  },
  {
    id: 'SHARD_COOLDOWN_RANGE', prop: 'aggregator.sharding.cooldown', rule: 'a whole number of seconds from 1 to 3600',
    props: (cooldown) => aggregator({ sharding: { cooldown } }),
    good: [seconds(1), minutes(60)],
    bad: [[seconds(0), '0 seconds'], [seconds(3601), '1 hour 1 second'], [millis(1500), '1 second 500 millis']],
  },
  {
    id: 'RECORD_AGE_RANGE', prop: 'aggregator.stream.maxRecordAge', rule: 'a whole number of seconds from 60 to 604800',
    props: (maxRecordAge) => stream({ maxRecordAge }),
    good: [minutes(1), days(7)],
    bad: [[seconds(59), '59 seconds'], [seconds(604_801), '7 days 1 second'], [millis(60_500), '1 minute 500 millis']],
  },
];

const CONCURRENCY = {
  id: 'CONCURRENCY_RANGE',
  rule: 'a whole number from 1 to 1000000',
  good: [1, 1000],
  bad: [[0, '0'], [-3, '-3'], [1.5, '1.5']],
} as const;

const MEMORY = {
  id: 'MEMORY_RANGE',
  rule: 'a whole number from 128 to 10240',
  good: [128, 10_240],
  bad: [[127, '127'], [10_241, '10241'], [256.5, '256.5'], [NaN, 'NaN']],
} as const;

const NUMBERS: readonly Range<number>[] = [
  {
    ...CONCURRENCY, prop: 'aggregator.reservedConcurrentExecutions',
    props: (reservedConcurrentExecutions) => aggregator({ reservedConcurrentExecutions }),
  },
  { ...MEMORY, prop: 'aggregator.memorySize', props: (memorySize) => aggregator({ memorySize }) },
  { ...MEMORY, prop: 'provisioner.memorySize', props: (memorySize) => ({ provisioner: { memorySize } }) },
  {
    id: 'BATCH_RANGE', prop: 'aggregator.stream.batchSize', rule: 'a whole number from 1 to 10000', props: (batchSize) => stream({ batchSize }),
    good: [1, 10_000], bad: [[0, '0'], [10_001, '10001'], [1.5, '1.5']],
  },
  {
    id: 'RETRY_RANGE', prop: 'aggregator.stream.retryAttempts', rule: 'a whole number from -1 to 10000',
    props: (retryAttempts) => stream({ retryAttempts }), good: [-1, 0, 10_000], bad: [[-2, '-2'], [10_001, '10001'], [0.5, '0.5']],
  },
  {
    id: 'SHARD_CAP_INVALID', prop: 'aggregator.sharding.maxShardCount', rule: 'a power of two from 1 to 256',
    props: (maxShardCount) => aggregator({ sharding: { maxShardCount } }), good: [1, 32, 256], bad: [[0, '0'], [3, '3'], [512, '512'], [1.5, '1.5']],
  },
  {
    id: 'SHARD_THRESHOLD_RANGE', prop: 'aggregator.sharding.pressureThreshold', rule: 'above 0 and at most 1',
    props: (pressureThreshold) => aggregator({ sharding: { pressureThreshold } }), good: [0.01, 1], bad: [[0, '0'], [1.01, '1.01'], [NaN, 'NaN']],
  },
  {
    id: 'DURATION_PERCENT_RANGE', prop: 'alarms.durationThresholdPercent', rule: 'a whole number from 1 to 100',
    props: (durationThresholdPercent) => ({ alarms: { durationThresholdPercent } }), good: [1, 100], bad: [[0, '0'], [101, '101'], [2.5, '2.5']],
  },
  {
    id: 'ALARM_TUNING_INVALID', prop: 'alarms.iteratorAge.threshold', rule: 'a finite number',
    props: (threshold) => ({ alarms: { iteratorAge: { threshold } } }), good: [0, -1, 1e9], bad: [[NaN, 'NaN'], [Infinity, 'Infinity']],
  },
  {
    id: 'ALARM_TUNING_INVALID', prop: 'alarms.deadLetters.evaluationPeriods', rule: 'a whole number from 1 to 2147483647',
    props: (evaluationPeriods) => ({ alarms: { deadLetters: { evaluationPeriods } } }), good: [1, 288], bad: [[0, '0'], [1.5, '1.5']],
  },
  {
    id: 'ALARM_TUNING_INVALID', prop: 'alarms.readThrottles.datapointsToAlarm', rule: 'a whole number from 1 to 2',
    props: (datapointsToAlarm) => ({ alarms: { readThrottles: { datapointsToAlarm } } }), good: [1, 2], bad: [[0, '0'], [3, '3'], [1.5, '1.5']],
  },
  {
    id: 'ALARM_TUNING_INVALID', prop: 'alarms.systemErrors.datapointsToAlarm', rule: 'a whole number from 1 to 5',
    props: (datapointsToAlarm) => ({ alarms: { systemErrors: { datapointsToAlarm, evaluationPeriods: 5 } } }), good: [1, 5], bad: [[6, '6']],
  },
  {
    id: 'PARALLEL_RANGE', prop: 'aggregator.stream.parallelizationFactor', rule: 'a whole number from 1 to 10',
    props: (parallelizationFactor) => stream({ parallelizationFactor }), good: [1, 10], bad: [[0, '0'], [11, '11'], [2.5, '2.5']],
  },
];

interface Case { readonly title: string; readonly props: ZaeLimiterProps; readonly id: ValidationId; readonly message: string }

const outOfRange = <T>({ id, prop, rule, props, bad }: Range<T>): Case[] => bad.map(([value, shown]) =>
  ({ title: `${prop} is ${shown}`, id, props: props(value), message: `${id}: ${prop} must be ${rule}, got ${shown}` }));
const withinRange = <T>({ prop, props, good }: Range<T>) => good.map((value) => ({ title: `${prop} ${value}`, props: props(value) }));

const NAME_RULE = 'limiterName must start with a letter and hold only letters, digits and hyphens';
const NAMESPACE_RULE = "namespaces must have 1 to 128 characters without '#' and not be '_'";
const name = (length: number): string => 'n'.repeat(length);
const disabled = { enabled: false };
const noIam = { createResources: false };
const capacity = { minRead: 1, maxRead: 10, minWrite: 1, maxWrite: 10 };
const tagsOf = (count: number): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, at) => [`tag-${at}`, 'x']));

const BAD_TEXTS: readonly Case[] = ([
  ['NAME_INVALID', { limiterName: '1st-limiter' }, `${NAME_RULE}, got '1st-limiter'`],
  ['NAME_INVALID', { limiterName: 'my_limiter' }, `${NAME_RULE}, got 'my_limiter'`],
  ['NAME_INVALID', { limiterName: 'my.limiter' }, `${NAME_RULE}, got 'my.limiter'`],
  ['NAME_INVALID', { limiterName: 'limiter\n' }, `${NAME_RULE}, got 'limiter\n'`],
  ...['a--b', 'ab-'].map((limiterName) => ['NAME_INVALID', { limiterName, cloudTrail: {} },
    `limiterName must not hold two hyphens in a row, nor end with one, when there is a trail, got '${limiterName}'`] as const),
  ['NAME_TOO_SHORT', { limiterName: 'ab' }, "limiterName must have at least 3 characters, got 'ab'"],
  ['NAME_TOO_LONG', { limiterName: name(46) }, `limiterName must have at most 45 characters, got 46 in '${name(46)}'`],
  ['NAME_TOO_LONG', { limiterName: name(54), provisioner: disabled }, `limiterName must have at most 53 characters, got 54 in '${name(54)}'`],
  ['NAME_TOO_LONG', { limiterName: name(46), aggregator: disabled }, `limiterName must have at most 45 characters, got 46 in '${name(46)}'`],
  ['NAME_TOO_LONG', { limiterName: name(56), provisioner: disabled, aggregator: disabled },
    `limiterName must have at most 55 characters, got 56 in '${name(56)}'`],
  ['WINDOWS_INVALID', { usage: { windows: ['weekly' as SnapshotWindow] } },
    'usage.windows must hold at least one of hourly, daily, monthly and each once, got ["weekly"]'],
  ['WINDOWS_INVALID', { usage: { windows: [] } }, 'usage.windows must hold at least one of hourly, daily, monthly and each once, got []'],
  ['WINDOWS_INVALID', { usage: { windows: [SnapshotWindow.DAILY, SnapshotWindow.DAILY] } },
    'usage.windows must hold at least one of hourly, daily, monthly and each once, got ["daily","daily"]'],
  ['NAMESPACE_INVALID', { namespaces: [''] }, `${NAMESPACE_RULE}, got ''`],
  ['NAMESPACE_INVALID', { namespaces: ['_'] }, `${NAMESPACE_RULE}, got '_'`],
  ['NAMESPACE_INVALID', { namespaces: ['a#b'] }, `${NAMESPACE_RULE}, got 'a#b'`],
  ['NAMESPACE_INVALID', { namespaces: [name(129)] }, `${NAMESPACE_RULE}, got '${name(129)}'`],
  ['NAMESPACE_INVALID', { namespaces: ['a', 'b', 'a'] }, 'namespaces must hold each name once, got ["a","b","a"]'],
  ['ALARM_TUNING_INVALID', { alarms: { iteratorAge: { period: seconds(90) } } },
    'alarms.iteratorAge.period must be whole minutes that are known before it is deployed, got 1 minute 30 seconds'],
  ['ALARM_TUNING_INVALID', { alarms: { iteratorAge: { period: seconds(0) } } },
    'alarms.iteratorAge.period must be whole minutes that are known before it is deployed, got 0 seconds'],
  ['ALARM_TUNING_INVALID', { alarms: { iteratorAge: { period: seconds(Lazy.number({ produce: () => 60 })) } } },
    'alarms.iteratorAge.period must be whole minutes that are known before it is deployed, got <token> seconds'],
  ['ALARM_TUNING_INVALID', { alarms: { iteratorAge: { evaluationPeriods: 289 } } },
    'alarms.iteratorAge must look back on at most 1 day, got 289 periods of 5 minutes'],
  ['ALARM_TUNING_INVALID', { alarms: { iteratorAge: { period: hours(1), evaluationPeriods: 169 } } },
    'alarms.iteratorAge must look back on at most 7 days, got 169 periods of 1 hour'],
  ['DASHBOARD_NAME_INVALID', { dashboard: { dashboardName: 'a b' } },
    "dashboard.dashboardName must have 1 to 255 letters, digits, hyphens and underscores, got 'a b'"],
  ['PROVISIONER_REQUIRED', { namespaces: ['a'], provisioner: disabled },
    'namespaces must not be given without the provisioner, which registers them'],
  ['PROVISIONER_REQUIRED', { namespaces: ['a'], iam: noIam }, 'namespaces must not be given without the provisioner, which registers them'],
  ['GLACIER_RANGE', { audit: { archive: { glacierTransition: days(30), expiration: days(30) } } },
    'audit.archive.expiration must be longer than glacierTransition, got 30 days and 30 days'],
  ['GLACIER_RANGE', { audit: { archive: { expiration: days(60) } } },
    'audit.archive.expiration must be longer than glacierTransition, got 60 days and 90 days'],
  ['BILLING_RANGE', { table: { billing: LimiterBilling.onDemand({ maxWriteRequestUnits: 0 }) } },
    'table.billing.maxWriteRequestUnits must be a whole number from 1 to 10000000, got 0'],
  ['BILLING_RANGE', { table: { billing: LimiterBilling.provisioned({ ...capacity, minRead: 11 }) } },
    'table.billing.minRead must be at most maxRead, got 11 and 10'],
  ['BILLING_RANGE', { table: { billing: LimiterBilling.provisioned({ ...capacity, targetUtilizationPercent: 91 }) } },
    'table.billing.targetUtilizationPercent must be a whole number from 20 to 90, got 91'],
  ['IAM_ROLES_WITHOUT_IAM', { iam: { ...noIam, createRoles: true } }, 'iam.createRoles must not be set when iam.createResources is false'],
  ['AGGREGATOR_ROLE_REQUIRED', { iam: noIam, aggregator: { enabled: true } },
    'iam.aggregatorRole must be given when the aggregator is enabled and iam.createResources is false'],
  ['PROVISIONER_ROLE_REQUIRED', { iam: noIam, provisioner: { enabled: true } },
    'iam.provisionerRole must be given when the provisioner is enabled and iam.createResources is false'],
  ...['boundary', '{}-{}'].map((roleNameFormat) =>
    ['ROLE_FORMAT_INVALID', { iam: { roleNameFormat } }, `iam.roleNameFormat must contain {} exactly once, got '${roleNameFormat}'`] as const),
  ['ROLE_FORMAT_INVALID', { iam: { roleNameFormat: 'a b{}' } }, "iam.roleNameFormat must hold only letters, digits and +=,.@_-, got 'a b{}'"],
  ['ROLE_FORMAT_INVALID', { limiterName: 'my-limiter', iam: { roleNameFormat: `${name(50)}{}` } },
    'iam.roleNameFormat makes names that are 5 characters longer than the 64 that IAM allows; '
    + "with this format limiterName must have at most 5 characters, got 10 in 'my-limiter'"],
  ['POLICY_FORMAT_INVALID', { iam: { policyNameFormat: 'x' } }, "iam.policyNameFormat must contain {} exactly once, got 'x'"],
  ['POLICY_FORMAT_INVALID', { iam: { policyNameFormat: `${name(119)}{}` } },
    `iam.policyNameFormat must have at most 120 characters, got 121 in '${name(119)}{}'`],
  ['TAGS_INVALID', { tags: tagsOf(43) }, 'tags must be at most 42, because a resource has 50 and the limiter sets 8, got 43'],
  ['TAGS_INVALID', { tags: { 'aws:x': 'y' } }, "tags must not begin with aws:, got 'aws:x'"],
  ['TAGS_INVALID', { tags: { ManagedBy: 'me' } }, "tags must not set what the limiter sets itself, got 'ManagedBy'"],
  ['TAGS_INVALID', { tags: { '': 'y' } }, "tags must have keys of 1 to 128 characters, got ''"],
  ['TAGS_INVALID', { tags: { team: name(257) } }, "tags must have values of at most 256 characters, got 257 for 'team'"],
] as const).map(([id, props, text]) => ({ title: JSON.stringify(props), id, props: props as unknown as ZaeLimiterProps, message: `${id}: ${text}` }));

const REFUSED = [...DURATIONS.flatMap(outOfRange), ...NUMBERS.flatMap(outOfRange), ...BAD_TEXTS];

describe('refused props', () => {
  test.each(REFUSED)('fails when $title: $id', ({ props, message }) => {
    const error = errorOf(props);

    expect(error).toMatchObject({ name: 'ValidationError', message: `${message} [app/Limiter]` });
  });

  test.each(BAD_PARTS)('fails when an optional part is wrong: %s: %s', (id, message, props) => {
    const stack = emptyStack();

    expect(errorOf(props(stack), stack)).toMatchObject({ name: 'ValidationError', message: `${id}: ${message} [app/Limiter]` });
  });

  test('fails when the name is left to a stack whose name is known only at deploy time: NAME_REQUIRED', () => {
    const nested = new NestedStack(emptyStack(), 'Nested');

    const error = errorOf({}, nested);

    expect(error.message).toBe('NAME_REQUIRED: limiterName must be given, because the name of this stack is known only when it is deployed [app/Nested/Limiter]');
  });

  test('fails when two limiters of a stack have one name: NAME_DUPLICATE', () => {
    const stack = emptyStack();
    new ZaeLimiter(stack, 'First', { limiterName: 'same' });

    const error = errorOf({ limiterName: 'same' }, stack);

    expect(error.message).toBe("NAME_DUPLICATE: limiterName must differ from that of every other limiter in the stack, got 'same' twice [app/Limiter]");
  });

  test.each([TableEncryption.AWS_MANAGED, TableEncryption.DEFAULT])('fails when a key is given and table.encryption is %s: ENCRYPTION_CONFLICT', (encryption) => {
    const stack = emptyStack();

    const error = errorOf({ encryptionKey: new Key(stack, 'Key'), table: { encryption } }, stack);

    expect(error.message).toBe(`ENCRYPTION_CONFLICT: table.encryption must be CUSTOMER_MANAGED or left out when encryptionKey is given, got ${encryption} [app/Limiter]`);
  });

  test('fails when several props are wrong, naming all of them in one error', () => {
    const error = errorOf({
      limiterName: '1',
      pitrRecoveryPeriod: days(36),
      audit: { retention: days(0) },
      aggregator: { memorySize: 1, timeout: seconds(0), stream: { batchSize: 0 } },
      usage: { windows: [] },
      provisioner: { enabled: false, memorySize: 1 },
      namespaces: ['_'],
    });

    const ids = error.message.split('\n').map((line) => line.slice(0, line.indexOf(':')));
    expect(ids).toEqual([
      'NAME_INVALID', 'NAME_TOO_SHORT', 'PITR_RANGE', 'AUDIT_RETENTION_RANGE', 'MEMORY_RANGE', 'TIMEOUT_RANGE', 'BATCH_RANGE',
      'WINDOWS_INVALID', 'MEMORY_RANGE', 'PROVISIONER_REQUIRED', 'NAMESPACE_INVALID',
    ]);
    expect(error.message.match(/\[app\/Limiter\]/g)).toHaveLength(1);
  });

  test('every rule that a limiter has is broken by a case above', () => {
    const rules: Record<Exclude<ValidationId, LimitsRule>, true> = {
      CONCURRENCY_RANGE: true, GLACIER_RANGE: true, ARCHIVE_EXPIRATION_RANGE: true, BILLING_RANGE: true, ENCRYPTION_CONFLICT: true,
      IAM_ROLES_WITHOUT_IAM: true, AGGREGATOR_ROLE_REQUIRED: true, PROVISIONER_ROLE_REQUIRED: true, ROLE_FORMAT_INVALID: true,
      POLICY_FORMAT_INVALID: true, GRANT_SCOPE_CONFLICT: true, GRANT_SCOPE_INVALID: true, IMPORT_INVALID: true, TAGS_INVALID: true,
      NAME_REQUIRED: true, NAME_INVALID: true, NAME_TOO_LONG: true, NAME_TOO_SHORT: true, NAME_DUPLICATE: true, PITR_RANGE: true,
      USAGE_RETENTION_RANGE: true, WINDOWS_INVALID: true, AUDIT_RETENTION_RANGE: true, TIMEOUT_RANGE: true, MEMORY_RANGE: true, BATCH_RANGE: true,
      BATCH_WINDOW_RANGE: true, RETRY_RANGE: true, RECORD_AGE_RANGE: true, PARALLEL_RANGE: true, SHARD_CAP_INVALID: true, SHARD_THRESHOLD_RANGE: true,
      SHARD_COOLDOWN_RANGE: true, NAMESPACE_INVALID: true, PROVISIONER_REQUIRED: true, METRIC_NAME_INVALID: true, METRIC_PART_UNKNOWN: true,
      DURATION_PERCENT_RANGE: true, ALARM_TUNING_INVALID: true, DASHBOARD_NAME_INVALID: true,
      BACKUP_LIFECYCLE: true, BACKUP_SCHEDULE_INVALID: true, BACKUP_VAULT_CONFLICT: true, BACKUP_ROLE_REQUIRED: true, BUDGET_INVALID: true,
      PROBE_INTERVAL_RANGE: true, PROBE_LATENCY_RANGE: true, PROBE_ROLE_REQUIRED: true, TRAIL_RETENTION_RANGE: true,
      TRAIL_BUCKET_CONFLICT: true, TRAIL_ROLE_REQUIRED: true,
    };

    // access.test.ts, imports.test.ts, metrics.test.ts
    const elsewhere = ['GRANT_SCOPE_CONFLICT', 'GRANT_SCOPE_INVALID', 'IMPORT_INVALID', 'METRIC_NAME_INVALID', 'METRIC_PART_UNKNOWN'];
    const named = [...REFUSED.map(({ id }) => id), ...BAD_PARTS.map(([id]) => id)];
    const broken = new Set<string>([...named, 'NAME_REQUIRED', 'NAME_DUPLICATE', 'ENCRYPTION_CONFLICT', ...elsewhere]);

    expect([...broken].sort()).toEqual(Object.keys(rules).sort());
  });
});

describe('accepted props', () => {
  const texts: { title: string; props: ZaeLimiterProps }[] = ([
    { limiterName: 'abc' },
    { limiterName: 'My-2nd-Limiter' },
    { limiterName: name(45) },
    { limiterName: name(53), provisioner: disabled },
    { limiterName: name(55), provisioner: disabled, aggregator: disabled },
    { namespaces: [] },
    { limiterName: name(55), naming: ResourceNaming.GENERATED },
    { limiterName: 'my-app', iam: { roleNameFormat: 'PowerUserPB-{}', policyNameFormat: '{}' } },
    { limiterName: name(9), iam: { roleNameFormat: `${name(46)}{}` } },
    { tags: tagsOf(42) },
    { table: { billing: LimiterBilling.provisioned(capacity) } },
    { namespaces: [name(128), 'with space', 'under_score', 'a/b'] },
    { usage: { windows: [SnapshotWindow.MONTHLY] } },
    { alarms: { iteratorAge: { period: hours(1), evaluationPeriods: 168 } } },
    { limiterName: name(50), provisioner: disabled, aggregator: disabled, backup: {} },
    { backup: { moveToColdStorageAfter: days(30), deleteAfter: days(120), schedule: Schedule.cron({ hour: '1' }) } },
    { iam: { createResources: false }, cloudTrail: {}, backup: disabled, availabilityProbe: disabled },
    budget({ monthlyLimitUsd: 0.01, actualThresholds: [0.5, 1, 2, 3], emails: MAILS.slice(0, 10) }),
  ] as ZaeLimiterProps[]).map((props) => ({ title: JSON.stringify(props), props }));

  test.each([...DURATIONS.flatMap(withinRange), ...NUMBERS.flatMap(withinRange), ...texts])('accepts $title', ({ props }) => {
    const stack = emptyStack();

    new ZaeLimiter(stack, 'Limiter', props);

    Template.fromStack(stack).resourceCountIs('AWS::DynamoDB::Table', 1);
  });

  test('accepts limiters of different names in one stack, and of one name in two stacks', () => {
    const app = new App();
    const [first, second] = [new Stack(app, 'first'), new Stack(app, 'second')];

    new ZaeLimiter(first, 'A', { limiterName: 'one' });
    new ZaeLimiter(first, 'B', { limiterName: 'two' });
    new ZaeLimiter(second, 'A', { limiterName: 'one' });

    Template.fromStack(first).resourceCountIs('AWS::DynamoDB::Table', 2);
  });
});

describe('values that are known only when they are deployed', () => {
  /** Beyond every range of the library: a check would fail. */
  const SEVEN_MILLION = 7_000_000;
  const lazy = (): number => Lazy.number({ produce: () => SEVEN_MILLION });
  const encoded = (): number => Token.asNumber({ resolve: () => SEVEN_MILLION, creationStack: [] });

  const MAPPING = 'AWS::Lambda::EventSourceMapping';
  const FUNCTION = 'AWS::Lambda::Function';
  const BOOTSTRAP = 'Custom::ZaeLimiterBootstrap';

  const cases: readonly (readonly [string, (value: number) => ZaeLimiterProps, string, object])[] = [
    ['pitrRecoveryPeriod', (value) => ({ pitrRecoveryPeriod: days(value) }), 'AWS::DynamoDB::Table',
      { PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: SEVEN_MILLION } }],
    ['usage.retention', (value) => ({ usage: { retention: days(value) } }), FUNCTION,
      { FunctionName: 'app-aggregator', Environment: { Variables: { SNAPSHOT_TTL_DAYS: String(SEVEN_MILLION) } } }],
    ['audit.retention', (value) => ({ audit: { retention: days(value) } }), BOOTSTRAP, { AuditRetentionDays: SEVEN_MILLION }],
    ['aggregator.timeout', (value) => aggregator({ timeout: seconds(value) }), FUNCTION, { FunctionName: 'app-aggregator', Timeout: SEVEN_MILLION }],
    ['aggregator.memorySize', (value) => aggregator({ memorySize: value }), FUNCTION, { FunctionName: 'app-aggregator', MemorySize: SEVEN_MILLION }],
    ['provisioner.timeout', (value) => ({ provisioner: { timeout: seconds(value) } }), FUNCTION,
      { FunctionName: 'app-limits-provisioner', Timeout: SEVEN_MILLION }],
    ['aggregator.stream.batchSize', (value) => stream({ batchSize: value }), MAPPING, { BatchSize: SEVEN_MILLION }],
    ['aggregator.stream.maxBatchingWindow', (value) => stream({ maxBatchingWindow: seconds(value) }), MAPPING,
      { MaximumBatchingWindowInSeconds: SEVEN_MILLION }],
    ['aggregator.stream.retryAttempts', (value) => stream({ retryAttempts: value }), MAPPING, { MaximumRetryAttempts: SEVEN_MILLION }],
    ['aggregator.stream.maxRecordAge', (value) => stream({ maxRecordAge: seconds(value) }), MAPPING, { MaximumRecordAgeInSeconds: SEVEN_MILLION }],
    ['aggregator.sharding.maxShardCount', (value) => aggregator({ sharding: { maxShardCount: value } }), FUNCTION,
      { FunctionName: 'app-aggregator', Environment: { Variables: { MAX_SHARD_COUNT: String(SEVEN_MILLION) } } }],
    ['aggregator.sharding.pressureThreshold', (value) => aggregator({ sharding: { pressureThreshold: value } }), FUNCTION,
      { FunctionName: 'app-aggregator', Environment: { Variables: { SHARD_THRESHOLD: String(SEVEN_MILLION) } } }],
    ['aggregator.sharding.cooldown', (value) => aggregator({ sharding: { cooldown: seconds(value) } }), FUNCTION,
      { FunctionName: 'app-aggregator', Environment: { Variables: { SHARD_COOLDOWN_SECONDS: String(SEVEN_MILLION) } } }],
    ['alarms.deadLetters.threshold', (value) => ({ alarms: { deadLetters: { threshold: value } } }), 'AWS::CloudWatch::Alarm', { Threshold: SEVEN_MILLION }],
    ['alarms.deadLetters.evaluationPeriods', (value) => ({ alarms: { deadLetters: { evaluationPeriods: value, datapointsToAlarm: 9 } } }),
      'AWS::CloudWatch::Alarm', { EvaluationPeriods: SEVEN_MILLION, DatapointsToAlarm: 9 }],
    ['alarms.deadLetters.datapointsToAlarm', (value) => ({ alarms: { deadLetters: { datapointsToAlarm: value } } }),
      'AWS::CloudWatch::Alarm', { DatapointsToAlarm: SEVEN_MILLION }],
    ['aggregator.stream.parallelizationFactor', (value) => stream({ parallelizationFactor: value }), MAPPING,
      { ParallelizationFactor: SEVEN_MILLION }],
  ];

  test.each(cases.flatMap(([prop, ...row]) => [[`a lazy number as ${prop}`, lazy, ...row], [`an encoded token as ${prop}`, encoded, ...row]] as const))(
    '%s passes', (_, token, props, type, expected) => {
      const stack = emptyStack();

      new ZaeLimiter(stack, 'Limiter', props(token()));

      Template.fromStack(stack).hasResourceProperties(type, expected);
    });

  test('parameters of the template pass as name and namespaces', () => {
    const stack = emptyStack();
    const limiterName = new CfnParameter(stack, 'Name').valueAsString;
    const namespaces = new CfnParameter(stack, 'Namespaces', { type: 'CommaDelimitedList' }).valueAsList;

    new ZaeLimiter(stack, 'Limiter', { limiterName, namespaces });

    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::DynamoDB::Table', { TableName: { Ref: 'Name' } });
    template.hasResourceProperties('AWS::Lambda::Function', { FunctionName: { 'Fn::Join': ['', [{ Ref: 'Name' }, '-aggregator']] } });
    template.hasResourceProperties(BOOTSTRAP, { Namespaces: { Ref: 'Namespaces' } });
  });

  test('a parameter passes among names that are checked', () => {
    const stack = emptyStack();
    const tenant = new CfnParameter(stack, 'Tenant').valueAsString;

    new ZaeLimiter(stack, 'Limiter', { namespaces: ['default', tenant] });

    Template.fromStack(stack).hasResourceProperties(BOOTSTRAP, { Namespaces: ['default', { Ref: 'Tenant' }] });
  });
});

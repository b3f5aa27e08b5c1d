import { Profile, SnapshotWindow, type ZaeLimiterProps } from '#construct';
import { Aws, Duration } from 'aws-cdk-lib';
import { ManagedPolicy, Role } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { invalid } from '../errors.js';
import type { DeployFlags, Preset } from './deploy-options.js';

/**
 * Props of the construct that the flags mean. What was not given is left to the profile, or to the construct's defaults.
 *
 * @param scope where topics, roles and policies that exist already are imported
 * @throws {CliError} a window is not known
 */
export function limiterProps(scope: Construct, limiterName: string, flags: DeployFlags): ZaeLimiterProps {
  const { alarmSnsTopic, permissionBoundary, aggregatorRoleArn, profilePreset } = flags;
  return known({
    limiterName,
    profile: profilePreset && PROFILES[profilePreset](),
    usage: known({ windows: flags.snapshotWindows?.map(snapshotWindow), retention: days(flags.usageRetentionDays) }),
    audit: known({
      retention: days(flags.auditRetentionDays),
      archive: known({ enabled: flags.auditArchival, glacierTransition: days(flags.glacierDays) }),
    }),
    aggregator: known({
      enabled: flags.aggregator,
      timeout: flags.lambdaTimeout === undefined ? undefined : Duration.seconds(flags.lambdaTimeout),
      memorySize: flags.lambdaMemory,
    }),
    pitrRecoveryPeriod: days(flags.pitrRecoveryDays),
    logRetention: flags.logRetentionDays,
    alarms: known({
      enabled: flags.alarms,
      topic: alarmSnsTopic === undefined ? undefined : Topic.fromTopicArn(scope, 'Topic', alarmSnsTopic),
      durationThresholdPercent: flags.durationThresholdPct,
    }),
    iam: known({
      createResources: flags.iam,
      createRoles: flags.createIamRoles,
      permissionsBoundary: permissionBoundary === undefined ? undefined : ManagedPolicy.fromManagedPolicyArn(scope, 'Boundary', policyArn(permissionBoundary)),
      roleNameFormat: flags.roleNameFormat,
      policyNameFormat: flags.policyNameFormat,
      aggregatorRole: aggregatorRoleArn === undefined ? undefined : Role.fromRoleArn(scope, 'AggregatorRole', aggregatorRoleArn),
    }),
    tracing: flags.tracing,
    deletionProtection: flags.deletionProtection,
    tags: flags.tags.length === 0 ? undefined : Object.fromEntries(flags.tags),
  }) ?? {};
}

const PROFILES: Readonly<Record<Preset, () => Profile>> = {
  development: () => Profile.development(),
  staging: () => Profile.staging(),
  production: () => Profile.production(),
};

const days = (count: number | undefined): Duration | undefined => (count === undefined ? undefined : Duration.days(count));

const policyArn = (nameOrArn: string): string =>
  (nameOrArn.startsWith('arn:') ? nameOrArn : `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:policy/${nameOrArn}`);

function snapshotWindow(text: string): SnapshotWindow {
  const all = Object.values(SnapshotWindow);
  const found = all.find((window) => window === text);
  if (found === undefined) throw invalid(`--snapshot-windows must hold ${all.join(', ')}, got '${text}'`);
  return found;
}

/** The settings that were given; undefined when none was. */
function known<T extends object>(settings: T): T | undefined {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given) as T;
}

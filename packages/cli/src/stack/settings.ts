import { fields } from '../output/result.js';
import type { DeployFlags } from './deploy-options.js';

/** What a deployment is made with, a line for each setting: what was given, else the default of the preset or of the construct. */
export function settingLines(flags: DeployFlags): string[] {
  const { profilePreset: preset } = flags;
  const or = (value: unknown, initial: unknown): string => String(value ?? (preset === undefined ? initial : `as ${preset} has it`));
  const onOff = (value: boolean | undefined, initial: boolean): string => or(value === undefined ? undefined : value ? 'on' : 'off', initial ? 'on' : 'off');
  return fields([
    ['Profile preset', preset],
    ['Snapshot windows', or(flags.snapshotWindows?.join(','), 'hourly,daily')],
    ['Usage retention', `${flags.usageRetentionDays ?? 90} days`],
    ['Audit retention', `${flags.auditRetentionDays ?? 90} days`],
    ['Aggregator', onOff(aggregates(flags), true)],
    ['PITR recovery', or(flags.pitrRecoveryDays && `${flags.pitrRecoveryDays} days`, 'off')],
    ['Log retention', or(flags.logRetentionDays && `${flags.logRetentionDays} days`, '30 days')],
    ['Lambda timeout', `${flags.lambdaTimeout ?? 60} s`],
    ['Lambda memory', or(flags.lambdaMemory && `${flags.lambdaMemory} MB`, '256 MB')],
    ['Alarms', onOff(flags.alarms, true)],
    ['Alarm topic', flags.alarmSnsTopic],
    ['Duration alarm', flags.durationThresholdPct === undefined ? undefined : `${flags.durationThresholdPct} %`],
    ['Permission boundary', flags.permissionBoundary],
    ['Role name format', flags.roleNameFormat],
    ['Policy name format', flags.policyNameFormat],
    ['Audit archival', onOff(aggregates(flags) === false ? false : flags.auditArchival, true)],
    ['Glacier after', flags.glacierDays === undefined ? undefined : `${flags.glacierDays} days`],
    ['Tracing', onOff(flags.tracing, false)],
    ['IAM', onOff(flags.iam, true)],
    ['IAM roles', onOff(flags.createIamRoles, false)],
    ['Aggregator role', flags.aggregatorRoleArn],
    ['Deletion protection', onOff(flags.deletionProtection, false)],
    ['Tags', flags.tags.length === 0 ? undefined : flags.tags.map(([key, value]) => `${key}=${value}`).join(', ')],
  ], '  ');
}

/** A function that can have no role is left out. */
const aggregates = ({ aggregator, iam, aggregatorRoleArn }: DeployFlags): boolean | undefined =>
  (iam === false && aggregatorRoleArn === undefined ? false : aggregator);

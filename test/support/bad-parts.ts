import { CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { BackupVault } from 'aws-cdk-lib/aws-backup';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import type { ZaeLimiterProps } from '../../src';
import type { ValidationId } from '../../src/private/validate';

const { days, hours } = Duration;
const WITHOUT_IAM = { iam: { createResources: false } };
/** One character more than the name of a backup plan may have. */
const LONG = 'n'.repeat(51);
const vaultOf = (scope: Stack) => BackupVault.fromBackupVaultName(scope, 'Vault', 'mine');
/** One address more than a budget takes. */
export const MAILS: readonly string[] = Array.from({ length: 11 }, (_, at) => `ops-${at}@example.com`);
/** A budget that is right but for these settings. */
export const budget = (more: object): ZaeLimiterProps => ({ budget: { monthlyLimitUsd: 50, emails: MAILS.slice(0, 1), ...more } });

/** Wrong settings of the optional parts, with the message of each. A case may add to the scope what it needs beside the limiter. */
export const BAD_PARTS: readonly (readonly [ValidationId, string, (scope: Stack) => ZaeLimiterProps])[] = [
  ['BACKUP_LIFECYCLE', 'backup.deleteAfter must be a whole number of days, at least 1, got 12 hours', () => ({ backup: { deleteAfter: hours(12) } })],
  ['BACKUP_LIFECYCLE', 'backup.moveToColdStorageAfter must be a whole number of days, at least 1, got 0 days',
    () => ({ backup: { moveToColdStorageAfter: days(0), deleteAfter: days(90) } })],
  ['BACKUP_LIFECYCLE', 'backup.deleteAfter must be at least 90 days more than moveToColdStorageAfter, got 119 and 30 days',
    () => ({ backup: { moveToColdStorageAfter: days(30), deleteAfter: days(119) } })],
  ['BACKUP_LIFECYCLE', 'backup.deleteAfter must be at least 90 days more than moveToColdStorageAfter, got 35 and 1 days',
    () => ({ backup: { moveToColdStorageAfter: days(1) } })],
  ['BACKUP_LIFECYCLE', 'backup.copyTo.deleteAfter must be at least 90 days more than moveToColdStorageAfter, got 91 and 2 days',
    (scope) => ({ backup: { deleteAfter: days(91), copyTo: { vault: vaultOf(scope), moveToColdStorageAfter: days(2) } } })],
  ['BACKUP_SCHEDULE_INVALID', "backup.schedule must be a cron expression, got 'rate(1 day)'", () => ({ backup: { schedule: Schedule.rate(days(1)) } })],
  ['BACKUP_SCHEDULE_INVALID', "backup.copyTo.schedule must be a cron expression, got 'rate(7 days)'",
    (scope) => ({ backup: { copyTo: { vault: vaultOf(scope), schedule: Schedule.rate(days(7)) } } })],
  ['BACKUP_VAULT_CONFLICT', 'backup.encryptionKey must not be given together with backup.vault, which has a key of its own',
    (scope) => ({ backup: { vault: vaultOf(scope), encryptionKey: new Key(scope, 'Key') } })],
  ['BUDGET_INVALID', 'budget.monthlyLimitUsd must be above 0, got 0', () => budget({ monthlyLimitUsd: 0 })],
  ['BUDGET_INVALID', 'budget.monthlyLimitUsd must be above 0, got NaN', () => budget({ monthlyLimitUsd: NaN })],
  ['BUDGET_INVALID', 'budget.actualThresholds must be above 0, got [0]', () => budget({ actualThresholds: [0] })],
  ['BUDGET_INVALID', 'budget.forecastThresholds must hold each percentage once, got [9,9]', () => budget({ forecastThresholds: [9, 9] })],
  ['BUDGET_INVALID', 'budget.actualThresholds and forecastThresholds must hold 1 to 5 percentages together, got 6', () => budget({ actualThresholds: [1, 2, 3, 4, 5] })],
  ['BUDGET_INVALID', 'budget.actualThresholds and forecastThresholds must hold 1 to 5 percentages together, got 0',
    () => budget({ actualThresholds: [], forecastThresholds: [] })],
  ['BUDGET_INVALID', 'budget.emails must be addresses, got ["ops"]', () => budget({ emails: ['ops', 'a@b.c'] })],
  ['BUDGET_INVALID', 'budget.emails must hold each address once, got ["a@b.c","a@b.c"]', () => budget({ emails: ['a@b.c', 'a@b.c'] })],
  ['BUDGET_INVALID', 'budget.emails must be at most 10, got 11', () => budget({ emails: MAILS })],
  ['BUDGET_INVALID', 'budget.emails must be a list, which may hold tokens but not be one',
    (scope) => budget({ emails: new CfnParameter(scope, 'Mails', { type: 'CommaDelimitedList' }).valueAsList })],
  ['BUDGET_INVALID', 'budget.emails or budget.topic must be given, because a message needs a receiver', () => budget({ emails: [] })],
  ['NAMESPACE_INVALID', "availabilityProbe.namespaceName must have 1 to 128 characters without '#' and not be '_', got 'a#b'",
    () => ({ availabilityProbe: { namespaceName: 'a#b' } })],
  ['TRAIL_BUCKET_CONFLICT', 'cloudTrail.retention must not be given together with cloudTrail.bucket, which has a lifecycle of its own',
    (scope) => ({ cloudTrail: { bucket: new Bucket(scope, 'Records'), retention: days(1) } })],
  ['NAME_TOO_LONG', `limiterName must have at most 50 characters, got 51 in '${LONG}'`,
    () => ({ limiterName: LONG, provisioner: { enabled: false }, aggregator: { enabled: false }, backup: {} })],
  ['BACKUP_ROLE_REQUIRED', 'backup.role must be given, because the limiter may create no IAM resources', () => ({ ...WITHOUT_IAM, backup: {} })],
  ['PROBE_ROLE_REQUIRED', 'availabilityProbe.role must be given, because the limiter may create no IAM resources',
    () => ({ ...WITHOUT_IAM, availabilityProbe: {} })],
  ['TRAIL_ROLE_REQUIRED', 'cloudTrail.role must be given, because alarms need one and the limiter may create no IAM resources',
    () => ({ ...WITHOUT_IAM, cloudTrail: { alarms: true } })],
];

import { Annotations, RemovalPolicy, Token } from 'aws-cdk-lib';
import { checkAggregator, warnAboutAggregator } from '../aggregator';
import { checkAlarms } from '../alarm-options';
import { checkAudit } from '../audit-archive';
import { checkAvailabilityProbe } from '../availability-probe';
import { checkBackup } from '../backup';
import { checkBudget } from '../budget';
import { checkDashboard } from '../dashboard';
import { checkTags } from '../discovery-tags';
import { IZaeLimiter } from '../limiter';
import { checkTable } from '../limiter-table';
import { ResourceNaming } from '../resource-naming';
import { checkSecurityTrail } from '../security-trail';
import { ZaeLimiterProps } from '../zae-limiter-props';
import { checkFunctionOptions } from './bundled-function';
import { Parts, partsOf } from './limiter-parts';
import { checkFormats } from './names';
import { Problems } from './validate';
import { WARNING } from './warning-ids';

/**
 * Refuses what is wrong with the props of a limiter.
 *
 * @param taken names of the other limiters of the stack
 * @throws one error with all problems
 */
export function checkLimiter(limiter: IZaeLimiter, props: ZaeLimiterProps, taken: readonly string[]): void {
  const problems = new Problems(limiter);
  checkName(problems, limiter.limiterName, props, taken);
  problems.days('PITR_RANGE', 'pitrRecoveryPeriod', props.pitrRecoveryPeriod, 1, 35);
  checkTable(problems, props.table ?? {}, props.encryptionKey);
  checkAudit(problems, props.audit ?? {});
  checkAggregator(problems, props.aggregator ?? {}, props.usage ?? {});
  checkFunctionOptions(problems, 'provisioner', props.provisioner ?? {});
  checkAlarms(problems, props.alarms ?? {});
  checkDashboard(problems, 'dashboard.dashboardName', props.dashboard?.dashboardName);
  checkIam(problems, limiter.limiterName, props);
  checkNamespaces(problems, props);
  checkTags(problems, props.tags);
  checkOptionalParts(problems, props);
  problems.throwIfAny();
}

function checkOptionalParts(problems: Problems, props: ZaeLimiterProps): void {
  const { iam: createIam, ...parts } = partsOf(props);
  if (props.backup !== undefined) checkBackup(problems, props.backup, createIam || !parts.backup);
  if (props.budget !== undefined) checkBudget(problems, props.budget);
  if (props.availabilityProbe !== undefined) checkAvailabilityProbe(problems, props.availabilityProbe, createIam || !parts.probe);
  if (props.cloudTrail !== undefined) checkSecurityTrail(problems, props.cloudTrail, createIam);
}

function checkIam(problems: Problems, limiterName: string, { iam: options = {}, aggregator, provisioner }: ZaeLimiterProps): void {
  checkFormats(problems, limiterName, options);
  if (options.createResources ?? true) return;
  if (options.createRoles === true) problems.add('IAM_ROLES_WITHOUT_IAM', 'iam.createRoles must not be set when iam.createResources is false');
  if (aggregator?.enabled === true && options.aggregatorRole === undefined) {
    problems.add('AGGREGATOR_ROLE_REQUIRED', 'iam.aggregatorRole must be given when the aggregator is enabled and iam.createResources is false');
  }
  if (provisioner?.enabled === true && options.provisionerRole === undefined) {
    problems.add('PROVISIONER_ROLE_REQUIRED', 'iam.provisionerRole must be given when the provisioner is enabled and iam.createResources is false');
  }
}

const NAME_PATTERN = /^[A-Za-z][A-Za-z0-9-]*$/;

/** Function names have at most 64 characters; the longest suffix decides what is left for the limiter's name. */
function longestName(props: ZaeLimiterProps): number {
  const { provisioner, aggregator, backup: backups } = partsOf(props);
  const most = backups ? LONGEST_PLAN_NAME : LONGEST_NAME;
  if (props.naming === ResourceNaming.GENERATED) return most;
  if (provisioner) return 64 - '-limits-provisioner'.length;
  return aggregator ? Math.min(most, 64 - '-aggregator'.length) : most;
}

/** What the Python library takes. */
const LONGEST_NAME = 55;
/** What AWS Backup takes for a plan, which is named after the limiter. */
const LONGEST_PLAN_NAME = 50;

function checkName(problems: Problems, name: string, props: ZaeLimiterProps, taken: readonly string[]): void {
  if (Token.isUnresolved(name)) {
    if (props.limiterName === undefined) {
      problems.add('NAME_REQUIRED', 'limiterName must be given, because the name of this stack is known only when it is deployed');
    }
    return;
  }
  const max = longestName(props);
  if (!NAME_PATTERN.test(name)) {
    problems.add('NAME_INVALID', `limiterName must start with a letter and hold only letters, digits and hyphens, got '${name}'`);
  }
  const isTrailName = props.cloudTrail === undefined || props.naming === ResourceNaming.GENERATED || !/--|-$/.test(name);
  if (!isTrailName) problems.add('NAME_INVALID', `limiterName must not hold two hyphens in a row, nor end with one, when there is a trail, got '${name}'`);
  if (name.length > max) problems.add('NAME_TOO_LONG', `limiterName must have at most ${max} characters, got ${name.length} in '${name}'`);
  if (name.length < 3) problems.add('NAME_TOO_SHORT', `limiterName must have at least 3 characters, got '${name}'`);
  if (taken.includes(name)) {
    problems.add('NAME_DUPLICATE', `limiterName must differ from that of every other limiter in the stack, got '${name}' twice`);
  }
}

function checkNamespaces(problems: Problems, props: ZaeLimiterProps): void {
  const { namespaces } = props;
  if (namespaces === undefined || Token.isUnresolved(namespaces)) return;
  if (!partsOf(props).provisioner) problems.add('PROVISIONER_REQUIRED', 'namespaces must not be given without the provisioner, which registers them');
  const known = namespaces.filter((name) => !Token.isUnresolved(name));
  for (const name of known) problems.namespaceName('namespaces', name);
  if (new Set(known).size !== known.length) {
    problems.add('NAMESPACE_INVALID', `namespaces must hold each name once, got ${JSON.stringify(known)}`);
  }
}

/** Says what is valid but does not do what it seems to. */
export function warnAboutLimiter(limiter: IZaeLimiter, props: ZaeLimiterProps, parts: Parts, logsEncrypted: boolean): void {
  const annotations = Annotations.of(limiter);
  const { iam: options = {} } = props;
  warnAboutAggregator(limiter, props.aggregator ?? {});
  const { alarms } = props;
  if (alarms?.enabled === false && [alarms.topic, alarms.criticalTopic, ...alarms.actions ?? []].some((told) => told !== undefined)) {
    annotations.addWarningV2(WARNING.alarmActionsUnused,
      'topics or actions of alarms are given, but alarms are not enabled: nobody will be told of anything');
  }
  if (!parts.iam && !parts.aggregator && (props.aggregator?.enabled ?? true)) {
    annotations.addWarningV2(WARNING.noAggregator,
      'the aggregator is left out, because nothing is created in IAM and iam.aggregatorRole is not given: usage is not added up');
  }
  if (!parts.provisioner) {
    annotations.addWarningV2(WARNING.noBootstrap,
      'there is no provisioner: register the namespaces and write the version record with full access before anyone acquires');
  }
  if (props.removalPolicy === RemovalPolicy.DESTROY && props.deletionProtection === true) {
    annotations.addWarningV2(WARNING.destroyProtected,
      'removalPolicy is DESTROY but deletionProtection is on: deleting the stack will fail until the protection is switched off');
  }
  if (!parts.iam && (options.roleNameFormat !== undefined || options.policyNameFormat !== undefined)) {
    annotations.addWarningV2(WARNING.unusedFormat, 'iam.roleNameFormat and iam.policyNameFormat have no effect when nothing is created in IAM');
  }
  if (!logsEncrypted) {
    annotations.addWarningV2(WARNING.foreignKey,
      'the policy of encryptionKey cannot be changed by this app: it has to let CloudWatch Logs of this region use the key, or the log groups cannot be created');
  }
  if (props.network !== undefined && parts.functions) {
    annotations.addWarningV2(WARNING.networkEndpoints,
      'functions in a VPC need a way to DynamoDB, S3 and the failure destination: gateway endpoints, interface endpoints or NAT');
  }
  if (!parts.archive && props.audit?.archive?.enabled === true) {
    annotations.addInfoV2(WARNING.noArchive, 'audit events are not archived, because there is no aggregator to do it');
  }
  if (props.tracing === true && !parts.functions) {
    annotations.addInfoV2(WARNING.nothingToTrace, 'tracing has no effect, because there is no function');
  }
  if (props.pitrRecoveryPeriod === undefined && !parts.backup) {
    annotations.addInfoV2(WARNING.noRecovery, 'the table cannot be restored: set pitrRecoveryPeriod, for production to 7 days or more');
  }
  for (const [prop, used] of [['aggregator', parts.aggregator], ['provisioner', parts.provisioner]] as const) {
    if (used && options[`${prop}Role`] !== undefined) {
      annotations.addInfoV2(WARNING.externalRole, `nothing is added to iam.${prop}Role: it has to allow what ${prop}PolicyDocument says`);
    }
  }
}

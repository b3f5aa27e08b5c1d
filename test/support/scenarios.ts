import { App, Aws, Stack, type Environment } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role } from 'aws-cdk-lib/aws-iam';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import {
  FailureDestination, Limit, LimiterBilling, OutputMode, Profile, ResourceNaming, ZaeLimiter, ZaeLimiterNamespace, type ZaeLimiterProps,
} from '../../src';
import { everything } from './everything';

/** A stack that checks from outside look at: cdk-nag, cfn-lint, and the rules of this project. */
export interface Scenario {
  readonly name: string;
  /** Where the stack is deployed; without it the template is for any account and region. */
  readonly env?: Environment;
  readonly context?: Record<string, unknown>;
  /** True when the template must not hold a single resource of IAM. */
  readonly noIam?: boolean;
  readonly build: (stack: Stack) => void;
}

const account = '123456789012';
const disabled = { enabled: false };
const noIam = { createResources: false };

/** A limiter alone; what its props need may be created in the stack. */
const limiter = (props: ZaeLimiterProps | ((stack: Stack) => ZaeLimiterProps) = {}) => (stack: Stack): void => {
  new ZaeLimiter(stack, 'Limiter', typeof props === 'function' ? props(stack) : props);
};
const onFailure = (destination: (stack: Stack) => FailureDestination) => limiter((stack) => ({ aggregator: { onFailure: destination(stack) } }));

/** A limiter with everything is deployed in each of these, because partitions differ in what they offer. */
const REGIONS = [
  { name: 'aws', region: 'us-east-1' },
  { name: 'aws-cn', region: 'cn-north-1' },
  { name: 'aws-us-gov', region: 'us-gov-west-1' },
];

/** New props and modes get a line here: every check runs over all of them. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'no props', build: limiter() },
  { name: 'every prop', build: limiter(everything) },
  { name: 'no aggregator', build: limiter({ aggregator: disabled }) },
  { name: 'no provisioner', build: limiter({ provisioner: disabled }) },
  { name: 'no functions', build: limiter({ aggregator: disabled, provisioner: disabled }) },
  { name: 'the longest name', build: limiter({ limiterName: 'n'.repeat(45), iam: { createRoles: true }, outputs: OutputMode.EXPORTS, ssmParameters: true }) },
  { name: 'names of CloudFormation', build: limiter({ naming: ResourceNaming.GENERATED, iam: { createRoles: true } }) },
  { name: 'on demand with bounds', build: limiter({ table: { billing: LimiterBilling.onDemand({ maxReadRequestUnits: 100, maxWriteRequestUnits: 100 }) } }) },
  { name: 'records that failed in a queue', build: onFailure((stack) => FailureDestination.queue(Queue.fromQueueArn(stack, 'Failed', arn('sqs', 'failed')))) },
  { name: 'records that failed in a bucket', build: onFailure((stack) => FailureDestination.bucket(Bucket.fromBucketName(stack, 'Failed', 'failed'))) },
  { name: 'records that failed in a topic', build: onFailure((stack) => FailureDestination.topic(Topic.fromTopicArn(stack, 'Failed', arn('sns', 'failed')))) },
  { name: 'records that failed nowhere', build: onFailure(() => FailureDestination.none()) },
  { name: 'no archive', build: limiter({ audit: { archive: disabled } }) },
  { name: 'no IAM and no functions', noIam: true, build: limiter({ iam: noIam }) },
  { name: 'no IAM with roles of others', noIam: true, build: limiter(withRolesOfOthers) },
  { name: 'every prop without IAM', noIam: true, build: limiter(everythingWithoutIam) },
  { name: 'the profile for development', build: limiter({ profile: Profile.development() }) },
  { name: 'the profile for staging', build: limiter({ profile: Profile.staging() }) },
  { name: 'the profile for production', build: limiter({ profile: Profile.production() }) },
  { name: 'limits and a namespace', build: limits },
  { name: 'two limiters', build: twoLimiters },
  { name: 'grants to a role of another stack', build: grants },
  ...REGIONS.map(({ name, region }): Scenario => ({ name: `every prop in ${name}`, env: { account, region }, build: limiter(everything) })),
];

function arn(service: string, name: string): string {
  return `arn:${Aws.PARTITION}:${service}:${Aws.REGION}:${Aws.ACCOUNT_ID}:${name}`;
}

function withRolesOfOthers(stack: Stack): ZaeLimiterProps {
  const [aggregatorRole, provisionerRole] = ['aggregator', 'provisioner'].map((name) => Role.fromRoleName(stack, name, name));
  return { iam: { ...noIam, aggregatorRole, provisionerRole } };
}

function everythingWithoutIam(stack: Stack): ZaeLimiterProps {
  const all = everything(stack);
  const roleOf = (part: string) => ({ role: Role.fromRoleName(stack, part, part) });
  return {
    ...all,
    ...withRolesOfOthers(stack),
    backup: { ...all.backup, ...roleOf('backup') },
    availabilityProbe: { ...all.availabilityProbe, ...roleOf('probe') },
    cloudTrail: { ...all.cloudTrail, ...roleOf('trail') },
  };
}

function limits(stack: Stack): void {
  const shared = new ZaeLimiter(stack, 'Limiter');
  const tenant = new ZaeLimiterNamespace(stack, 'Tenant', { limiter: shared, namespaceName: 'tenant-1' });
  shared.addLimits('Limits', { resources: { 'gpt-4': { limits: { requests: Limit.perMinute(500) } } } });
  shared.addLimits('TenantLimits', { limiterNamespace: tenant, system: { limits: { requests: Limit.perMinute(1000) } } });
}

function twoLimiters(stack: Stack): void {
  new ZaeLimiter(stack, 'First', { limiterName: 'first' });
  new ZaeLimiter(stack, 'Second', { limiterName: 'second' });
}

function grants(stack: Stack): void {
  const worker = Role.fromRoleName(stack, 'Worker', 'worker');
  const operator = Role.fromRoleName(stack, 'Operator', 'operator');
  const auditor = Role.fromRoleName(stack, 'Auditor', 'auditor');
  const prod = new ZaeLimiter(stack, 'Limiter');
  [prod.grantAcquire(worker), prod.grantFullAccess(operator), prod.grantReadOnly(auditor)].forEach((grant) => grant.assertSuccess());
}

/** The stack of a scenario, in an app of its own. Its name is the default name of the limiter. */
export function stackOf({ env, context, build }: Scenario): Stack {
  const stack = new Stack(new App({ context }), 'app', { env });
  build(stack);
  return stack;
}

export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, any>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

/** By logical id. */
export type Resources = Record<string, Resource>;

export const resourcesOf = (stack: Stack): Resources => Template.fromStack(stack).toJSON().Resources as Resources;

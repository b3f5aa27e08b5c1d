import { App, Stack, type Environment } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role } from 'aws-cdk-lib/aws-iam';
import { ZaeLimiter, type ZaeLimiterProps } from '../../src';
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
const limiter = (props?: ZaeLimiterProps) => (stack: Stack): void => { new ZaeLimiter(stack, 'Limiter', props); };

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
  { name: 'the longest name', build: limiter({ limiterName: 'n'.repeat(45) }) },
  { name: 'two limiters', build: twoLimiters },
  { name: 'grants to a role of another stack', build: grants },
  ...REGIONS.map(({ name, region }): Scenario => ({ name: `every prop in ${name}`, env: { account, region }, build: limiter(everything) })),
];

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

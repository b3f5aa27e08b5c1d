import { Token } from 'aws-cdk-lib';
import { IamOptions } from '../iam-options';
import { ResourceNaming } from '../resource-naming';
import { Problems } from './validate';

/** Parts of role names. At most 8 characters each, so that a limiter name that is valid today stays valid. */
export type RoleComponent = 'aggr' | 'prov' | 'probe' | 'backup' | 'trail' | 'app' | 'admin' | 'read';

/** Parts of policy names. */
export type PolicyComponent = 'acq' | 'full' | 'read' | 'ns-acq' | 'ns-full' | 'ns-read';

type Formats = Pick<IamOptions, 'roleNameFormat' | 'policyNameFormat'>;

/**
 * Physical names of a limiter's resources; undefined where CloudFormation makes them.
 *
 * A format of role or policy names holds in both kinds of naming, because who sets one needs it.
 */
export class Names {
  constructor(private readonly limiterName: string, private readonly naming: ResourceNaming, private readonly formats: Formats) {}

  /** Of a function, queue, log group or alarm. */
  of(suffix: string): string | undefined {
    return this.naming === ResourceNaming.FIXED ? `${this.limiterName}-${suffix}` : undefined;
  }

  role(component: RoleComponent): string | undefined {
    return this.formatted(component, this.formats.roleNameFormat);
  }

  policy(component: PolicyComponent): string | undefined {
    return this.formatted(component, this.formats.policyNameFormat);
  }

  private formatted(component: string, format: string | undefined): string | undefined {
    return format === undefined ? this.of(component) : format.replace(PLACEHOLDER, () => `${this.limiterName}-${component}`);
  }
}

const PLACEHOLDER = '{}';
/** Characters of role and policy names. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const IAM_NAME = /^[A-Za-z0-9+=,.@_-]*$/;

interface FormatRule {
  readonly id: 'ROLE_FORMAT_INVALID' | 'POLICY_FORMAT_INVALID';
  readonly prop: string;
  /** Longest format. */
  readonly maxFormat: number;
  /** Longest name. */
  readonly maxName: number;
}

const ROLE_RULE: FormatRule = { id: 'ROLE_FORMAT_INVALID', prop: 'iam.roleNameFormat', maxFormat: 55, maxName: 64 };
const POLICY_RULE: FormatRule = { id: 'POLICY_FORMAT_INVALID', prop: 'iam.policyNameFormat', maxFormat: 120, maxName: 128 };

/** Longest component that a name has to leave room for. */
const LONGEST_COMPONENT = 8;

/** Collects what is wrong with the formats of names. */
export function checkFormats(problems: Problems, limiterName: string, { roleNameFormat, policyNameFormat }: Formats): void {
  checkFormat(problems, limiterName, roleNameFormat, ROLE_RULE);
  checkFormat(problems, limiterName, policyNameFormat, POLICY_RULE);
}

function checkFormat(problems: Problems, limiterName: string, format: string | undefined, { id, prop, maxFormat, maxName }: FormatRule): void {
  if (format === undefined || Token.isUnresolved(format)) return;
  const parts = format.split(PLACEHOLDER);
  if (parts.length !== 2) return problems.add(id, `${prop} must contain ${PLACEHOLDER} exactly once, got '${format}'`);
  const rest = parts.join('');
  if (!IAM_NAME.test(rest)) problems.add(id, `${prop} must hold only letters, digits and +=,.@_-, got '${format}'`);
  if (format.length > maxFormat) return problems.add(id, `${prop} must have at most ${maxFormat} characters, got ${format.length} in '${format}'`);
  if (Token.isUnresolved(limiterName)) return;
  const left = maxName - rest.length - LONGEST_COMPONENT - 1;
  const excess = limiterName.length - left;
  if (excess > 0) {
    problems.add(id, `${prop} makes names that are ${excess} characters longer than the ${maxName} that IAM allows; `
      + `with this format limiterName must have at most ${left} characters, got ${limiterName.length} in '${limiterName}'`);
  }
}

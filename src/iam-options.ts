import * as iam from 'aws-cdk-lib/aws-iam';

/** What the limiter creates in IAM. */
export interface IamOptions {
  /**
   * Whether anything is created in IAM. Without it the template has no `AWS::IAM` resource at all: each function needs a
   * role of yours and is left out when there is none, and what is granted to principals of this app are their resources.
   *
   * @default true
   */
  readonly createResources?: boolean;

  /**
   * Whether three roles are created that people and programs can assume: to acquire, to administer, to read.
   *
   * @default false
   */
  readonly createRoles?: boolean;

  /**
   * Whether the three managed policies are created that limit a principal to the namespace of its tag.
   *
   * @default true
   */
  readonly createNamespacePolicies?: boolean;

  /**
   * How roles are named, with `{}` for the limiter's name and the part it is for: `PowerUserPB-{}` becomes
   * `PowerUserPB-my-limiter-aggr`.
   *
   * At most 55 characters, and at most 64 in each name.
   *
   * @default - as `naming` says
   */
  readonly roleNameFormat?: string;

  /**
   * How managed policies are named, with `{}` for the limiter's name and what the policy allows.
   *
   * At most 120 characters, and at most 128 in each name.
   *
   * @default - as `naming` says
   */
  readonly policyNameFormat?: string;

  /**
   * Boundary of every role that is created. Policies have none: a boundary is a property of roles and users.
   *
   * @default - none
   */
  readonly permissionsBoundary?: iam.IManagedPolicy;

  /**
   * Role of the aggregator. Nothing is added to it: it has to allow what `aggregatorPolicyDocument` says.
   *
   * @default - a role is created
   */
  readonly aggregatorRole?: iam.IRole;

  /**
   * Role of the provisioner. Nothing is added to it: it has to allow what `provisionerPolicyDocument` says.
   *
   * @default - a role is created
   */
  readonly provisionerRole?: iam.IRole;

  /**
   * Who may assume the roles of `createRoles`.
   *
   * @default - principals of the account that its policies allow to
   */
  readonly assumedBy?: iam.IPrincipal;

  /**
   * Key of the principal tag that holds the id of the namespace that a principal may use. Whoever may set the tag
   * chooses the namespace.
   *
   * @default 'zael_namespace_id'
   */
  readonly namespaceTagKey?: string;
}

/** Key of the principal tag unless another one is set; the Python library's policies use it too. */
export const NAMESPACE_TAG_KEY = 'zael_namespace_id';

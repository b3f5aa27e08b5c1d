import { CustomResource } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { IConstruct } from 'constructs';
import { ILimiterNamespace } from './limiter-namespace';

/** A rate limiter, deployed by this app or elsewhere. */
export interface IZaeLimiter extends IConstruct {
  /**
   * Name of the limiter, which is its table's name and what clients connect to.
   *
   * @attribute
   */
  readonly limiterName: string;

  /** Name of the table: the same as the limiter's. */
  readonly tableName: string;

  /**
   * ARN of the table.
   *
   * @attribute
   */
  readonly tableArn: string;

  /** ARN of the table's stream; undefined when it is not known. */
  readonly tableStreamArn?: string;

  /** ARN of the function that prepares the table and applies limits; undefined when there is none, or it is not known. */
  readonly provisionerFunctionArn?: string;

  /** Role of that function; undefined when it is not known. Manifests too large for a template need it, to be read. */
  readonly provisionerRole?: iam.IRole;

  /** The resource that makes a new table usable; undefined when another app has it. Depend on it to acquire at deploy time. */
  readonly bootstrap?: CustomResource;

  /**
   * Allows to take and give back tokens and to read, nothing else: limits and entities cannot be changed.
   *
   * @param grantee who acquires
   * @param options namespaces that it is limited to
   */
  grantAcquire(grantee: iam.IGrantable, options?: GrantOptions): iam.Grant;

  /**
   * Allows everything: limits, entities, namespaces, and invoking the provisioner. In namespaces it allows limits and
   * entities, and nothing that concerns other namespaces.
   *
   * @param grantee who administers
   * @param options namespaces that it is limited to
   */
  grantFullAccess(grantee: iam.IGrantable, options?: GrantOptions): iam.Grant;

  /**
   * Allows to read everything and to change nothing.
   *
   * @param grantee who observes
   * @param options namespaces that it is limited to
   */
  grantReadOnly(grantee: iam.IGrantable, options?: GrantOptions): iam.Grant;

  /**
   * Allows to invoke the provisioner, which applies limits manifests to every namespace.
   *
   * @param grantee who applies manifests
   * @throws when there is no provisioner, or it is not known
   */
  grantInvokeProvisioner(grantee: iam.IGrantable): iam.Grant;

  /**
   * Allows to find the limiters of the account and region by their tags.
   *
   * @param grantee who lists limiters
   */
  grantDiscovery(grantee: iam.IGrantable): iam.Grant;

  /**
   * Environment variables that the client's `RateLimiter.open()` reads.
   *
   * @param options which namespace to open
   */
  clientEnvironment(options?: ClientEnvironmentOptions): { [name: string]: string };
}

/** Namespaces that a grant is limited to; one of the three at most. */
export interface GrantOptions {
  /**
   * Namespaces of this app.
   *
   * @default - all
   */
  readonly namespaces?: ILimiterNamespace[];

  /**
   * Ids of namespaces.
   *
   * @default - all
   */
  readonly namespaceIds?: string[];

  /**
   * The namespace whose id is the value of the principal's tag. Whoever may set the tag chooses the namespace.
   *
   * @default false
   */
  readonly byPrincipalTag?: boolean;
}

/** What a client opens by default. */
export interface ClientEnvironmentOptions {
  /**
   * Namespace that the client opens. It has to be registered, for example with `namespaces`.
   *
   * @default 'default'
   */
  readonly namespaceName?: string;
}

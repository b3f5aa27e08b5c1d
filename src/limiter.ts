import { CustomResource, Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { IConstruct } from 'constructs';
import { ILimiterLimits } from './limiter-limits';
import { ILimiterNamespace, NamespaceOptions } from './limiter-namespace';
import { LimitsOptions } from './limits-options';

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

  /** Longest run of that function; undefined when it is not known. The stack waits a little longer for its answers. */
  readonly provisionerTimeout?: Duration;

  /** Role of that function; undefined when it is not known. Manifests too large for a template need it, to be read. */
  readonly provisionerRole?: iam.IRole;

  /** The resource that makes a new table usable; undefined when another app has it. Depend on it to acquire at deploy time. */
  readonly bootstrap?: CustomResource;

  /**
   * Allows to take and give back tokens and to read, nothing else: limits and entities cannot be changed.
   *
   * @param grantee who acquires
   */
  grantAcquire(grantee: iam.IGrantable): iam.Grant;

  /**
   * Allows everything: limits, entities, namespaces, and invoking the provisioner.
   *
   * @param grantee who administers
   */
  grantFullAccess(grantee: iam.IGrantable): iam.Grant;

  /**
   * Allows to read everything and to change nothing.
   *
   * @param grantee who observes
   */
  grantReadOnly(grantee: iam.IGrantable): iam.Grant;

  /**
   * Environment variables that the client's `RateLimiter.open()` reads.
   *
   * @param options which namespace to open
   */
  clientEnvironment(options?: ClientEnvironmentOptions): { [name: string]: string };

  /**
   * Registers a namespace when the limiter is deployed, or finds it when it is registered already.
   *
   * @param name    1 to 128 characters without `#`, not `_` and no token; use `ZaeLimiterNamespace` for a token
   * @param options what becomes of it, and of its audit events
   */
  addNamespace(name: string, options?: NamespaceOptions): ILimiterNamespace;

  /**
   * Declares the limits of a namespace, once for each namespace.
   *
   * @param id      of the construct, which becomes `Limits/{id}` of this limiter
   * @param options the limits and their namespace
   */
  addLimits(id: string, options: LimitsOptions): ILimiterLimits;
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

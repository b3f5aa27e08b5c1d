import { RemovalPolicy } from 'aws-cdk-lib';
import { Limit } from './limit';
import { ILimiterNamespace } from './limiter-namespace';
import { LimitsSource } from './limits-source';
import { OnUnavailable } from './on-unavailable';

/** What holds in a namespace where neither the entity nor the resource has limits. One of the two must be given. */
export interface SystemLimits {
  /**
   * What clients do while the table cannot answer.
   *
   * @default - clients decide
   */
  readonly onUnavailable?: OnUnavailable;

  /**
   * Limits by their names: a letter, then letters, digits and `_ . -`, up to 64 characters.
   *
   * @default - none
   */
  readonly limits?: { [name: string]: Limit };
}

/** Limits on one resource. */
export interface ResourceLimits {
  /** Limits by their names: a letter, then letters, digits and `_ . -`, up to 64 characters. At least one. */
  readonly limits: { [name: string]: Limit };
}

/** Limits of one entity. */
export interface EntityLimits {
  /** Limits by resource; `_default_` stands for all resources on which the entity has no limits of its own. */
  readonly resources: { [resource: string]: ResourceLimits };
}

/**
 * The limits of one namespace as a whole: what was declared before and is declared no more is removed; what was set by
 * hand and never declared stays.
 */
export interface LimitsOptions {
  /**
   * Namespace of the limits, which this app registers. The limits wait for it. Not together with `namespaceName`.
   *
   * @default - the one that `namespaceName` names
   */
  readonly limiterNamespace?: ILimiterNamespace;

  /**
   * Name of the namespace, which must be registered before: by the `namespaces` of the limiter, or elsewhere.
   *
   * @default - the namespace of `source`, else 'default'
   */
  readonly namespaceName?: string;

  /**
   * What holds where neither the entity nor the resource has limits.
   *
   * @default - nothing
   */
  readonly system?: SystemLimits;

  /**
   * Limits that each entity has on a resource, unless it has limits of its own.
   *
   * By resource: a letter, then letters, digits and `_ . - /`, up to 64 characters.
   *
   * @default - none
   */
  readonly resources?: { [resource: string]: ResourceLimits };

  /**
   * Limits of entities, by entity id: a letter or digit, then letters, digits and `_ . - : @`, up to 256 characters.
   *
   * @default - none
   */
  readonly entities?: { [entityId: string]: EntityLimits };

  /**
   * A manifest that is written down elsewhere, instead of `system`, `resources` and `entities`.
   *
   * @default - the limits are those of `system`, `resources` and `entities`
   */
  readonly source?: LimitsSource;

  /**
   * Whether to take over limits that another stack or the command line manages. Otherwise the deployment fails when
   * somebody else manages limits of the namespace.
   *
   * @default false
   */
  readonly adoptExisting?: boolean;

  /**
   * What becomes of the limits when they are removed from the stack: `DESTROY` deletes those that are declared here,
   * `RETAIN` leaves them for whoever manages limits next.
   *
   * @default RemovalPolicy.DESTROY
   */
  readonly removalPolicy?: RemovalPolicy;
}

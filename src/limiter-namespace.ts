import { Duration, RemovalPolicy } from 'aws-cdk-lib';

/** A namespace of a limiter: entities, limits and buckets of their own in the same table. */
export interface ILimiterNamespace {
  /** What clients open. */
  readonly namespaceName: string;

  /** Id that the namespace's keys begin with; known only when it is deployed. */
  readonly namespaceId: string;
}

/** Settings of a namespace. */
export interface NamespaceOptions {
  /**
   * What becomes of the namespace when it is removed from the stack. `DESTROY` makes its name free again and keeps its
   * items, which an operator can recover or purge.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
  /**
   * How long the audit events of the namespace stay in the table. Changing it affects new events only.
   *
   * Range: 1 to 3650 days.
   *
   * @default - what it was before, else 90 days
   */
  readonly auditRetention?: Duration;
}

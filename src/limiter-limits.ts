import { IConstruct } from 'constructs';

/** Limits of a namespace that are deployed with this app. Depend on them to acquire at deploy time. */
export interface ILimiterLimits extends IConstruct {
  /** Fingerprint of what is declared, `sha256:` and 64 hex digits; known only when it is deployed. */
  readonly manifestHash: string;

  /** Id of the namespace; known only when it is deployed. */
  readonly namespaceId: string;
}

/** Ids of the warnings, for `Annotations.acknowledgeWarning`. A contract, see docs/reference/validation.md. */
export const WARNING = {
  /** The table will have no namespace and no version record until somebody else writes them. */
  noBootstrap: '@zae-limiter/cdk:noBootstrap',
  /** The stack cannot be deleted as its removal policy says. */
  destroyProtected: '@zae-limiter/cdk:destroyProtected',
  /** The stream keeps records for 24 hours, so a longer record age has no effect. */
  recordAgeBeyondStream: '@zae-limiter/cdk:recordAgeBeyondStream',
  /** The provisioner cannot be allowed to read a manifest that is too large for the template. */
  manifestUnreadable: '@zae-limiter/cdk:manifestUnreadable',
} as const;

/** Ids of the warnings and notices, for `Annotations.acknowledgeWarning`. A contract, see docs/reference/validation.md. */
export const WARNING = {
  /** The table will have no namespace and no version record until somebody else writes them. */
  noBootstrap: '@zae-limiter/cdk:noBootstrap',
  /** The stack cannot be deleted as its removal policy says. */
  destroyProtected: '@zae-limiter/cdk:destroyProtected',
  /** The stream keeps records for 24 hours, so a longer record age has no effect. */
  recordAgeBeyondStream: '@zae-limiter/cdk:recordAgeBeyondStream',
  /** Nothing is created in IAM, and no role is given for the aggregator. */
  noAggregator: '@zae-limiter/cdk:noAggregator',
  /** Formats of names are given, and nothing is created that has one. */
  unusedFormat: '@zae-limiter/cdk:unusedFormat',
  /** CloudWatch Logs may not use the key until somebody changes the key's policy. */
  foreignKey: '@zae-limiter/cdk:foreignKey',
  /** Functions in a VPC reach nothing by themselves. */
  networkEndpoints: '@zae-limiter/cdk:networkEndpoints',
  /** Notice: the archive is switched on, and nothing feeds it. */
  noArchive: '@zae-limiter/cdk:noArchive',
  /** Notice: tracing is switched on, and nothing is traced. */
  nothingToTrace: '@zae-limiter/cdk:nothingToTrace',
  /** Notice: the table cannot be restored. */
  noRecovery: '@zae-limiter/cdk:noRecovery',
  /** Notice: the permissions of a role of yours are your task. */
  externalRole: '@zae-limiter/cdk:externalRole',
  /** Somebody is to be told of alarms that there are not. */
  alarmActionsUnused: '@zae-limiter/cdk:alarmActionsUnused',
  /** The threshold of the alarm on the aggregator's duration cannot be computed. */
  noDurationAlarm: '@zae-limiter/cdk:noDurationAlarm',
  /** The provisioner cannot be allowed to read a manifest that is too large for the template. */
  manifestUnreadable: '@zae-limiter/cdk:manifestUnreadable',
  /** The budget cannot be created unless somebody else lets AWS Budgets publish to its topic. */
  budgetTopicPolicy: '@zae-limiter/cdk:budgetTopicPolicy',
  /** The trail cannot be created unless somebody else lets CloudTrail write to its bucket. */
  trailBucketPolicy: '@zae-limiter/cdk:trailBucketPolicy',
  /** The trail's key has to allow CloudTrail to use it. */
  trailKeyPolicy: '@zae-limiter/cdk:trailKeyPolicy',
} as const;

import { Duration, RemovalPolicy, Token } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';

/** Identifies the rule that a prop broke; a contract, see docs/reference/validation.md. */
export type ValidationId =
  | 'NAME_REQUIRED' | 'NAME_INVALID' | 'NAME_TOO_LONG' | 'NAME_TOO_SHORT' | 'NAME_DUPLICATE'
  | 'PITR_RANGE' | 'USAGE_RETENTION_RANGE' | 'WINDOWS_INVALID' | 'AUDIT_RETENTION_RANGE'
  | 'TIMEOUT_RANGE' | 'MEMORY_RANGE' | 'CONCURRENCY_RANGE'
  | 'BATCH_RANGE' | 'BATCH_WINDOW_RANGE' | 'RETRY_RANGE' | 'RECORD_AGE_RANGE' | 'PARALLEL_RANGE'
  | 'SHARD_CAP_INVALID' | 'SHARD_THRESHOLD_RANGE' | 'SHARD_COOLDOWN_RANGE'
  | 'GLACIER_RANGE' | 'ARCHIVE_EXPIRATION_RANGE'
  | 'BILLING_RANGE' | 'ENCRYPTION_CONFLICT'
  | 'IAM_ROLES_WITHOUT_IAM' | 'AGGREGATOR_ROLE_REQUIRED' | 'PROVISIONER_ROLE_REQUIRED' | 'ROLE_FORMAT_INVALID' | 'POLICY_FORMAT_INVALID'
  | 'GRANT_SCOPE_CONFLICT' | 'GRANT_SCOPE_INVALID' | 'IMPORT_INVALID' | 'TAGS_INVALID'
  | 'NAMESPACE_INVALID' | 'PROVISIONER_REQUIRED'
  | 'METRIC_NAME_INVALID' | 'METRIC_PART_UNKNOWN' | 'DURATION_PERCENT_RANGE' | 'ALARM_TUNING_INVALID' | 'DASHBOARD_NAME_INVALID'
  | 'LIMITS_NAMESPACE_CONFLICT' | 'LIMITS_DUPLICATE_NAMESPACE' | 'LIMITS_SOURCE_CONFLICT' | 'LIMITS_SOURCE_UNREADABLE'
  | 'LIMITS_TOO_LARGE' | 'MANIFEST_INVALID' | 'REMOVAL_POLICY_INVALID'
  | 'BACKUP_LIFECYCLE' | 'BACKUP_SCHEDULE_INVALID' | 'BACKUP_VAULT_CONFLICT' | 'BACKUP_ROLE_REQUIRED'
  | 'BUDGET_INVALID'
  | 'PROBE_INTERVAL_RANGE' | 'PROBE_LATENCY_RANGE' | 'PROBE_ROLE_REQUIRED'
  | 'TRAIL_RETENTION_RANGE' | 'TRAIL_BUCKET_CONFLICT' | 'TRAIL_ROLE_REQUIRED';

/**
 * Collects what is wrong with the props of one construct and throws once.
 *
 * A value that is a token is known only when it is deployed, so it passes.
 */
export class Problems {
  private readonly messages: string[] = [];

  constructor(private readonly scope: IConstruct) {}

  add(id: ValidationId, message: string): void {
    this.messages.push(`${id}: ${message}`);
  }

  /** A whole number from `min` to `max`. */
  integer(id: ValidationId, prop: string, value: number | undefined, min: number, max: number): void {
    if (value === undefined || Token.isUnresolved(value)) return;
    if (!Number.isInteger(value) || value < min || value > max) {
      this.add(id, `${prop} must be a whole number from ${min} to ${max}, got ${value}`);
    }
  }

  /** A whole number of days from `min` to `max`. */
  days(id: ValidationId, prop: string, value: Duration | undefined, min: number, max: number): void {
    if (value === undefined || value.isUnresolved()) return;
    const days = value.toDays({ integral: false });
    if (!Number.isInteger(days) || days < min || days > max) {
      this.add(id, `${prop} must be a whole number of days from ${min} to ${max}, got ${value.toHumanString()}`);
    }
  }

  /** A whole number of seconds from `min` to `max`. */
  seconds(id: ValidationId, prop: string, value: Duration | undefined, min: number, max: number): void {
    if (value === undefined || value.isUnresolved()) return;
    const seconds = value.toSeconds({ integral: false });
    if (!Number.isInteger(seconds) || seconds < min || seconds > max) {
      this.add(id, `${prop} must be a whole number of seconds from ${min} to ${max}, got ${value.toHumanString()}`);
    }
  }

  /** A name that a namespace can have. */
  namespaceName(prop: string, value: string | undefined): void {
    if (value === undefined || Token.isUnresolved(value)) return;
    if (value === '' || value.length > 128 || value.includes('#') || value === '_') {
      this.add('NAMESPACE_INVALID', `${prop} must have 1 to 128 characters without '#' and not be '_', got '${value}'`);
    }
  }

  /** A removal policy of something that is no resource of AWS: it goes or it stays. */
  removalPolicy(value: RemovalPolicy | undefined): void {
    if (value === undefined || value === RemovalPolicy.DESTROY || value === RemovalPolicy.RETAIN) return;
    this.add('REMOVAL_POLICY_INVALID', `removalPolicy must be DESTROY or RETAIN, got '${value}'`);
  }

  /** Throws one error with every problem, naming the construct; does nothing when there is none. */
  throwIfAny(): void {
    if (this.messages.length > 0) throw validationError(this.scope, this.messages.join('\n'));
  }
}

/** Throws what is wrong with the arguments of a call. */
export function refuse(scope: IConstruct, id: ValidationId, message: string): never {
  throw validationError(scope, `${id}: ${message}`);
}

function validationError(scope: IConstruct, message: string): Error {
  const error = new Error(`${message} [${scope.node.path}]`);
  error.name = 'ValidationError';
  return error;
}

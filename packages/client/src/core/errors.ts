import type { LimitView } from './limit-view.js';

/** Every code that this client throws. `spec/errors.json` says what each means; a test keeps the two equal. */
export type ErrorCode =
  | 'RATE_LIMITED'
  | 'LEASE_EXPIRED'
  | 'WAIT_TIMEOUT'
  | 'UNAVAILABLE'
  | 'INFRASTRUCTURE_NOT_FOUND'
  | 'NAMESPACE_NOT_FOUND'
  | 'NAMESPACE_STATE'
  | 'ENTITY_NOT_FOUND'
  | 'ENTITY_EXISTS'
  | 'INCOMPATIBLE_SCHEMA'
  | 'VERSION_MISMATCH'
  | 'CORRUPT_RECORD'
  | 'VALIDATION_FAILED'
  | 'INVALID_IDENTIFIER'
  | 'INVALID_NAME'
  | 'UNKNOWN_LIMIT'
  | 'NO_LIMITS_CONFIGURED'
  | 'INVALID_MANIFEST'
  | 'LIMITS_OWNED';

/** Shared by every copy of this package that a process may have loaded, so `is` works across them. */
const BRAND = Symbol.for('zae-limiter.error');

/** Base of everything that this client throws on purpose. */
export abstract class ZaeLimiterError extends Error {
  /** True for an error of this client, also one thrown by another copy of the package. */
  static is(error: unknown): error is ZaeLimiterError {
    return error instanceof Error && (error as { [BRAND]?: boolean })[BRAND] === true;
  }

  /** Stable, machine-readable; see docs/reference/errors.md. */
  abstract readonly code: ErrorCode;
  /** True when the same call may succeed later without a change. */
  readonly retryable: boolean = false;
  readonly [BRAND] = true;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }

  toJSON(): Record<string, unknown> {
    return { error: this.code.toLowerCase(), message: this.message };
  }
}

/** The request would take more tokens than there are. Nothing was taken. */
export class RateLimitExceededError extends ZaeLimiterError {
  readonly code = 'RATE_LIMITED';
  override readonly retryable: boolean;
  /** The limits that were short, longest wait first. Never empty. */
  readonly violations: readonly LimitView[];
  /** The limits that had room. */
  readonly passed: readonly LimitView[];
  /** The violation with the longest wait. */
  readonly primary: LimitView;
  /** Milliseconds until the request could pass, if nobody else takes the tokens. Undefined when it never can. */
  readonly retryAfterMs: number | undefined;
  /** True when the request asks for more than a limit's capacity: waiting does not help. */
  readonly unsatisfiable: boolean;

  constructor(readonly statuses: readonly LimitView[]) {
    const wait = (view: LimitView): number => view.retryAfterMs ?? Infinity;
    const violations = statuses.filter((view) => view.exceeded).sort((a, b) => wait(b) - wait(a));
    const primary = violations[0];
    if (primary === undefined) throw new TypeError('a rate limit error needs a limit that was exceeded');
    super(describe(primary));
    this.violations = violations;
    this.passed = statuses.filter((view) => !view.exceeded);
    this.primary = primary;
    this.retryAfterMs = primary.retryAfterMs;
    this.unsatisfiable = primary.retryAfterMs === undefined;
    this.retryable = !this.unsatisfiable;
  }

  /** Value of a `Retry-After` header: whole seconds, rounded up. Undefined when waiting does not help. */
  get retryAfterHeader(): string | undefined {
    return this.retryAfterMs === undefined ? undefined : String(Math.ceil(this.retryAfterMs / 1000));
  }

  /** Headers of a 429 response: `Retry-After`, when waiting helps. */
  headers(): Record<string, string> {
    return this.retryAfterHeader === undefined ? {} : { 'Retry-After': this.retryAfterHeader };
  }

  /** A 429 response as the Fetch API knows it, with `toJSON` as its body. */
  toResponse(): Response {
    return Response.json(this, { status: 429, headers: this.headers() });
  }

  /** Body of a 429 response as RFC 9457 has it, for `application/problem+json`. */
  toProblem(): Record<string, unknown> {
    const { error: _, message: detail, ...rest } = this.toJSON();
    return { type: 'about:blank', title: 'Too Many Requests', status: 429, detail, ...rest };
  }

  /** Body of a 429 response; snake case, as clients of the Python library expect it. */
  override toJSON(): Record<string, unknown> {
    const seconds = (ms: number | undefined): number | null => (ms === undefined ? null : ms / 1000);
    return {
      error: 'rate_limit_exceeded',
      message: this.message,
      retry_after_seconds: seconds(this.retryAfterMs),
      retry_after_ms: this.retryAfterMs ?? null,
      limits: this.statuses.map((view) => ({
        entity_id: view.entity,
        resource: view.resource,
        limit_name: view.name,
        capacity: view.capacity,
        refill_amount: view.refill.amount,
        refill_period_seconds: view.refill.periodMs / 1000,
        available: view.remaining,
        requested: view.requested,
        exceeded: view.exceeded,
        retry_after_seconds: seconds(view.retryAfterMs),
      })),
    };
  }
}

function describe(view: LimitView): string {
  const limit = `limit '${view.name}' of entity '${view.entity}' on resource '${view.resource}'`;
  return view.retryAfterMs === undefined
    ? `${limit} can never allow ${view.requested}: its capacity is ${view.capacity}`
    : `${limit} exceeded: requested ${view.requested}, available ${view.remaining}, retry after ${view.retryAfterMs} ms`;
}

/** True for a rate limit refusal, also one thrown by another copy of the package. */
export function isRateLimited(error: unknown): error is RateLimitExceededError {
  return ZaeLimiterError.is(error) && error.code === 'RATE_LIMITED';
}

/** The lease was committed or rolled back, so its amounts can no longer change. */
export class LeaseExpiredError extends ZaeLimiterError {
  readonly code = 'LEASE_EXPIRED';
}

/**
 * Why the store could not be used.
 *
 * `throttled` and `conflict`: it was busy, and nothing was done. `unanswered`: no answer came, or one of a server error; a
 * write may have been done. `rejected`: it was not asked, or said no for good.
 */
export type UnavailableReason = 'throttled' | 'conflict' | 'unanswered' | 'rejected';

/** The store did not answer, or refused for a reason that is not a rate limit. `cause` is the SDK's error. */
export class LimiterUnavailableError extends ZaeLimiterError {
  /** True for an outage, also one that another copy of the package threw. */
  static override is(error: unknown): error is LimiterUnavailableError {
    return ZaeLimiterError.is(error) && error.code === 'UNAVAILABLE';
  }

  readonly code = 'UNAVAILABLE';
  readonly reason: UnavailableReason;

  constructor(message: string, override readonly retryable: boolean, options: ErrorOptions & { readonly reason?: UnavailableReason } = {}) {
    super(message, options);
    this.reason = options.reason ?? 'rejected';
  }
}

/** A request waited as long as it may, and a limit was still short. Nothing was taken. `cause` is the last refusal. */
export class WaitTimeoutError extends ZaeLimiterError {
  readonly code = 'WAIT_TIMEOUT';
  override readonly retryable = true;

  /**
   * @param queuedMs milliseconds that the request waited
   * @param position requests of this process for the same bucket that were before it when it gave up
   */
  constructor(readonly queuedMs: number, readonly position: number, override readonly cause: RateLimitExceededError) {
    super(`gave up after waiting ${queuedMs} ms: ${cause.message}`, { cause });
  }
}

/** The table does not exist. Deploy the construct; the client never creates infrastructure. */
export class InfrastructureNotFoundError extends ZaeLimiterError {
  readonly code = 'INFRASTRUCTURE_NOT_FOUND';

  constructor(readonly tableName: string, options?: ErrorOptions) {
    super(`table '${tableName}' does not exist; deploy a ZaeLimiter with this limiterName, or check the region and ZAEL_STACK`, options);
  }
}

/** The namespace is not registered in the table, or was deleted. */
export class NamespaceNotFoundError extends ZaeLimiterError {
  readonly code = 'NAMESPACE_NOT_FOUND';

  constructor(readonly namespace: string, tableName: string) {
    super(`namespace '${namespace}' is not registered in table '${tableName}'; add it to the construct's 'namespaces'`);
  }
}

/** The namespace is in a state in which this cannot be done, for example active when it should be purged. Nothing was changed. */
export class NamespaceStateError extends ZaeLimiterError {
  readonly code = 'NAMESPACE_STATE';

  /**
   * @param namespace name or id, as the caller gave it
   * @param state     `active`, `deleted` or `purging`
   * @param problem   what is in the way, to follow the namespace: "is active; delete it first"
   */
  constructor(readonly namespace: string, readonly state: string, problem: string) {
    super(`namespace '${namespace}' ${problem}`);
  }
}

/** There is no record of this entity. Its limits and buckets may exist all the same. */
export class EntityNotFoundError extends ZaeLimiterError {
  readonly code = 'ENTITY_NOT_FOUND';

  constructor(readonly entity: string) {
    super(`entity '${entity}' does not exist; create it first`);
  }
}

/** There is a record of this entity already. Nothing was changed. */
export class EntityExistsError extends ZaeLimiterError {
  readonly code = 'ENTITY_EXISTS';

  constructor(readonly entity: string) {
    super(`entity '${entity}' exists already; update it instead`);
  }
}

/** The table was written by a version of the schema that this client does not speak, or never bootstrapped. */
export class IncompatibleSchemaError extends ZaeLimiterError {
  readonly code = 'INCOMPATIBLE_SCHEMA';

  constructor(readonly clientVersion: string, readonly schemaVersion: string | undefined) {
    super(schemaVersion === undefined
      ? `the table has no version record; deploy the construct, which writes it (this client speaks schema ${clientVersion})`
      : `the table has schema ${schemaVersion}, this program speaks schema ${clientVersion}; use a version of it that speaks the table's`);
  }
}

/** The table asks for a newer client than this one. */
export class VersionMismatchError extends ZaeLimiterError {
  readonly code = 'VERSION_MISMATCH';

  constructor(readonly clientVersion: string, readonly minimumVersion: string) {
    super(`the table needs clients of schema ${minimumVersion} or newer, this client speaks schema ${clientVersion}; upgrade the client`);
  }
}

/** An item of the table does not follow the schema, for example a number with a fraction. */
export class CorruptRecordError extends ZaeLimiterError {
  readonly code = 'CORRUPT_RECORD';

  constructor(readonly attribute: string, readonly value: unknown, rule: string) {
    super(`attribute '${attribute}' ${rule}, found ${shown(value)}`);
  }
}

/** Which rule a value broke. */
export type ValidationReason =
  | 'type' | 'empty' | 'too_long' | 'hash' | 'reserved' | 'pattern' | 'underscore' | 'period' | 'space'
  | 'not_an_integer' | 'not_positive' | 'negative' | 'too_large' | 'too_short' | 'format' | 'unknown' | 'missing' | 'duplicate';

/** A value given by the caller breaks a rule. Nothing was read or written for it. */
export class ValidationError extends ZaeLimiterError {
  readonly code: ErrorCode = 'VALIDATION_FAILED';
  /** The value as text, cut after 50 characters. */
  readonly value: string;

  /**
   * @param field  name of the parameter, for example `consume.rpm`
   * @param value  what the caller gave
   * @param reason the rule that it broke
   * @param rule   the rule in words, to follow the field's name: "must be an integer"
   */
  constructor(readonly field: string, value: unknown, readonly reason: ValidationReason, readonly rule: string) {
    super(`${field} ${rule}, got ${shown(value)}`);
    this.value = cut(typeof value === 'string' ? value : String(value));
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), field: this.field, value: this.value, reason: this.reason };
  }
}

/** An entity id, resource or other identifier is not valid. */
export class InvalidIdentifierError extends ValidationError {
  override readonly code = 'INVALID_IDENTIFIER';
}

/** A limit name is not valid. */
export class InvalidNameError extends ValidationError {
  override readonly code = 'INVALID_NAME';
}

/** The request names a limit that is not configured for this entity and resource. */
export class UnknownLimitError extends ValidationError {
  override readonly code = 'UNKNOWN_LIMIT';

  constructor(name: string, configured: readonly string[]) {
    super(`consume.${name}`, name, 'unknown', `is not a configured limit (configured: ${configured.join(', ')})`);
  }
}

/** No limits are stored at any of the four levels, and the request brought none. */
export class NoLimitsConfiguredError extends ValidationError {
  override readonly code = 'NO_LIMITS_CONFIGURED';

  constructor(entity: string, resource: string) {
    super('limits', `${entity} on ${resource}`, 'missing',
      'must be stored for the entity, the resource or the system, or be given in the request');
  }
}

/** One rule that a limits manifest breaks. */
export interface ManifestProblem {
  /** Keys from the top, joined by dots; empty for the manifest itself. */
  readonly path: string;
  /** See docs/reference/manifest.md. */
  readonly code: string;
}

/** A limits manifest is not valid. Nothing was changed. */
export class ManifestError extends ZaeLimiterError {
  readonly code = 'INVALID_MANIFEST';

  /** @param problems everything that is wrong, in the order of the document */
  constructor(readonly problems: readonly ManifestProblem[]) {
    const shownProblems = problems.slice(0, SHOWN_PROBLEMS).map(({ path, code }) => `${path || 'manifest'} ${code}`);
    const more = problems.length - shownProblems.length;
    super(`the limits manifest is not valid: ${shownProblems.join(', ')}${more > 0 ? ` and ${more} more` : ''}`);
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), problems: this.problems };
  }
}

/** Somebody else manages limits of the namespace. Nothing was changed. */
export class LimitsOwnedError extends ZaeLimiterError {
  readonly code = 'LIMITS_OWNED';

  /**
   * @param owner who manages them: `cli`, or a custom resource as `{stack id}|{logical id}`
   * @param other who wanted to
   */
  constructor(readonly owner: string, other: string) {
    super(`limits of this namespace are managed by '${owner}', not by '${other}'; remove them there first, or adopt them`);
  }
}

const SHOWN_PROBLEMS = 5;
const VALUE_LENGTH = 50;

function cut(text: string): string {
  return text.length > VALUE_LENGTH ? `${text.slice(0, VALUE_LENGTH)}...` : text;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `'${cut(value)}'` : cut(String(value));
}

import { InvalidIdentifierError, InvalidNameError, ValidationError, type ValidationReason } from './errors.js';

/** Entity id under which an entity's limits for all resources are stored, and the only resource name allowed to start with `_`. */
export const DEFAULT_RESOURCE = '_default_';
/** Internal limit that Python clients use to notice a hot partition. Never a user's limit. */
export const WCU_LIMIT = 'wcu';
/** Namespace id of records that belong to the whole table. */
export const TABLE_NAMESPACE = '_';

// `$` without the `m` flag matches only at the very end in JavaScript, so a trailing newline is refused (Python's accepts one).
const ENTITY = /^[a-zA-Z0-9][a-zA-Z0-9_.\-:@]*$/;
const LIMIT_NAME = /^[a-zA-Z][a-zA-Z0-9_.-]*$/;
const RESOURCE = /^[a-zA-Z][a-zA-Z0-9_.\-/]*$/;
const LIMITER_NAME = /^[A-Za-z][A-Za-z0-9-]*$/;

type ErrorClass = new (field: string, value: unknown, reason: ValidationReason, rule: string) => ValidationError;

interface Rules {
  readonly max: number;
  readonly error: ErrorClass;
  readonly pattern?: RegExp;
  /** What the pattern says, in words. */
  readonly says?: string;
  readonly reserved?: string;
}

function check(field: string, value: string, { max, error: Failure, pattern, says, reserved }: Rules): void {
  if (typeof value !== 'string') throw new Failure(field, value, 'type', 'must be a string');
  if (value === '') throw new Failure(field, value, 'empty', 'must not be empty');
  if (value.length > max) throw new Failure(field, value, 'too_long', `must have at most ${max} characters`);
  if (value.includes('#')) throw new Failure(field, value, 'hash', "must not contain '#'");
  if (value === reserved) throw new Failure(field, value, 'reserved', 'is reserved for internal use');
  if (pattern !== undefined && !pattern.test(value)) throw new Failure(field, value, 'pattern', `must ${says}`);
}

/** Checks who is limited: a user, key or tenant. Up to 256 characters. */
export function checkEntityId(value: string, field = 'entity'): void {
  check(field, value, {
    max: 256, error: InvalidIdentifierError, pattern: ENTITY, says: 'start with a letter or digit and hold only letters, digits and _ . - : @',
  });
}

/** Checks who made an administrative change. IAM ARNs pass unchecked, and so do provisioners, which are named after their stack. */
export function checkPrincipal(value: string): void {
  if (typeof value === 'string' && /^(arn|provisioner):/.test(value)) return;
  checkEntityId(value, 'principal');
}

/** Checks what is protected: a model, route or job. Up to 64 characters, slashes allowed. */
export function checkResource(value: string): void {
  check('resource', value, {
    max: 64, error: InvalidIdentifierError, pattern: RESOURCE, says: 'start with a letter and hold only letters, digits and _ . - /',
  });
}

/** Checks the name of a limit. Up to 64 characters; `wcu` is reserved. */
export function checkLimitName(value: string, field = 'name'): void {
  check(field, value, {
    max: 64, error: InvalidNameError, pattern: LIMIT_NAME, reserved: WCU_LIMIT, says: 'start with a letter and hold only letters, digits and _ . -',
  });
}

/** Checks a namespace name. Up to 128 characters; `_` is reserved. */
export function checkNamespace(value: string): void {
  check('namespace', value, { max: 128, error: ValidationError, reserved: TABLE_NAMESPACE });
}

/** Checks a limiter's name, which is its table's name: 3 to 55 characters. */
export function checkLimiterName(value: string): void {
  const fail = (reason: ValidationReason, rule: string): never => {
    throw new ValidationError('name', value, reason, rule);
  };
  if (typeof value !== 'string') fail('type', 'must be a string');
  if (value === '') fail('empty', 'must not be empty');
  if (value.includes('_')) fail('underscore', 'must use hyphens, not underscores');
  if (value.includes('.')) fail('period', 'must use hyphens, not periods');
  if (value.includes(' ')) fail('space', 'must use hyphens, not spaces');
  if (!LIMITER_NAME.test(value)) fail('pattern', 'must start with a letter and hold only letters, digits and hyphens');
  if (value.length > 55) fail('too_long', 'must have at most 55 characters');
  if (value.length < 3) fail('too_short', 'must have at least 3 characters');
}

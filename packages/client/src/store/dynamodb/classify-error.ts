import { InfrastructureNotFoundError, LimiterUnavailableError, ZaeLimiterError, type UnavailableReason } from '../../core/errors.js';

/** Names of service errors that pass by themselves. */
const TRANSIENT_ERRORS: ReadonlySet<string> = new Set([
  'InternalServerError', 'LimitExceededException', 'ProvisionedThroughputExceededException', 'RequestLimitExceeded',
  'ServiceUnavailable', 'ServiceUnavailableException', 'ThrottlingException', 'TransactionConflictException',
  'TransactionInProgressException', 'AbortError', 'TimeoutError', 'RequestTimeout', 'RequestTimeoutException',
  'SyntaxError', // an answer that cannot be read
]);

/** Codes of Node.js for a connection that failed. */
const NETWORK_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'EPIPE', 'ETIMEDOUT',
]);

interface SdkErrorShape {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $fault?: 'client' | 'server';
  readonly $retryable?: object;
}

/** True when the same call may succeed later. */
export function isTransient(error: unknown): boolean {
  const { name = '', code = '', $fault, $retryable } = (error ?? {}) as SdkErrorShape;
  return TRANSIENT_ERRORS.has(name) || NETWORK_CODES.has(code) || $fault === 'server' || $retryable !== undefined;
}

/** What an error says about a write that it answers. */
export function reasonOf(error: unknown): UnavailableReason {
  const { name = '' } = (error ?? {}) as SdkErrorShape;
  if (THROTTLES.has(name)) return 'throttled';
  if (name === 'TransactionConflictException') return 'conflict';
  return isTransient(error) ? 'unanswered' : 'rejected';
}

/** DynamoDB refused before it did anything. */
const THROTTLES: ReadonlySet<string> = new Set(['ProvisionedThroughputExceededException', 'RequestLimitExceeded', 'ThrottlingException']);

/** Turns what the SDK threw into one of this client's errors; the SDK's error is kept as `cause`. */
export function classifyError(error: unknown, tableName: string): ZaeLimiterError {
  if (ZaeLimiterError.is(error)) return error;
  const { name, message } = (error ?? {}) as SdkErrorShape;
  if (name === 'ResourceNotFoundException') return new InfrastructureNotFoundError(tableName, { cause: error });
  return new LimiterUnavailableError(`table '${tableName}' did not answer: ${name}: ${message}`, isTransient(error), { cause: error, reason: reasonOf(error) });
}

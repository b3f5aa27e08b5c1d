import {
  CorruptRecordError, EntityExistsError, EntityNotFoundError, IncompatibleSchemaError, InfrastructureNotFoundError, InvalidIdentifierError,
  InvalidNameError, isRateLimited, LeaseExpiredError, LimiterUnavailableError, NamespaceNotFoundError, NamespaceStateError, NoLimitsConfiguredError,
  RateLimitExceededError, UnknownLimitError, ValidationError, VersionMismatchError, WaitTimeoutError, ZaeLimiterError,
} from '@zae-limiter/client/core/errors';
import type { LimitView } from '@zae-limiter/client/core/limit-view';

const view = (name: string, changes: Partial<LimitView> = {}): LimitView => ({
  name, entity: 'user-1', resource: 'gpt-4', capacity: 100, refill: { amount: 100, periodMs: 60_000 }, remaining: 0, requested: 10,
  exceeded: true, retryAfterMs: 0, resetMs: 60_000, source: 'system', ...changes,
});

describe('RateLimitExceededError', () => {
  test('names the violation with the longest wait', () => {
    const error = new RateLimitExceededError([view('rpm', { retryAfterMs: 500 }), view('ok', { exceeded: false }), view('tpm', { retryAfterMs: 6001 })]);

    expect(error.primary.name).toBe('tpm');
    expect(error.violations.map(({ name }) => name)).toEqual(['tpm', 'rpm']);
    expect(error.passed.map(({ name }) => name)).toEqual(['ok']);
    expect(error.retryAfterMs).toBe(6001);
    expect(error.retryable).toBe(true);
    expect(error.message).toBe("limit 'tpm' of entity 'user-1' on resource 'gpt-4' exceeded: requested 10, available 0, retry after 6001 ms");
  });

  test.each([[0, '0'], [1, '1'], [1000, '1'], [1001, '2'], [3000, '3']])('W45: a wait of %i ms is a Retry-After of %s', (retryAfterMs, header) => {
    expect(new RateLimitExceededError([view('rpm', { retryAfterMs })]).retryAfterHeader).toBe(header);
  });

  test('W45: gives no retry time for a request that can never pass', () => {
    const error = new RateLimitExceededError([view('rpm', { retryAfterMs: 5 }), view('tpm', { retryAfterMs: undefined, requested: 101 })]);

    expect(error.unsatisfiable).toBe(true);
    expect(error.retryable).toBe(false);
    expect(error.retryAfterHeader).toBeUndefined();
    expect(error.message).toBe("limit 'tpm' of entity 'user-1' on resource 'gpt-4' can never allow 101: its capacity is 100");
    expect(error.toJSON()).toMatchObject({ retry_after_seconds: null, retry_after_ms: null });
  });

  test('its body is that of the Python library', () => {
    expect(JSON.parse(JSON.stringify(new RateLimitExceededError([view('rpm', { retryAfterMs: 1500 })])))).toEqual({
      error: 'rate_limit_exceeded',
      message: expect.any(String),
      retry_after_seconds: 1.5,
      retry_after_ms: 1500,
      limits: [{
        entity_id: 'user-1', resource: 'gpt-4', limit_name: 'rpm', capacity: 100, refill_amount: 100, refill_period_seconds: 60,
        available: 0, requested: 10, exceeded: true, retry_after_seconds: 1.5,
      }],
    });
  });

  test('is a response of its own', async () => {
    const error = new RateLimitExceededError([view('rpm', { retryAfterMs: 1500 })]);
    const response = error.toResponse();

    expect([response.status, response.headers.get('Retry-After'), response.headers.get('Content-Type')]).toEqual([429, '2', 'application/json']);
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(error)));
  });

  test('has no Retry-After when waiting does not help', () => {
    expect(new RateLimitExceededError([view('rpm', { retryAfterMs: undefined })]).headers()).toEqual({});
  });

  test('is a problem of RFC 9457 too', () => {
    const error = new RateLimitExceededError([view('rpm', { retryAfterMs: 1500 })]);

    expect(error.toProblem()).toEqual({
      type: 'about:blank', title: 'Too Many Requests', status: 429, detail: error.message, retry_after_seconds: 1.5, retry_after_ms: 1500,
      limits: error.toJSON().limits,
    });
  });

  test('cannot be made of limits that were not exceeded', () => {
    expect(() => new RateLimitExceededError([view('rpm', { exceeded: false })])).toThrow(TypeError);
  });
});

describe('ZaeLimiterError', () => {
  test('is recognised when another copy of the package threw it', () => {
    const foreign = Object.assign(new Error('from elsewhere'), { code: 'RATE_LIMITED', [Symbol.for('zae-limiter.error')]: true });

    expect(ZaeLimiterError.is(foreign)).toBe(true);
    expect(isRateLimited(foreign)).toBe(true);
  });

  test.each([new Error('x'), 'text', undefined, { code: 'RATE_LIMITED' }])('is not %p', (value) => {
    expect(ZaeLimiterError.is(value)).toBe(false);
    expect(isRateLimited(value)).toBe(false);
  });

  test('carries its name, code and message as JSON', () => {
    const error = new LeaseExpiredError('too late');

    expect(error.name).toBe('LeaseExpiredError');
    expect(error.toJSON()).toEqual({ error: 'lease_expired', message: 'too late' });
    expect(isRateLimited(error)).toBe(false);
  });
});

describe('ValidationError', () => {
  test('names the field, the rule and the value, cut to fifty characters', () => {
    const error = new ValidationError('entity', 'x'.repeat(60), 'too_long', 'must be short');

    expect(error.message).toBe(`entity must be short, got '${'x'.repeat(50)}...'`);
    expect(error.toJSON()).toEqual({
      error: 'validation_failed', message: error.message, field: 'entity', value: `${'x'.repeat(50)}...`, reason: 'too_long',
    });
  });

  test('shows what is no text as it is', () => {
    expect(new ValidationError('consume.rpm', -1, 'negative', 'must not be negative').message).toBe('consume.rpm must not be negative, got -1');
  });
});

describe('an error', () => {
  const refusal = new RateLimitExceededError([view('rpm', { retryAfterMs: 500 })]);

  test.each<[ZaeLimiterError, string, boolean, string]>([
    [new LimiterUnavailableError('no answer', true), 'UNAVAILABLE', true, 'no answer'],
    [new LimiterUnavailableError('no permission', false), 'UNAVAILABLE', false, 'no permission'],
    [new WaitTimeoutError(250, 3, refusal), 'WAIT_TIMEOUT', true, `gave up after waiting 250 ms: ${refusal.message}`],
    [new InfrastructureNotFoundError('my-table'), 'INFRASTRUCTURE_NOT_FOUND', false,
      "table 'my-table' does not exist; deploy a ZaeLimiter with this limiterName, or check the region and ZAEL_STACK"],
    [new NamespaceNotFoundError('prod', 'my-table'), 'NAMESPACE_NOT_FOUND', false,
      "namespace 'prod' is not registered in table 'my-table'; add it to the construct's 'namespaces'"],
    [new NamespaceStateError('prod', 'active', 'is active; delete it first'), 'NAMESPACE_STATE', false, "namespace 'prod' is active; delete it first"],
    [new EntityNotFoundError('user-1'), 'ENTITY_NOT_FOUND', false, "entity 'user-1' does not exist; create it first"],
    [new EntityExistsError('user-1'), 'ENTITY_EXISTS', false, "entity 'user-1' exists already; update it instead"],
    [new IncompatibleSchemaError('0.10.0', undefined), 'INCOMPATIBLE_SCHEMA', false,
      'the table has no version record; deploy the construct, which writes it (this client speaks schema 0.10.0)'],
    [new IncompatibleSchemaError('0.10.0', '1.0.0'), 'INCOMPATIBLE_SCHEMA', false,
      "the table has schema 1.0.0, this program speaks schema 0.10.0; use a version of it that speaks the table's"],
    [new VersionMismatchError('0.10.0', '0.11.0'), 'VERSION_MISMATCH', false,
      'the table needs clients of schema 0.11.0 or newer, this client speaks schema 0.10.0; upgrade the client'],
    [new CorruptRecordError('rf', '1.5', 'must be an integer'), 'CORRUPT_RECORD', false, "attribute 'rf' must be an integer, found '1.5'"],
    [new InvalidIdentifierError('entity', 'a#b', 'hash', "must not contain '#'"), 'INVALID_IDENTIFIER', false, "entity must not contain '#', got 'a#b'"],
    [new InvalidNameError('name', '', 'empty', 'must not be empty'), 'INVALID_NAME', false, "name must not be empty, got ''"],
    [new UnknownLimitError('rpm', ['tpm', 'rpd']), 'UNKNOWN_LIMIT', false, "consume.rpm is not a configured limit (configured: tpm, rpd), got 'rpm'"],
    [new NoLimitsConfiguredError('user-1', 'gpt-4'), 'NO_LIMITS_CONFIGURED', false,
      "limits must be stored for the entity, the resource or the system, or be given in the request, got 'user-1 on gpt-4'"],
  ])('%p has the code %s, says whether it is worth another try (%p), and what is wrong', (error, code, retryable, message) => {
    expect({ code: error.code, retryable: error.retryable, message: error.message }).toEqual({ code, retryable, message });
    expect(error.name).toBe(error.constructor.name);
    expect(ZaeLimiterError.is(error)).toBe(true);
  });

  test('of an outage says why, and is one whichever copy of the package threw it', () => {
    const cause = new Error('from the SDK');
    const outage = new LimiterUnavailableError('busy', true, { reason: 'throttled', cause });

    expect([outage.reason, outage.cause]).toEqual(['throttled', cause]);
    expect(new LimiterUnavailableError('no', false).reason).toBe('rejected');
    expect(LimiterUnavailableError.is(outage)).toBe(true);
    expect([LimiterUnavailableError.is(refusal), LimiterUnavailableError.is(new Error('UNAVAILABLE'))]).toEqual([false, false]);
  });

  test('of a request that waited in vain says how long, behind how many, and what refused it last', () => {
    expect(new WaitTimeoutError(250, 3, refusal)).toMatchObject({ queuedMs: 250, position: 3, cause: refusal });
  });

  test.each<[ZaeLimiterError, object]>([
    [new InfrastructureNotFoundError('my-table', { cause: 'x' }), { tableName: 'my-table', cause: 'x' }],
    [new NamespaceNotFoundError('prod', 'my-table'), { namespace: 'prod' }],
    [new NamespaceStateError('prod', 'active', 'is active'), { namespace: 'prod', state: 'active' }],
    [new EntityNotFoundError('user-1'), { entity: 'user-1' }],
    [new EntityExistsError('user-1'), { entity: 'user-1' }],
    [new IncompatibleSchemaError('0.10.0', '1.0.0'), { clientVersion: '0.10.0', schemaVersion: '1.0.0' }],
    [new VersionMismatchError('0.10.0', '0.11.0'), { clientVersion: '0.10.0', minimumVersion: '0.11.0' }],
    [new CorruptRecordError('rf', '1.5', 'must be an integer'), { attribute: 'rf', value: '1.5' }],
    [new UnknownLimitError('rpm', []), { field: 'consume.rpm', value: 'rpm', reason: 'unknown' }],
    [new NoLimitsConfiguredError('user-1', 'gpt-4'), { field: 'limits', value: 'user-1 on gpt-4', reason: 'missing' }],
  ])('%p carries what it is about', (error, fields) => {
    expect(error).toMatchObject(fields);
  });
});

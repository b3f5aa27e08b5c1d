import * as client from '@zae-limiter/client';
import { App, Stack } from 'aws-cdk-lib';
import { checkLimiterName, checkNamespace } from '@zae-limiter/client/core/identifiers';
import { SK } from '@zae-limiter/client/schema/keys';
import * as clientSchema from '@zae-limiter/client/schema/table';
import errors from '../spec/errors.json';
import table from '../spec/table.json';
import { ZaeLimiter } from '../src';
import * as librarySchema from '../src/private/table-schema';

const globalIndexes = table.globalIndexes.map(({ holds, ...index }) => index);

describe('spec/table.json', () => {
  test('is what the construct library deploys', () => {
    expect(librarySchema).toEqual({
      SCHEMA_VERSION: table.schemaVersion,
      PARTITION_KEY: table.partitionKey,
      SORT_KEY: table.sortKey,
      TTL_ATTRIBUTE: table.ttlAttribute,
      BUCKET_SORT_KEY: table.bucketSortKey,
      GLOBAL_INDEXES: globalIndexes,
      RESERVED_LOCAL_INDEXES: table.reservedLocalIndexes,
    });
  });

  test('is what the client reads and writes', () => {
    const { SCHEMA_VERSION, PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE, GSI1, GSI2, GSI3, GSI4 } = clientSchema;

    expect({ SCHEMA_VERSION, PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE, indexes: [GSI1, GSI2, GSI3, GSI4], bucket: SK.bucket }).toEqual({
      SCHEMA_VERSION: table.schemaVersion,
      PARTITION_KEY: table.partitionKey,
      SORT_KEY: table.sortKey,
      TTL_ATTRIBUTE: table.ttlAttribute,
      indexes: globalIndexes,
      bucket: table.bucketSortKey,
    });
  });
});

describe('spec/errors.json', () => {
  type Instances = { [Code in client.ErrorCode]: () => client.ZaeLimiterError };

  const short: client.LimitView = {
    entity: 'user-1', resource: 'gpt-4', name: 'rpm', capacity: 10, refill: { amount: 10, periodMs: 60_000 }, source: 'system',
    requested: 2, remaining: 1, exceeded: true, retryAfterMs: 6000, resetMs: 54_000,
  };

  const INSTANCES: Instances = {
    RATE_LIMITED: () => new client.RateLimitExceededError([short]),
    LEASE_EXPIRED: () => new client.LeaseExpiredError('closed'),
    WAIT_TIMEOUT: () => new client.WaitTimeoutError(100, 0, new client.RateLimitExceededError([short])),
    UNAVAILABLE: () => new client.LimiterUnavailableError('timeout', true),
    INFRASTRUCTURE_NOT_FOUND: () => new client.InfrastructureNotFoundError('prod'),
    NAMESPACE_NOT_FOUND: () => new client.NamespaceNotFoundError('default', 'prod'),
    NAMESPACE_STATE: () => new client.NamespaceStateError('default', 'active', 'is active; delete it first'),
    ENTITY_NOT_FOUND: () => new client.EntityNotFoundError('user-1'),
    ENTITY_EXISTS: () => new client.EntityExistsError('user-1'),
    INCOMPATIBLE_SCHEMA: () => new client.IncompatibleSchemaError('0.10.0', '1.0.0'),
    VERSION_MISMATCH: () => new client.VersionMismatchError('0.10.0', '0.11.0'),
    CORRUPT_RECORD: () => new client.CorruptRecordError('b_rpm_tk', '1.5', 'must be an integer'),
    VALIDATION_FAILED: () => new client.ValidationError('limits', '[]', 'empty', 'must hold at least one limit'),
    INVALID_IDENTIFIER: () => new client.InvalidIdentifierError('entity', '', 'empty', 'must not be empty'),
    INVALID_NAME: () => new client.InvalidNameError('name', '', 'empty', 'must not be empty'),
    UNKNOWN_LIMIT: () => new client.UnknownLimitError('rpd', ['rpm']),
    NO_LIMITS_CONFIGURED: () => new client.NoLimitsConfiguredError('user-1', 'gpt-4'),
    INVALID_MANIFEST: () => new client.ManifestError([{ path: 'namespace', code: 'REQUIRED' }]),
    LIMITS_OWNED: () => new client.LimitsOwnedError('cli', 'stack|Limits'),
  };
  const exported = client as unknown as Record<string, unknown>;

  test('lists every code of the client and no other', () => {
    expect(Object.keys(errors).sort()).toEqual(Object.keys(INSTANCES).sort());
  });

  test.each(Object.entries(errors) as [client.ErrorCode, { class: string; retryable: string }][])(
    '%s is the code of the class that it names', (code, { class: name, retryable }) => {
      const error = INSTANCES[code]();

      expect(error.constructor).toBe(exported[name]);
      expect(error).toMatchObject({ code, name, retryable: retryable !== 'no' });
      expect(client.ZaeLimiterError.is(error)).toBe(true);
    });

  test('lists every class that the client throws', () => {
    const thrown = Object.values(exported).filter((value): value is new () => client.ZaeLimiterError =>
      typeof value === 'function' && value.prototype instanceof client.ZaeLimiterError);

    expect(thrown.map(({ name }) => name).sort()).toEqual(Object.values(errors).map((entry) => entry.class).sort());
  });
});

describe('names', () => {
  const isAccepted = (use: () => unknown): boolean => {
    try {
      use();
      return true;
    } catch {
      return false;
    }
  };
  const limiter = (props: object) => new ZaeLimiter(new Stack(new App(), 'app'), 'Limiter', props);
  const withoutFunctions = { aggregator: { enabled: false }, provisioner: { enabled: false } };

  test.each(['', 'ab', 'abc', 'a-1', '-ab', '1ab', 'a_b', 'a.b', 'a b', 'äbc', 'abc\n', 'n'.repeat(55), 'n'.repeat(56)])(
    'the client opens the limiter %j exactly if it can be deployed', (limiterName) => {
      expect(isAccepted(() => checkLimiterName(limiterName))).toBe(isAccepted(() => limiter({ ...withoutFunctions, limiterName })));
    });

  test.each(['', '_', '__', 'a', 'a#b', 'a b', 'tenant/1', 'ä', 'n'.repeat(128), 'n'.repeat(129)])(
    'the client opens the namespace %j exactly if it can be registered', (namespace) => {
      expect(isAccepted(() => checkNamespace(namespace))).toBe(isAccepted(() => limiter({ namespaces: [namespace] })));
    });
});

import { Registry } from '@zae-limiter/client/admin/registry';
import type { Clock } from '@zae-limiter/client/core/clock';
import { ValidationError } from '@zae-limiter/client/core/errors';
import { checkNamespace } from '@zae-limiter/client/core/identifiers';
import { SCHEMA_VERSION } from '@zae-limiter/client/schema/table';
import type { Store } from '@zae-limiter/client/store/store';

/** Properties of `Custom::ZaeLimiterBootstrap`. CloudFormation delivers numbers as text. */
export interface BootstrapProperties {
  readonly SchemaVersion: string;
  /** Version of the construct library that deploys. */
  readonly LibraryVersion: string;
  readonly AuditRetentionDays: string;
  readonly Namespaces: readonly string[];
}

/**
 * Makes a new table usable: version record, namespaces, audit retention. What is there already stays, so it may run
 * again with every deployment, also on a table in use.
 *
 * @returns attributes of the resource
 */
export async function bootstrap(store: Store, clock: Clock, properties: BootstrapProperties): Promise<Record<string, string>> {
  const { schemaVersion, libraryVersion, auditRetentionDays, namespaces } = check(properties);
  const registry = new Registry(store, clock);
  await registry.recordVersion(schemaVersion, `cdk:${libraryVersion}`);
  for (const name of namespaces) {
    await registry.setAuditRetention(await registry.registerNamespace(name), auditRetentionDays);
  }
  return { SchemaVersion: schemaVersion };
}

/** All properties are checked before anything is written. */
function check({ SchemaVersion, LibraryVersion, AuditRetentionDays, Namespaces }: BootstrapProperties) {
  if (SchemaVersion !== SCHEMA_VERSION) {
    throw new ValidationError('SchemaVersion', SchemaVersion, 'unknown', `must be ${SCHEMA_VERSION}, which this function writes`);
  }
  if (typeof LibraryVersion !== 'string') throw new ValidationError('LibraryVersion', LibraryVersion, 'type', 'must be text');
  const auditRetentionDays = readDays(AuditRetentionDays);
  if (!Array.isArray(Namespaces)) throw new ValidationError('Namespaces', Namespaces, 'type', 'must be a list');
  Namespaces.forEach((name: string) => checkNamespace(name));
  return { schemaVersion: SchemaVersion, libraryVersion: LibraryVersion, auditRetentionDays, namespaces: Namespaces as readonly string[] };
}

/** CloudFormation delivers numbers as text. */
export function readDays(value: unknown): number {
  if (/^[1-9]\d{0,5}$/.test(String(value))) return Number(value);
  throw new ValidationError('AuditRetentionDays', value, 'not_positive', 'must be a whole number of days, at least 1');
}

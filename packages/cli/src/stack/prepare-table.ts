import { Registry, SCHEMA_VERSION } from '@zae-limiter/client';
import { systemClock } from '../system-clock.js';
import type { Connection } from '../table/connection.js';
import { version } from '../version.js';

/** Who says in a version record that this program wrote it; the construct says `cdk:`. */
export const WRITER = `cli:${version}`;

/**
 * Makes a new table usable, as the provisioner does it in a stack that has one: version record, namespace, audit retention.
 * What is there already stays. 4 writes.
 */
export async function prepareTable({ store }: Pick<Connection, 'store'>, auditRetentionDays: number): Promise<void> {
  const registry = new Registry(store, systemClock);
  await registry.recordVersion(SCHEMA_VERSION, WRITER);
  await registry.setAuditRetention(await registry.registerNamespace('default'), auditRetentionDays);
}

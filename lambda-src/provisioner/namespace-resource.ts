import type { CloudFormationCustomResourceDeleteEvent, CloudFormationCustomResourceEvent } from 'aws-lambda';
import { NamespacesAdmin } from '@zae-limiter/client/admin/namespaces';
import { Registry } from '@zae-limiter/client/admin/registry';
import { InfrastructureNotFoundError, NamespaceStateError, ValidationError } from '@zae-limiter/client/core/errors';
import { checkNamespace } from '@zae-limiter/client/core/identifiers';
import { readDays } from './bootstrap';
import { ownerOf, type Done } from './limits-resource';
import { checkTable, RequestError } from './request-error';
import type { Tools } from './tools';

/** Properties of `Custom::ZaeLimiterNamespace`. */
export interface NamespaceProperties {
  readonly TableName?: string;
  /** Name of the namespace. */
  readonly Namespace: string;
  /** What deleting the resource does; SOFT_DELETE can be undone with `recover`. @default RETAIN */
  readonly Removal?: 'RETAIN' | 'SOFT_DELETE';
  /** Days that audit events are kept. @default what it was, else 90 */
  readonly AuditRetentionDays?: string;
}

const physicalId = (tableName: string, name: string): string => `${tableName}/namespace/${name}`;

/**
 * Creates or updates `Custom::ZaeLimiterNamespace`: registers the namespace, or finds it when it is registered already.
 *
 * @throws {NamespaceStateError} there is a namespace of the name that is not active
 */
export async function registerNamespace(event: CloudFormationCustomResourceEvent, { store, clock }: Tools): Promise<Done> {
  const { TableName, Namespace: name, Removal = 'RETAIN', AuditRetentionDays } = event.ResourceProperties as unknown as NamespaceProperties;
  checkTable(TableName, store.tableName);
  checkNamespace(name);
  if (!['RETAIN', 'SOFT_DELETE'].includes(Removal)) throw new RequestError('INVALID_REQUEST', 'Removal must be RETAIN or SOFT_DELETE');
  const days = AuditRetentionDays === undefined ? undefined : readDays(AuditRetentionDays);
  const id = await new NamespacesAdmin({ store, clock, principal: `provisioner:${ownerOf(event)}` }).register(name);
  if (days !== undefined) await new Registry(store, clock).setAuditRetention(id, days);
  return { physicalResourceId: physicalId(store.tableName, name), data: { NamespaceId: id } };
}

/** Deletes `Custom::ZaeLimiterNamespace`: nothing, or the name of the namespace. Everything in it stays in either case. */
export async function removeNamespace(event: CloudFormationCustomResourceDeleteEvent, { store, clock }: Tools): Promise<Done> {
  const done = { physicalResourceId: event.PhysicalResourceId };
  const { Namespace: name, Removal } = event.ResourceProperties as unknown as NamespaceProperties;
  if (Removal !== 'SOFT_DELETE' || physicalId(store.tableName, name) !== event.PhysicalResourceId) return done;
  try {
    await new NamespacesAdmin({ store, clock, principal: `provisioner:${ownerOf(event)}` }).delete(name);
  } catch (error) {
    if (!GONE.some((type) => error instanceof type)) throw error;
  }
  return done;
}

/** Errors that say that nobody can open the namespace anyway. */
const GONE = [InfrastructureNotFoundError, NamespaceStateError, ValidationError];

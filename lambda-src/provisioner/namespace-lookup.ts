import { NamespacesAdmin } from '@zae-limiter/client/admin/namespaces';
import { NamespaceNotFoundError, NamespaceStateError } from '@zae-limiter/client/core/errors';
import { namespaceIdKey, parseNamespace } from '@zae-limiter/client/schema/namespace-item';
import { RequestError } from './request-error';
import type { Tools } from './tools';

/**
 * Finds a namespace by its name. 1 read, consistent.
 *
 * @param wantedId the id that it must have; any when undefined
 * @returns its id; undefined when it is not registered and nobody says which id it should have
 * @throws {NamespaceStateError} it is deleted or being purged
 * @throws {RequestError} NAMESPACE_MISMATCH: it has another id
 */
export async function findNamespace({ store, clock }: Tools, name: string, wantedId?: string): Promise<string | undefined> {
  const known = await new NamespacesAdmin({ store, clock }).get(name);
  if (known === undefined && wantedId !== undefined) throw new NamespaceNotFoundError(name, store.tableName);
  if (known !== undefined && known.status !== 'active') throw new NamespaceStateError(name, known.status, `is ${known.status}`);
  if (wantedId !== undefined && known?.id !== wantedId) {
    throw new RequestError('NAMESPACE_MISMATCH', `namespace '${name}' has the id '${known?.id}', not '${wantedId}'`);
  }
  return known?.id;
}

/** The name of an active namespace, by its id. 1 read, consistent. */
export async function namespaceName({ store }: Tools, id: string): Promise<string> {
  const record = await store.get(namespaceIdKey(id), { consistent: true });
  if (record === undefined) throw new NamespaceNotFoundError(id, store.tableName);
  const { name, status } = parseNamespace(record);
  if (status !== 'active') throw new NamespaceStateError(id, status, `is ${status}`);
  return name;
}

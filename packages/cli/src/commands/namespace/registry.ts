import { Type } from '@sinclair/typebox';
import type { Namespace, NamespacesAdmin, Store } from '@zae-limiter/client';
import { checkVersion, versionKey } from '@zae-limiter/client/admin';
import type { Context } from '../../context.js';
import { notFound, type CliError } from '../../errors.js';
import { nullable } from '../../output/schema.js';

/**
 * The namespaces of the limiter's table. 1 read.
 *
 * @throws {InfrastructureNotFoundError} there is no such table
 * @throws {IncompatibleSchemaError} the table has another major schema version, or none
 */
export async function openRegistry(context: Context): Promise<{ readonly store: Store; readonly namespaces: NamespacesAdmin }> {
  const { store, admin } = await context.table();
  checkVersion(await store.get(versionKey));
  return { store, namespaces: admin.namespaces };
}

export const NamespaceSchema = Type.Object({
  name: Type.String(),
  id: Type.String({ description: 'for `recover` and `purge`' }),
  status: Type.String({ description: 'active, deleted or purging' }),
  createdAt: nullable(Type.String({ description: 'ISO 8601' })),
  deletedAt: nullable(Type.String({ description: 'ISO 8601' })),
});

export const namespaceData = ({ name, id, status, createdAt, deletedAt }: Namespace): object =>
  ({ name, id, status, createdAt: createdAt ?? null, deletedAt: deletedAt ?? null });

/** The error for an id that no namespace has. */
export const noNamespaceWithId = (id: string): CliError =>
  notFound(`no namespace has the id '${id}', or it was purged`, 'zae-limiter namespace orphans   shows those that were deleted');

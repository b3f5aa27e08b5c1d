import type { CloudFormationCustomResourceDeleteEvent, CloudFormationCustomResourceEvent } from 'aws-lambda';
import { LimitsProvisioner, type Applied } from '@zae-limiter/client/admin/limits-provisioner';
import {
  InfrastructureNotFoundError, LimitsOwnedError, ManifestError, NamespaceNotFoundError, NamespaceStateError, ValidationError,
} from '@zae-limiter/client/core/errors';
import { normalizeManifest, type Manifest, type ManifestDeclaration } from '@zae-limiter/client/manifest/manifest';
import { manifestFromProperties } from '@zae-limiter/client/manifest/properties';
import { checkManifest, parseManifest } from '@zae-limiter/client/manifest/validate';
import type { CfnAnswer } from './cfn-response';
import { readManifestFile } from './manifest-file';
import { findNamespace } from './namespace-lookup';
import { checkTable, RequestError } from './request-error';
import type { Tools } from './tools';

/** What a resource answers when it was done. */
export type Done = Pick<CfnAnswer, 'physicalResourceId' | 'data'>;

type Properties = Readonly<Record<string, unknown>>;

/** Errors that the reason of a failure shows. */
const SHOWN_ERRORS = 5;

/** Who manages limits through this resource. The id of the stack tells two stacks of one name apart. */
export function ownerOf({ StackId, LogicalResourceId }: CloudFormationCustomResourceEvent): string {
  return `${StackId}|${LogicalResourceId}`;
}

const physicalId = (tableName: string, namespaceId: string): string => `${tableName}/${namespaceId}/limits-provisioner`;

/**
 * Creates or updates `Custom::ZaeLimiterLimits`: applies the manifest of its properties. Another namespace makes it
 * another resource, and CloudFormation then deletes the old one.
 *
 * @throws when anything could not be done; what could be done is recorded
 */
export async function applyLimits(event: CloudFormationCustomResourceEvent, tools: Tools): Promise<Done> {
  const { store, clock, signal } = tools;
  const properties: Properties = event.ResourceProperties;
  checkTable(properties.TableName, store.tableName);
  const adoptExisting = readFlag(properties, 'AdoptExisting');
  readFlag(properties, 'RetainOnDelete'); // a slip must show now, not when everything is deleted
  const wantedId = readId(properties);
  const manifest = await manifestOf(properties, tools);
  const namespaceId = await findNamespace(tools, manifest.namespace, wantedId);
  if (namespaceId === undefined) throw new NamespaceNotFoundError(manifest.namespace, store.tableName);
  const provisioner = new LimitsProvisioner({ store, namespaceId, clock });
  const applied = await provisioner.apply(manifest, { owner: ownerOf(event), adoptExisting, signal });
  refuseErrors(applied);
  return { physicalResourceId: physicalId(store.tableName, namespaceId), data: dataOf(applied, namespaceId) };
}

/**
 * Deletes `Custom::ZaeLimiterLimits`: removes the limits that it manages. Done already when somebody else manages them
 * (F-41), and when the namespace or the table is gone.
 *
 * @throws when limits could not be removed
 */
export async function deleteLimits(event: CloudFormationCustomResourceDeleteEvent, tools: Tools): Promise<Done> {
  const done = { physicalResourceId: event.PhysicalResourceId };
  if (readFlag(event.ResourceProperties, 'RetainOnDelete')) return releaseLimits(event, tools);
  try {
    const { Namespace: name = 'default' } = event.ResourceProperties as { readonly Namespace?: string };
    const namespaceId = await findNamespace(tools, name);
    // A namespace may have been registered anew under its old name; what the id names is what was created.
    if (namespaceId === undefined || physicalId(tools.store.tableName, namespaceId) !== event.PhysicalResourceId) return done;
    const provisioner = new LimitsProvisioner({ ...tools, namespaceId });
    refuseErrors(await provisioner.apply({ namespace: name }, { owner: ownerOf(event), signal: tools.signal }));
  } catch (error) {
    if (!NOTHING_TO_DELETE.some((type) => error instanceof type)) throw error;
  }
  return done;
}

/**
 * Ends a resource without removing its limits: one that retains them, and one whose creation failed, which may have died as
 * the owner of what it never finished. Otherwise the limits would belong to a stack that is gone.
 */
export async function releaseLimits(event: CloudFormationCustomResourceDeleteEvent, tools: Tools): Promise<Done> {
  const { Namespace: name = 'default' } = event.ResourceProperties as { readonly Namespace?: string };
  try {
    const namespaceId = await findNamespace(tools, name);
    if (namespaceId !== undefined) await new LimitsProvisioner({ ...tools, namespaceId }).release(ownerOf(event));
  } catch (error) {
    if (!NOTHING_TO_DELETE.some((type) => error instanceof type)) throw error;
  }
  return { physicalResourceId: event.PhysicalResourceId };
}

/** Errors that say that there is nothing of the resource: no namespace can have a name that is not valid. */
const NOTHING_TO_DELETE = [InfrastructureNotFoundError, LimitsOwnedError, NamespaceStateError, ValidationError];

async function manifestOf(properties: Properties, { readObject }: Tools): Promise<Manifest> {
  const { ManifestLocation: location } = properties;
  const { manifest, problems } = manifestFromProperties(properties);
  const all = [...problems, ...checkManifest(manifest)];
  if (all.length > 0) throw new ManifestError(all);
  const inline = normalizeManifest(manifest as ManifestDeclaration);
  if (location === undefined) return inline;
  if (Object.keys(inline).length > 1) {
    throw new RequestError('INVALID_REQUEST', 'ManifestLocation stands instead of System, Resources and Entities');
  }
  const file = parseManifest(await readManifestFile(readObject, readLocation(location)));
  if (file.namespace !== inline.namespace) {
    throw new RequestError('NAMESPACE_MISMATCH', `the manifest is for namespace '${file.namespace}', the resource for '${inline.namespace}'`);
  }
  return file;
}

function readLocation(value: unknown): { bucket: string; key: string; sha256: string } {
  const { Bucket: bucket, Key: key, Sha256: sha256 } = (value ?? {}) as Properties;
  const isText = (part: unknown): part is string => typeof part === 'string' && part !== '';
  if (isText(bucket) && isText(key) && isText(sha256)) return { bucket, key, sha256 };
  throw new RequestError('INVALID_REQUEST', 'ManifestLocation must have Bucket, Key and Sha256 as text');
}

/** CloudFormation delivers booleans as text. */
function readFlag(properties: Properties, name: string): boolean {
  const value = properties[name] ?? false;
  if (!['true', 'false'].includes(String(value))) throw new RequestError('INVALID_REQUEST', `${name} must be true or false`);
  return String(value) === 'true';
}

function readId({ NamespaceId: id }: Properties): string | undefined {
  if (id === undefined || (typeof id === 'string' && id !== '')) return id;
  throw new RequestError('INVALID_REQUEST', 'NamespaceId must be text, and not empty');
}

function refuseErrors({ errors, changes }: Applied): void {
  if (errors.length === 0) return;
  const more = errors.length > SHOWN_ERRORS ? `; and ${errors.length - SHOWN_ERRORS} more` : '';
  throw new Error(`${errors.length} of ${changes.length} changes failed: ${errors.slice(0, SHOWN_ERRORS).join('; ')}${more}`);
}

/** Counts and no list: CloudFormation takes 4096 bytes (F-14). */
function dataOf({ hash, created, updated, deleted, unchanged }: Applied, namespaceId: string): Record<string, string> {
  const counts = { Created: String(created), Updated: String(updated), Deleted: String(deleted), Unchanged: String(unchanged) };
  return { NamespaceId: namespaceId, ManifestHash: hash, ...counts };
}

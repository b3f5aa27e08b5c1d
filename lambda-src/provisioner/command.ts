import { LimitsProvisioner } from '@zae-limiter/client/admin/limits-provisioner';
import { NamespacesAdmin } from '@zae-limiter/client/admin/namespaces';
import { ManifestError, NamespaceNotFoundError } from '@zae-limiter/client/core/errors';
import { manifestHash } from '@zae-limiter/client/manifest/canonical-json';
import { NOTHING_MANAGED } from '@zae-limiter/client/manifest/managed';
import type { Manifest } from '@zae-limiter/client/manifest/manifest';
import { changeView, planChanges } from '@zae-limiter/client/manifest/plan';
import { parseManifest } from '@zae-limiter/client/manifest/validate';
import { readManifestFile, type ManifestLocation } from './manifest-file';
import { findNamespace, namespaceName } from './namespace-lookup';
import { checkTable, RequestError } from './request-error';
import type { Tools } from './tools';

/** What the command line sends, and whoever else invokes the function. */
export interface Command {
  readonly action: 'plan' | 'diff' | 'apply' | 'describe';
  /** Must be the table of the function. @default it is */
  readonly table_name?: string;
  /** Must be that of the manifest. `describe` needs it, or the id. @default that of the manifest */
  readonly namespace?: string;
  /** Must be that of the namespace. @default looked up */
  readonly namespace_id?: string;
  /** Whether `apply` registers a namespace that is not there. @default true */
  readonly register_namespace?: boolean;
  /** Whether `apply` takes over what a custom resource manages. @default false */
  readonly adopt_existing?: boolean;
  readonly manifest?: unknown;
  /** A JSON file, instead of `manifest`. */
  readonly manifest_location?: ManifestLocation;
  /** Return what is wrong with the manifest instead of failing. @default false */
  readonly dry_run_errors?: boolean;
}

/** What a command returns; `status` says what was done. docs/guide/declarative-limits.md shows each. */
export type Result = Readonly<Record<string, unknown>>;

const OWNER = 'cli';

/**
 * Carries out a command: `plan` and `diff` say what would change, `apply` changes it, `describe` says what is managed.
 *
 * @throws {RequestError} the command makes no sense
 * @throws {ManifestError} the manifest is not valid
 * @throws {ZaeLimiterError} the namespace cannot be used, somebody else manages it, or the table does not answer
 */
export async function carryOutCommand(event: unknown, tools: Tools): Promise<Result> {
  const command = checkCommand(event, tools.store.tableName);
  if (command.action === 'describe') return describe(command, tools);
  try {
    const manifest = parseManifest(await manifestOf(command, tools));
    if (command.namespace !== undefined && command.namespace !== manifest.namespace) {
      throw new RequestError('NAMESPACE_MISMATCH', `the manifest is for namespace '${manifest.namespace}', not '${command.namespace}'`);
    }
    const id = await findNamespace(tools, manifest.namespace, command.namespace_id);
    return command.action === 'apply' ? await apply(command, manifest, id, tools) : await plan(command, manifest, id, tools);
  } catch (error) {
    if (command.dry_run_errors && error instanceof ManifestError) return { status: 'invalid', errors: error.problems };
    throw error;
  }
}

async function plan({ action }: Command, manifest: Manifest, namespaceId: string | undefined, { store, clock }: Tools): Promise<Result> {
  // A namespace that is not registered is not registered for this: it holds nothing, and everything would be new (F-20).
  const { changes, unchanged } = namespaceId === undefined
    ? planChanges(manifest, NOTHING_MANAGED, () => undefined)
    : await new LimitsProvisioner({ store, namespaceId, clock }).plan(manifest);
  const common = { unchanged, manifest_hash: manifestHash(manifest), namespace_id: namespaceId ?? null };
  if (action === 'plan') return { status: 'planned', changes: changes.map(changeView), ...common };
  const differences = changes.map((change) => ({ ...changeView(change), before: change.before ?? null, after: change.after ?? null }));
  return { status: 'diffed', changes: differences, in_sync: changes.length === 0, ...common };
}

async function apply(command: Command, manifest: Manifest, known: string | undefined, { store, clock, signal }: Tools): Promise<Result> {
  if (known === undefined && command.register_namespace === false) throw new NamespaceNotFoundError(manifest.namespace, store.tableName);
  const namespaceId = known ?? await new NamespacesAdmin({ store, clock, principal: `provisioner:${OWNER}` }).register(manifest.namespace);
  const provisioner = new LimitsProvisioner({ store, namespaceId, clock });
  const applied = await provisioner.apply(manifest, { owner: OWNER, adoptExisting: command.adopt_existing, signal });
  const { changes, created, updated, deleted, errors, unchanged, hash } = applied;
  return { status: 'applied', changes: changes.map(changeView), created, updated, deleted, errors, unchanged, manifest_hash: hash, namespace_id: namespaceId };
}

async function describe({ namespace, namespace_id: wantedId }: Command, tools: Tools): Promise<Result> {
  if (namespace === undefined && wantedId === undefined) throw new RequestError('NAMESPACE_REQUIRED', 'describe needs namespace or namespace_id');
  const name = namespace ?? await namespaceName(tools, wantedId!);
  const namespaceId = await findNamespace(tools, name, wantedId);
  if (namespaceId === undefined) throw new NamespaceNotFoundError(name, tools.store.tableName);
  const { managed, owner, lastApplied, appliedHash } = await new LimitsProvisioner({ store: tools.store, namespaceId, clock: tools.clock }).record();
  return {
    status: 'described',
    namespace: name,
    namespace_id: namespaceId,
    owner: owner ?? null,
    last_applied: lastApplied ?? null,
    applied_hash: appliedHash ?? null,
    managed_system: managed.system,
    managed_resources: managed.resources,
    managed_entities: managed.entities,
  };
}

async function manifestOf({ manifest, manifest_location: location }: Command, { readObject }: Tools): Promise<unknown> {
  if ((manifest === undefined) === (location === undefined)) {
    throw new RequestError('MANIFEST_REQUIRED', 'either manifest or manifest_location must be given');
  }
  return location === undefined ? manifest : readManifestFile(readObject, location);
}

function checkCommand(event: unknown, tableName: string): Command {
  const command = (event ?? {}) as Readonly<Record<string, unknown>>;
  if (!['plan', 'diff', 'apply', 'describe'].includes(command.action as string)) {
    throw new RequestError('UNKNOWN_ACTION', `action must be plan, diff, apply or describe, got ${JSON.stringify(command.action)}`);
  }
  checkTable(command.table_name, tableName);
  for (const field of ['namespace', 'namespace_id']) {
    if (command[field] !== undefined && (typeof command[field] !== 'string' || command[field] === '')) invalid(field, 'must be text, and not empty');
  }
  for (const field of ['register_namespace', 'adopt_existing', 'dry_run_errors']) {
    if (command[field] !== undefined && typeof command[field] !== 'boolean') invalid(field, 'must be true or false');
  }
  const { manifest_location: location } = command;
  if (location !== undefined && !isLocation(location)) invalid('manifest_location', 'must have bucket and key, and may have sha256, as text');
  return command as unknown as Command;
}

function isLocation(value: unknown): value is ManifestLocation {
  const { bucket, key, sha256 = '' } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return [bucket, key].every((text) => typeof text === 'string' && text !== '') && typeof sha256 === 'string';
}

function invalid(field: string, rule: string): never {
  throw new RequestError('INVALID_REQUEST', `${field} ${rule}`);
}

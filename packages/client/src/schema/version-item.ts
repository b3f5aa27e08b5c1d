import { IncompatibleSchemaError, VersionMismatchError } from '../core/errors.js';
import { readText, text, type AttributeValue, type Item } from './attributes.js';
import { registryIndexKeys } from './namespace-item.js';
import { SCHEMA_VERSION } from './table.js';

export const VERSION = {
  schema: 'schema_version',
  clientMinimum: 'client_min_version',
  lambda: 'lambda_version',
  updatedAt: 'updated_at',
  updatedBy: 'updated_by',
} as const;

/** Which schema a table follows, and who said so last. */
export interface TableVersion {
  readonly schemaVersion: string;
  /** Oldest client that may use the table. */
  readonly clientMinimum: string | undefined;
  /** Version of the Python library's function; undefined for a table that this library deploys. */
  readonly lambdaVersion: string | undefined;
  /** ISO 8601, UTC. */
  readonly updatedAt: string | undefined;
  /** For example `cdk:1.2.3`. */
  readonly updatedBy: string | undefined;
}

/** Reads the version record; undefined when it is missing or says no version. */
export function parseVersion(item: Item | undefined): TableVersion | undefined {
  const schemaVersion = item && readText(item, VERSION.schema);
  if (schemaVersion === undefined) return undefined;
  return {
    schemaVersion,
    clientMinimum: readText(item!, VERSION.clientMinimum),
    lambdaVersion: readText(item!, VERSION.lambda),
    updatedAt: readText(item!, VERSION.updatedAt),
    updatedBy: readText(item!, VERSION.updatedBy),
  };
}

/** Oldest client that a new table demands. */
export const CLIENT_MINIMUM = '0.0.0';

/**
 * Attributes of the version record that every writer sets.
 *
 * `lambda_version` is NULL: a Python client that finds a version older than its own there replaces the code of the
 * aggregator function with its own (F-25, W49).
 */
export function versionAttributes(schemaVersion: string, updatedAt: string, updatedBy: string): Item {
  const none: AttributeValue = { NULL: true };
  return {
    [VERSION.schema]: text(schemaVersion),
    [VERSION.lambda]: none,
    [VERSION.updatedAt]: text(updatedAt),
    [VERSION.updatedBy]: text(updatedBy),
    ...registryIndexKeys,
  };
}

/** Negative, zero or positive as version `a` is older than, equal to or newer than `b`. Anything after a hyphen is ignored. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('-')[0]!.split('.').map(Number)) as [number[], number[]];
  for (let part = 0; part < 3; part++) {
    const difference = (left[part] ?? 0) - (right[part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The part of a version before its first dot. */
export const majorVersion = (version: string): string => version.split('.')[0]!;

/**
 * Refuses a table that this client cannot serve.
 *
 * @throws {IncompatibleSchemaError} no version record, or another major version
 * @throws {VersionMismatchError} the table asks for a newer client
 */
export function checkVersion(record: Item | undefined): void {
  const schema = record && readText(record, VERSION.schema);
  if (schema === undefined || majorVersion(schema) !== majorVersion(SCHEMA_VERSION)) {
    throw new IncompatibleSchemaError(SCHEMA_VERSION, schema);
  }
  const minimum = readText(record!, VERSION.clientMinimum) ?? '0.0.0';
  if (compareVersions(SCHEMA_VERSION, minimum) < 0) throw new VersionMismatchError(SCHEMA_VERSION, minimum);
}

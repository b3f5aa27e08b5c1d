import { ManifestError, type ManifestProblem } from '../core/errors.js';
import { validate } from './check-manifest.generated.js';
import { fitsRecord, managedBy } from './managed.js';
import { normalizeManifest, type Manifest, type ManifestDeclaration } from './manifest.js';

/** Rules that a manifest can break. docs/reference/manifest.md explains each. */
export type ManifestCode =
  | 'REQUIRED' | 'UNKNOWN_KEY' | 'NOT_A_MAPPING' | 'EMPTY_LIMITS' | 'EMPTY_SECTION'
  | 'INVALID_NAMESPACE' | 'RESERVED_NAMESPACE' | 'INVALID_RESOURCE' | 'INVALID_ENTITY' | 'INVALID_LIMIT_NAME' | 'RESERVED_LIMIT_NAME'
  | 'NOT_AN_INTEGER' | 'NOT_POSITIVE' | 'TOO_LARGE' | 'INVALID_ON_UNAVAILABLE' | 'TOO_MANY_LIMITS';

/** An error of the function that is made from the schema. */
interface SchemaError {
  /** JSON pointer. */
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly keyword: string;
  readonly params: { readonly missingProperty?: string; readonly additionalProperty?: string };
  /** Of an error in the name of a property. */
  readonly propertyName?: string;
}

type Path = readonly string[];

const matchesSchema = validate as ((manifest: unknown) => boolean) & { readonly errors?: readonly SchemaError[] | null };

/** Codes of values and names that have a definition of their own in the schema, by the keyword that they broke. */
const DEFINED: Readonly<Record<string, Readonly<Record<string, ManifestCode>> & { readonly other: ManifestCode }>> = {
  namespace: { minLength: 'REQUIRED', not: 'RESERVED_NAMESPACE', other: 'INVALID_NAMESPACE' },
  limitName: { not: 'RESERVED_LIMIT_NAME', other: 'INVALID_LIMIT_NAME' },
  resource: { other: 'INVALID_RESOURCE' },
  entityResource: { other: 'INVALID_RESOURCE' },
  entity: { other: 'INVALID_ENTITY' },
  number: { minimum: 'NOT_POSITIVE', maximum: 'TOO_LARGE', other: 'NOT_AN_INTEGER' },
  onUnavailable: { other: 'INVALID_ON_UNAVAILABLE' },
};

/** Codes of mappings. */
const MAPPING: Readonly<Record<string, ManifestCode>> = {
  required: 'REQUIRED', additionalProperties: 'UNKNOWN_KEY', type: 'NOT_A_MAPPING', minProperties: 'EMPTY_LIMITS', anyOf: 'EMPTY_SECTION',
};

/** All that is wrong with a manifest, in the order of the document; empty when it is valid. Pure. */
export function checkManifest(manifest: unknown): ManifestProblem[] {
  if (!matchesSchema(manifest)) return problemsOf(manifest, matchesSchema.errors!);
  return fitsRecord(managedBy(normalizeManifest(manifest as ManifestDeclaration))) ? [] : [{ path: '', code: 'TOO_MANY_LIMITS' }];
}

/**
 * Reads a manifest into its normalised form. Pure.
 *
 * @throws {ManifestError} something is wrong with it; `problems` holds everything
 */
export function parseManifest(manifest: unknown): Manifest {
  const problems = checkManifest(manifest);
  if (problems.length > 0) throw new ManifestError(problems);
  return normalizeManifest(manifest as ManifestDeclaration);
}

function problemsOf(document: unknown, errors: readonly SchemaError[]): ManifestProblem[] {
  const found = new Map<string, { readonly place: readonly number[]; readonly problem: ManifestProblem }>();
  for (const error of errors) {
    const path = pathOf(error);
    const code = codeOf(error, path, document);
    // A value, or a name, may break several rules; the first says enough.
    const subject = `${error.propertyName === undefined ? 'value' : 'name'} ${JSON.stringify(path)}`;
    if (code !== undefined && !found.has(subject)) found.set(subject, { place: placeOf(path, document), problem: { path: path.join('.'), code } });
  }
  return [...found.values()].sort((a, b) => inOrder(a.place, b.place)).map(({ problem }) => problem);
}

/** Undefined for an error that only repeats what another one says. */
function codeOf({ schemaPath, keyword }: SchemaError, path: Path, document: unknown): ManifestCode | undefined {
  if (keyword === 'propertyNames' || schemaPath.includes('/anyOf/')) return undefined;
  const missing = keyword === 'type' && /\/(properties\/\w+|definitions\/namespace)\/type$/.test(schemaPath) && valueAt(path, document) === null;
  if (missing) return 'REQUIRED';
  const [, definition] = /^#\/definitions\/(\w+)\//.exec(schemaPath) ?? [];
  if (definition === undefined) return MAPPING[keyword];
  return DEFINED[definition]![keyword] ?? DEFINED[definition]!.other;
}

function pathOf({ instancePath, params, propertyName }: SchemaError): Path {
  const parents = instancePath.split('/').slice(1).map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = params.missingProperty ?? params.additionalProperty ?? propertyName;
  return last === undefined ? parents : [...parents, last];
}

/** For each part of a path its number among its siblings; what is missing comes last. */
function placeOf(path: Path, document: unknown): number[] {
  return path.map((key, at) => {
    const index = Object.keys(valueAt(path.slice(0, at), document) as object).indexOf(key);
    return index < 0 ? Infinity : index;
  });
}

function valueAt(path: Path, document: unknown): unknown {
  return path.reduce((value, key) => (value as Record<string, unknown>)[key], document);
}

/** What belongs to a whole comes before what belongs to its parts. */
function inOrder(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((place, index) => place !== b[index]);
  return at < 0 ? a.length - b.length : a[at]! - (b[at] ?? -1);
}

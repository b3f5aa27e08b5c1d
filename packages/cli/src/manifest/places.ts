import type { ManifestCode } from '@zae-limiter/client/admin';
import { isAlias, isMap, isScalar, type Document, type Node, type Pair } from 'yaml';

/** Rules about a value; the others are about a key, or what is missing below it. */
const OF_VALUES: ReadonlySet<string> = new Set([
  'INVALID_NAMESPACE', 'RESERVED_NAMESPACE', 'NOT_AN_INTEGER', 'NOT_POSITIVE', 'TOO_LARGE', 'INVALID_ON_UNAVAILABLE',
] satisfies ManifestCode[]);

export interface Place {
  /** Characters from the beginning of the text. */
  readonly offset: number;
  /** The value that breaks the rule, when it is no mapping or list. */
  readonly value?: unknown;
}

/**
 * Where in a document a problem of a manifest is: at the value, at the key, or at the last key above what is missing.
 *
 * @param path keys that are joined by dots; names may hold dots too
 */
export function placeOf(document: Document, path: string, code: string): Place {
  const found = path === '' ? undefined : find(document, document.contents, path);
  if (found === undefined) return { offset: startOf(document.contents) };
  const { pair: { key, value }, rest } = found;
  const isScalarValue = rest === '' && isScalar(value);
  return {
    offset: isScalarValue && OF_VALUES.has(code) ? startOf(value) : startOf(key),
    ...(isScalarValue && value.value !== null && { value: value.value }),
  };
}

interface Found {
  readonly pair: Pair<Node, Node | null>;
  /** Part of the path that is not there. */
  readonly rest: string;
}

/** The pair at the path, or the one that goes furthest towards it. */
function find(document: Document, node: Node | null, path: string): Found | undefined {
  const map = isAlias(node) ? node.resolve(document) : node;
  if (!isMap<Node, Node | null>(map)) return undefined;
  const found = map.items.flatMap((pair): Found[] => {
    const name = isScalar(pair.key) ? String(pair.key.value) : '';
    if (isMergeKey(name)) return [find(document, pair.value, path) ?? []].flat();
    if (path === name) return [{ pair, rest: '' }];
    if (!path.startsWith(`${name}.`)) return [];
    const rest = path.slice(name.length + 1);
    return [find(document, pair.value, rest) ?? { pair, rest }];
  });
  return found.sort((a, b) => a.rest.length - b.rest.length)[0];
}

/** The library reads the key `<<` as a symbol. */
const isMergeKey = (name: string): boolean => name === 'Symbol(<<)';

const startOf = (node: Node | null): number => node?.range?.[0] ?? 0;

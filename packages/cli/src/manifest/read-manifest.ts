import { checkManifest, MANIFEST_RULES, type ManifestCode } from '@zae-limiter/client/admin';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { placeOf } from './places.js';

/** One thing that is wrong with a manifest, and where it stands in its text. */
export interface TextProblem {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Keys from the top, joined by dots; empty for the text as a whole. */
  readonly path: string;
  /** Of docs/reference/manifest.md; `SYNTAX` for a text that is no YAML. */
  readonly code: string;
  /** What must be otherwise, in words. */
  readonly message: string;
}

/** A text that was read; its manifest is valid when there are no problems. */
export interface ReadManifest {
  readonly manifest: unknown;
  readonly problems: readonly TextProblem[];
  /** With the comments. */
  readonly document: Document;
}

/**
 * Reads YAML 1.2 with merge keys, or JSON, and finds everything that is wrong with it. A key that is there twice is wrong,
 * and so is a tag that nobody knows. Pure.
 *
 * @param namespace of a manifest that names none
 */
export function readManifest(text: string, namespace?: string): ReadManifest {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false });
  const at = (offset: number): { line: number; column: number } => {
    const { line, col: column } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(column, 1) };
  };
  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0) {
    return { document, manifest: undefined, problems: syntax.map(({ pos: [offset], message }) => ({ ...at(offset), path: '', code: 'SYNTAX', message })) };
  }
  // A file may use one anchor for thousands of entities; the default stops at a hundred.
  const manifest = withNamespace(document.toJS({ maxAliasCount: -1 }), namespace);
  const problems = checkManifest(manifest).map(({ path, code }): TextProblem => {
    const { offset, value } = placeOf(document, path, code);
    const got = value === undefined ? '' : `, got ${JSON.stringify(value)}`;
    return { ...at(offset), path, code, message: `${MANIFEST_RULES[code as ManifestCode]}${got}` };
  });
  return { document, manifest, problems };
}

function withNamespace(manifest: unknown, namespace: string | undefined): unknown {
  const isMapping = typeof manifest === 'object' && manifest !== null && !Array.isArray(manifest);
  return isMapping && namespace !== undefined && !('namespace' in manifest) ? { namespace, ...manifest } : manifest;
}

/** `limits.yaml:3:14 resources.gpt-4.limits.rpm.capacity: NOT_POSITIVE, must be at least 1, got 0` */
export const problemLine = (name: string, { line, column, path, code, message }: TextProblem): string =>
  `${name}:${line}:${column} ${path === '' ? '' : `${path}: `}${code}, ${message}`;

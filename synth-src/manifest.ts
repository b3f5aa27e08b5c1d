// What the construct library needs of the client when an app is synthesised. Bundled into assets/manifest/index.js.
import { parseDocument } from 'yaml';
import { canonicalJson } from '@zae-limiter/client/manifest/canonical-json';
import { normalizeManifest, type ManifestDeclaration } from '@zae-limiter/client/manifest/manifest';
import { MANIFEST_RULES } from '@zae-limiter/client/manifest/rules';
import { checkManifest as problemsOf, type ManifestCode } from '@zae-limiter/client/manifest/validate';

/** What was read, and what is wrong with how it is written. */
export interface Reading {
  readonly value: unknown;
  /** One line each, with its line number. */
  readonly problems: readonly string[];
}

/** One rule that a manifest breaks. */
export interface ManifestProblem {
  /** Keys from the top, joined by dots; empty for the manifest as a whole. */
  readonly path: string;
  readonly code: string;
  /** The rule in words. */
  readonly rule: string;
}

/** All that is wrong with a manifest, in the order of the document. Pure. */
export function checkManifest(manifest: unknown): ManifestProblem[] {
  return problemsOf(manifest).map(({ path, code }) => ({ path, code, rule: MANIFEST_RULES[code as ManifestCode] }));
}

/** The one way of writing a valid manifest, so that a file with other spaces or another order is the same file. Pure. */
export function canonicalManifest(manifest: unknown): string {
  return canonicalJson(normalizeManifest(manifest as ManifestDeclaration));
}

/** Reads YAML 1.2, with the merge keys that YAML 1.1 had. A tag that is not known is a problem: its value would be another one. Pure. */
export function readYaml(text: string): Reading {
  const document = parseDocument(text, { merge: true, prettyErrors: true });
  const problems = [...document.errors, ...document.warnings].map(({ message, linePos }) => {
    const [summary] = message.split(/ at line \d+|; please|\n/);
    return `line ${linePos?.[0].line}: ${summary}`;
  });
  // A file of the app's own may use one anchor for thousands of entities; the default stops at a hundred.
  return { value: problems.length === 0 ? document.toJS({ maxAliasCount: -1 }) : undefined, problems };
}

/** Reads JSON. JSON is YAML too, which knows lines and sees keys that are there twice. Pure. */
export function readJson(text: string): Reading {
  const { problems } = readYaml(text);
  return problems.length > 0 ? { value: undefined, problems } : { value: JSON.parse(text), problems };
}

import * as path from 'path';

/** What was read, and what is wrong with how it is written: one line each, with its line number. */
export interface Reading {
  readonly value: unknown;
  readonly problems: readonly string[];
}

/** One rule that a manifest breaks. */
export interface ManifestProblem {
  /** Keys from the top, joined by dots; empty for the manifest as a whole. */
  readonly path: string;
  /** See docs/reference/manifest.md. */
  readonly code: string;
  /** The rule in words. */
  readonly rule: string;
}

/** The rules of the provisioner, made from the same code: `synth-src/manifest.ts`, bundled when this library is built. */
export interface ManifestValidator {
  /** All that is wrong with a manifest, in the order of the document. */
  checkManifest(manifest: unknown): readonly ManifestProblem[];
  /** The one way of writing a valid manifest, in JSON. */
  canonicalManifest(manifest: unknown): string;
  readYaml(text: string): Reading;
  readJson(text: string): Reading;
}

/** Loads the rules when they are needed for the first time: apps without limits do without them. */
export function manifestValidator(): ManifestValidator {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require(path.join(__dirname, '..', '..', 'assets', 'manifest')) as ManifestValidator;
}

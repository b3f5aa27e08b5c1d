import { declarationOf, manifestHash, parseManifest, type Manifest, type ManifestDeclaration } from '@zae-limiter/client/admin';
import type { Context } from '../context.js';
import { CliError, invalid } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { problemLine, readManifest } from './read-manifest.js';
import { readSource } from './source-text.js';

/** A valid manifest. */
export interface OpenManifest {
  /** In the form that is planned and applied. */
  readonly manifest: Manifest;
  /** As people write it. */
  readonly declaration: ManifestDeclaration;
  readonly hash: string;
}

/**
 * Reads the manifest of a file, or of standard input for `-`. One without a namespace is for the one that the command line names.
 *
 * @param wanted the namespace that the command line names; undefined when it names none
 * @throws {CliError} it cannot be read, is not valid, or is for another namespace
 */
export async function openManifest({ io }: Pick<Context, 'io'>, file: string, wanted: string | undefined): Promise<OpenManifest> {
  const { name, text } = await readSource(io, file);
  const { manifest, problems } = readManifest(text, wanted);
  if (problems.length > 0) {
    throw new CliError('INVALID_MANIFEST', `${name} is not a valid limits manifest: ${problems.length} problem(s)`, {
      exitCode: EXIT.invalid, hints: problems.map((problem) => problemLine(name, problem)),
    });
  }
  return checkedNamespace(parseManifest(manifest), wanted, name);
}

/** @throws {CliError} the manifest is for another namespace than the command line names (X15) */
export function checkedNamespace(manifest: Manifest, wanted: string | undefined, name: string): OpenManifest {
  if (wanted !== undefined && wanted !== manifest.namespace) {
    throw invalid(`${name} is for namespace '${manifest.namespace}', and the command line names '${wanted}'`, 'leave --namespace out, or change one of them');
  }
  return { manifest, declaration: declarationOf(manifest), hash: manifestHash(manifest) };
}

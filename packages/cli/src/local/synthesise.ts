import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { invalid } from '../errors.js';
import type { Template } from './template.js';

/**
 * The template of a limiter with no settings but its name, as `cdk deploy` would send it.
 *
 * @throws {CliError} the name is not valid
 */
export async function synthesise(limiterName: string): Promise<Template> {
  // eslint-disable-next-line import/no-extraneous-dependencies -- it is bundled with this package
  const [{ App, Stack }, { ZaeLimiter }] = await Promise.all([import('aws-cdk-lib'), import('#construct')]);
  const outdir = mkdtempSync(join(tmpdir(), 'zae-limiter-synth-'));
  try {
    const app = new App({ outdir });
    const stack = new Stack(app, 'local');
    try {
      new ZaeLimiter(stack, 'Limiter', { limiterName });
    } catch (error) {
      throw invalid((error as Error).message);
    }
    return app.synth().getStackArtifact(stack.artifactId).template as Template;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

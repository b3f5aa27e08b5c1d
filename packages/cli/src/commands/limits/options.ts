import { choice, required } from '../../command/option.js';
import type { Context } from '../../context.js';
import { invalid } from '../../errors.js';
import { openManifest, type OpenManifest } from '../../manifest/open-manifest.js';
import type { OnConflict, Provisioning } from '../../provisioning/provisioning.js';

/** Shared by the commands that compare a manifest with the table. */

export const fileOption = required('-f, --file <file>', 'manifest in YAML or JSON; - is standard input');

export const viaOption = choice(
  '--via <way>',
  'lambda: through the function NAME-limits-provisioner, so that only it needs rights to the table; a run may take its 5 minutes, or --timeout when that is longer',
  ['lambda'],
);

export const conflictOption = choice<OnConflict>(
  '--on-conflict <what>', "what to do with limits that were set outside the manifest; 'fail' unless given, 'overwrite' with --via lambda",
  ['fail', 'overwrite', 'skip'],
);

/** The manifest that a command is about, checked against `--namespace`. */
export const manifestOf = (context: Context, file: string): Promise<OpenManifest> => openManifest(context, file, context.globals.namespace);

/** What plans and applies: this process, or the function. */
export async function provisioningOf(context: Context, via: 'lambda' | undefined): Promise<Provisioning> {
  if (via === undefined) {
    const { TableProvisioning } = await import('../../provisioning/table-provisioning.js');
    return new TableProvisioning(await context.table(), context.io.clock, context.signal);
  }
  const [{ LambdaProvisioning }, { LambdaClient }, { checkLimiterName }, aws] = await Promise.all([
    import('../../provisioning/lambda-provisioning.js'), import('@aws-sdk/client-lambda'), import('@zae-limiter/client/admin'), context.aws(),
  ]);
  checkLimiterName(context.name);
  const { name, signal, globals: { timeout: timeoutMs } } = context;
  return new LambdaProvisioning(aws.get(LambdaClient, { maxAttempts: 1 }), name, { signal, timeoutMs });
}

/** @throws {CliError} the function cannot do what was asked for */
export function conflictRule(given: OnConflict | undefined, via: 'lambda' | undefined): OnConflict {
  if (via === undefined) return given ?? 'fail';
  if (given !== undefined && given !== 'overwrite') {
    throw invalid(`--on-conflict ${given} needs the audit trail, which the function does not read; it overwrites`, 'leave --via lambda out, or pass --on-conflict overwrite');
  }
  return 'overwrite';
}

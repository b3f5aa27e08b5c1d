import { Type } from '@sinclair/typebox';
import type { Target } from '@zae-limiter/client/admin';
import type { Context } from '../context.js';
import { CliError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import type { OpenManifest } from '../manifest/open-manifest.js';
import type { Result } from '../output/result.js';
import { changeLines } from './change-lines.js';
import { changeData, ChangeSchema } from './change-view.js';
import { splitChanges } from './conflicts.js';
import type { LimitsChange, LimitsPlan, OnConflict, Provisioning } from './provisioning.js';

/** What commands print that carry out a plan. */
export const AppliedSchema = Type.Object({
  name: Type.String(), namespace: Type.String(),
  hash: Type.Union([Type.String(), Type.Null()], { description: 'of the manifest; null when there was nothing to roll back' }),
  changes: Type.Array(ChangeSchema, { description: 'what was to be changed' }),
  created: Type.Integer(), updated: Type.Integer(), deleted: Type.Integer(),
  skipped: Type.Array(ChangeSchema, { description: 'what stays as it is, and is managed no more' }),
  unchanged: Type.Integer({ description: 'targets that were just so' }),
  errors: Type.Array(Type.String(), { description: 'a line for each change that did not happen' }),
});

export interface CarryOut {
  readonly manifest: OpenManifest;
  readonly plan: LimitsPlan;
  readonly onConflict: OnConflict;
  /** Take over what another owner manages. */
  readonly adopt: boolean;
  /** Whether a target may be changed; others stay as they are, and are managed no more. @default all may */
  readonly mayChange?: (target: Target) => boolean;
}

/**
 * Carries out a plan, after a question when limits would be removed.
 *
 * @throws {CliError} somebody set limits outside the manifest that would be lost, nobody agrees to the removals, or the plan is out of date
 */
export async function carryOut(context: Context, provisioning: Provisioning, options: CarryOut): Promise<Result> {
  const { manifest, plan, onConflict, adopt, mayChange = () => true } = options;
  const { wanted, kept } = splitChanges(plan.changes.filter(({ target }) => mayChange(target)), onConflict);
  const skipped = [...kept, ...plan.changes.filter(({ target }) => !mayChange(target))];
  const lines = (changes: readonly LimitsChange[], { style } = context): string[] =>
    (changes.length === 0 ? [] : changeLines(changes, { style, now: context.io.clock.now(), onConflict, mayChange }));
  if (onConflict === 'fail' && kept.length > 0) throw conflict(lines(kept));
  const removals = wanted.filter(({ action }) => action === 'delete');
  if (removals.length > 0) {
    lines(removals).forEach((line) => context.say(line));
    await context.confirm(`Are you sure you want to remove the limits of ${removals.length} target(s)?`);
  }
  context.onInterrupt(provisioning.whenInterrupted);
  const progress = await context.progress(`Applying ${wanted.length} change(s)`);
  const { created, updated, deleted, errors } = await provisioning.apply(manifest, plan, { changes: wanted, adopt }).catch((error: unknown) => {
    progress.failed('Applying failed');
    throw error;
  });
  progress[errors.length === 0 ? 'done' : 'failed'](errors.length === 0 ? 'Applied' : `${errors.length} change(s) failed`);
  const { namespace } = manifest.manifest;
  return {
    data: {
      name: context.name, namespace, hash: manifest.hash, changes: wanted.map(changeData), created, updated, deleted,
      skipped: skipped.map(changeData), unchanged: plan.unchanged, errors,
    },
    exitCode: errors.length === 0 ? EXIT.ok : EXIT.failed,
    human: () => [
      ...lines([...wanted, ...skipped]), ...(wanted.length + skipped.length === 0 ? [] : ['']),
      `Applied: ${created} created, ${updated} updated, ${deleted} deleted${skipped.length === 0 ? '' : `, ${skipped.length} skipped`}.`,
      ...(errors.length === 0 ? [] : ['', 'Errors:', ...errors.map((error) => `  ${error}`)]),
    ],
  };
}

function conflict(lines: readonly string[]): CliError {
  return new CliError('LIMITS_CONFLICT', `${lines.length} target(s) were changed outside the manifest; nothing was applied`, {
    hints: [
      ...lines,
      '--on-conflict overwrite   takes the values of the manifest',
      '--on-conflict skip   leaves them alone, and does not manage them any more',
      'zae-limiter limits pull   writes a manifest with the values that are live',
    ],
  });
}


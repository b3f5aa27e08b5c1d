import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Type, type Static } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { parseManifest, type PlannedChange } from '@zae-limiter/client/admin';
import { invalid } from '../errors.js';
import type { Io } from '../io.js';
import { checkedNamespace, type OpenManifest } from '../manifest/open-manifest.js';
import { readSource } from '../manifest/source-text.js';
import { writeNewFile } from '../output/file.js';
import type { LimitsPlan, OnConflict } from './provisioning.js';

const SCHEMA = 'zae-limiter.saved-plan/1';

const SavedPlanSchema = Type.Object({
  schema: Type.Literal(SCHEMA),
  name: Type.String(),
  namespaceId: Type.String(),
  onConflict: Type.Union([Type.Literal('fail'), Type.Literal('overwrite'), Type.Literal('skip')]),
  manifest: Type.Object({ namespace: Type.String() }),
  changes: Type.Array(Type.Object({ action: Type.String(), target: Type.Object({ level: Type.String() }) })),
});

/** A plan to be carried out later, by somebody who reviewed it. */
export interface SavedPlan {
  readonly name: string;
  readonly namespaceId: string;
  readonly onConflict: OnConflict;
  readonly manifest: OpenManifest;
  readonly changes: readonly PlannedChange[];
}

/**
 * Keeps a plan in a file, in place of a plan that is there.
 *
 * @throws {CliError} the file is there and no plan, or cannot be written
 */
export async function savePlan(
  io: Io, file: string, { name, manifest, onConflict, plan: { namespaceId, changes } }: {
    readonly name: string; readonly manifest: OpenManifest; readonly onConflict: OnConflict; readonly plan: LimitsPlan;
  },
): Promise<void> {
  const saved = {
    schema: SCHEMA, name, namespaceId, onConflict, manifest: manifest.declaration,
    changes: changes.map(({ action, target, before, after }) => ({ action, target, before, after })),
  };
  const isThere = existsSync(resolve(io.cwd, file));
  if (isThere && !isPlan(parse((await readSource(io, file)).text))) {
    throw invalid(`${file} is there already, and no plan of this program`, 'name another file, or remove this one');
  }
  await writeNewFile(io, file, `${JSON.stringify(saved, undefined, 2)}\n`, { force: isThere });
}

/**
 * @param wanted the namespace that the command line names; undefined when it names none
 * @throws {CliError} the file is no plan, or one for another limiter or namespace
 */
export async function readPlan(io: Io, file: string, name: string, wanted: string | undefined): Promise<SavedPlan> {
  const { text } = await readSource(io, file);
  const saved = parse(text);
  if (!isPlan(saved)) throw invalid(`${file} is no plan of this program`, `zae-limiter limits plan --name ${name} --file limits.yaml --out ${file}   makes one`);
  if (saved.name !== name) throw invalid(`${file} is a plan for '${saved.name}', and the command line names '${name}'`);
  const { namespaceId, onConflict, changes, manifest } = saved;
  return {
    name, namespaceId, onConflict, changes: changes as unknown as PlannedChange[],
    manifest: checkedNamespace(parseManifest(manifest), wanted, file),
  };
}

const isPlan = (saved: unknown): saved is Static<typeof SavedPlanSchema> => Value.Check(SavedPlanSchema, saved);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

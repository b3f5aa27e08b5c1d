import type { PlannedChange } from '@zae-limiter/client/admin';
import type { OpenManifest } from '../manifest/open-manifest.js';

/** Who changed limits that a manifest is about, and not through one. */
export interface OutsideChange {
  /** Undefined when nobody said it. */
  readonly by: string | undefined;
  /** ISO 8601; undefined when no audit event says it. */
  readonly at: string | undefined;
}

/** One difference between a manifest and the table. */
export interface LimitsChange extends PlannedChange {
  /** Set when the table holds values that were not written by a manifest: carrying the change out would lose them. */
  readonly outside?: OutsideChange;
}

/** All differences between a manifest and the table. */
export interface LimitsPlan {
  readonly namespaceId: string;
  /** Who manages the limits; undefined when nobody does, or it is not known. */
  readonly owner: string | undefined;
  readonly changes: readonly LimitsChange[];
  /** How many declared targets the table holds just so. */
  readonly unchanged: number;
}

/** What to do with changes that would lose what somebody set outside the manifest. */
export type OnConflict = 'fail' | 'overwrite' | 'skip';

export interface ApplySettings {
  /** What to change; the rest of the plan stays as it is. */
  readonly changes: readonly LimitsChange[];
  /** Take over what another owner manages. */
  readonly adopt: boolean;
}

/** What became of a plan. */
export interface Applied {
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  /** A line for each change that did not happen. */
  readonly errors: readonly string[];
}

/** Owner of limits that the command line manages. */
export const OWNER = 'cli';

/** Compares a manifest with the table, and makes the table what it declares. */
export interface Provisioning {
  /** What to say when Ctrl-C ends `apply`. */
  readonly whenInterrupted: string;
  /** Writes nothing. */
  plan(manifest: OpenManifest): Promise<LimitsPlan>;
  /** @throws {CliError} the table is not what the plan was made for; nothing was changed */
  apply(manifest: OpenManifest, plan: LimitsPlan, settings: ApplySettings): Promise<Applied>;
}

import type { LimitsChange, OnConflict } from './provisioning.js';

/** The changes that are carried out, and those that are not because they would lose what somebody set outside the manifest. */
export function splitChanges(
  changes: readonly LimitsChange[], onConflict: OnConflict,
): { readonly wanted: LimitsChange[]; readonly kept: LimitsChange[] } {
  const isKept = ({ outside }: LimitsChange): boolean => outside !== undefined && onConflict !== 'overwrite';
  return { wanted: changes.filter((change) => !isKept(change)), kept: changes.filter(isKept) };
}

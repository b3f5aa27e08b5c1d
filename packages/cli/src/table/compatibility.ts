import { SCHEMA_VERSION, type TableVersion } from '@zae-limiter/client';
import { compareVersions, majorVersion } from '@zae-limiter/client/admin';

export type Compatibility = 'compatible' | 'incompatible' | 'not-initialized';

/** Whether this program can work with a table of this version. */
export function compatibility(version: TableVersion | undefined): Compatibility {
  if (version === undefined) return 'not-initialized';
  const speaks = majorVersion(version.schemaVersion) === majorVersion(SCHEMA_VERSION);
  return speaks && compareVersions(SCHEMA_VERSION, version.clientMinimum ?? '0.0.0') >= 0 ? 'compatible' : 'incompatible';
}

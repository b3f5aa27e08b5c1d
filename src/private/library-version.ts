import { readFileSync } from 'fs';
import * as path from 'path';

/** Version of this package, as it was published. */
export function libraryVersion(): string {
  const manifest = readFileSync(path.join(__dirname, '..', '..', 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

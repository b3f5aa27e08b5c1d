import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of this package, and of the client and the construct library that it was built with. */
export const version: string = (JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')) as { version: string }).version;

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { version } from '../version.js';

/** The functions of a limiter, as this program brings them along. */
export const FUNCTIONS = ['aggregator', 'provisioner', 'probe'] as const;
export type FunctionId = typeof FUNCTIONS[number];

export const HANDLER = 'index.handler';

/** End of a function's name, after the limiter's. */
export const FUNCTION_SUFFIX: Readonly<Record<FunctionId, string>> = {
  aggregator: 'aggregator', provisioner: 'limits-provisioner', probe: 'probe',
};

export const folderOf = (id: FunctionId): string => join(__dirname, '..', '..', 'assets', id);

export interface CodeFile {
  readonly name: string;
  readonly content: Buffer;
}

/** What a function consists of, by name. */
export const codeOf = (id: FunctionId): CodeFile[] =>
  readdirSync(folderOf(id)).sort().map((name) => ({ name, content: readFileSync(join(folderOf(id), name)) }));

/** Name of a function's zip file: another one for each version, so that CloudFormation sees that the code is another one. */
export const zipName = (id: FunctionId): string => `${id}-${version}.zip`;

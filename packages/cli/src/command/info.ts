import type { TSchema } from '@sinclair/typebox';
import type { Arguments, Options } from './option.js';

/** What a command works on, which decides the flags that it shares with others. */
export type Scope =
  /** One namespace of a table: `--name`, `--namespace`. */
  | 'namespace'
  /** A table or its stack: `--name`. */
  | 'table'
  /** An account and region. */
  | 'account'
  /** Nothing in AWS. */
  | 'offline';

/** What is known of a command without running it. */
export interface CommandInfo {
  /** Words behind the program's name: `audit list`. */
  readonly path: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** Further lines of the help. */
  readonly description?: string;
  readonly scope: Scope;
  /** Whether it may change anything. One that reads is held to it: its store refuses to write. */
  readonly effect: 'reads' | 'writes';
  /** Whether it leaves events in the audit trail, so that `--principal` has a use. @default true for one that writes */
  readonly audited?: boolean;
  readonly arguments?: Arguments;
  /** By the name in the code, which need not be that of the flag. */
  readonly options?: Options;
  /** `--name` must be given. @default false */
  readonly nameRequired?: boolean;
  /** `-o` is a file here, as in the Python library; the format is `--format` then, if anything. @default false */
  readonly writesFile?: boolean;
  /** What `--output json` prints, without `schema`, which is added. Undefined for a command that prints a file or text. */
  readonly output?: TSchema;
  /** Version of the output's schema. @default 1 */
  readonly outputVersion?: number;
  /** Command lines to show in the help, without the program's name. */
  readonly examples?: readonly string[];
}

/** Name of the schema of a command's output: `zae-limiter.audit-list/1`. */
export const schemaName = ({ path, outputVersion = 1 }: Pick<CommandInfo, 'path' | 'outputVersion'>): string =>
  `zae-limiter.${path.replaceAll(' ', '-')}/${outputVersion}`;

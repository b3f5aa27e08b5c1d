import type { TSchema } from '@sinclair/typebox';
import type { Context } from '../context.js';
import type { Result } from '../output/result.js';
import type { Argument, Option } from './option.js';

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

type Values<A, O> =
  & { readonly [K in keyof A]: A[K] extends Argument<infer T> ? T : never }
  & { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

type Nothing = Record<never, never>;

export type Arguments = Readonly<Record<string, Argument<unknown>>>;
export type Options = Readonly<Record<string, Option<unknown>>>;

export interface CommandSpec<A extends Arguments, O extends Options> {
  /** Words behind the program's name: `audit list`. */
  readonly path: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** Further lines of the help. */
  readonly description?: string;
  readonly scope: Scope;
  /** Whether it may change anything. One that reads is held to it: its store refuses to write. */
  readonly effect: 'reads' | 'writes';
  readonly arguments?: A;
  /** By the name in the code, which need not be that of the flag. */
  readonly options?: O;
  /** Whether it leaves events in the audit trail, so that `--principal` has a use. @default true for one that writes */
  readonly audited?: boolean;
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
  /** @returns what to print; undefined when it printed all itself */
  readonly run: (context: Context, values: Values<A, O>) => Promise<Result | undefined | void>;
}

/** A command, whatever its arguments. */
export type Command = Omit<CommandSpec<Arguments, Options>, 'run'> & {
  readonly run: (context: Context, values: never) => Promise<Result | undefined | void>;
};

/** Says that a command is one, and lets the compiler see the types of its values. */
export const command = <A extends Arguments = Nothing, O extends Options = Nothing>(spec: CommandSpec<A, O>): Command => spec;

/** Name of the schema of a command's output: `zae-limiter.audit-list/1`. */
export const schemaName = ({ path, outputVersion = 1 }: Pick<Command, 'path' | 'outputVersion'>): string =>
  `zae-limiter.${path.replaceAll(' ', '-')}/${outputVersion}`;

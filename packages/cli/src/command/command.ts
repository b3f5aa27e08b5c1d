import type { Context } from '../context.js';
import type { Result } from '../output/result.js';
import type { CommandInfo } from './info.js';
import type { Argument, Arguments, Option, Options } from './option.js';

type Nothing = Record<never, never>;

type Values<A, O> =
  & { readonly [K in keyof A]: A[K] extends Argument<infer T> ? T : never }
  & { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

export interface CommandSpec<A extends Arguments, O extends Options> extends CommandInfo {
  readonly arguments?: A;
  readonly options?: O;
  /** @returns what to print; undefined when it printed all itself */
  readonly run: (context: Context, values: Values<A, O>) => Promise<Result | undefined | void>;
}

/** A command, whatever its arguments. */
export interface Command extends CommandInfo {
  readonly run: (context: Context, values: never) => Promise<Result | undefined | void>;
}

/** Says that a command is one, and lets the compiler see the types of its values. */
export const command = <A extends Arguments = Nothing, O extends Options = Nothing>(spec: CommandSpec<A, O>): Command => spec;

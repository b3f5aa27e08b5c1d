/** A flag of a command, and how its text becomes a value. */
export interface Option<T> {
  /** As commander has it: `-l, --limit <limit>`. */
  readonly flags: string;
  readonly description: string;
  /** A flag that also says no, as `--no-…`. */
  readonly negatable?: boolean;
  /** That flag, where it is not `--no-` and the name: `--no-aggregator`. */
  readonly negation?: string;
  /** The flag may be given several times; the value is a list. */
  readonly repeatable?: boolean;
  readonly required?: boolean;
  readonly default?: T;
  readonly choices?: readonly string[];
  /** Environment variable that holds the default. */
  readonly env?: string;
  /** Other names of the flag, with the same placeholder; not shown in the help. */
  readonly aliases?: readonly string[];
  /** Kept for scripts written for the Python library; not shown in the help. */
  readonly hidden?: boolean;
  /** @throws what is wrong with the text; shown with the flag */
  readonly parse?: (text: string) => unknown;
}

interface Settings {
  readonly aliases?: readonly string[];
  readonly env?: string;
  readonly hidden?: boolean;
  readonly negation?: string;
}

type Parse<T> = (text: string) => T;

interface Parsing<T> {
  readonly parse: Parse<T>;
}

/** A switch that is off unless given. */
export const flag = (flags: string, description: string, settings: Settings = {}): Option<boolean> =>
  ({ flags, description, default: false, ...settings });

/** A switch with a `--no-` form. */
export const toggle = (flags: string, description: string, initial: boolean, settings: Settings = {}): Option<boolean> =>
  ({ flags, description, negatable: true, default: initial, ...settings });

/** A switch with a `--no-` form that knows whether it was given. */
export const optionalToggle = (flags: string, description: string, settings: Settings = {}): Option<boolean | undefined> =>
  ({ flags, description, negatable: true, ...settings });

/** A value that may be missing. */
export function optional(flags: string, description: string, settings?: Settings): Option<string | undefined>;
export function optional<T>(flags: string, description: string, settings: Settings & Parsing<T>): Option<T | undefined>;
export function optional<T>(flags: string, description: string, settings: Settings & Partial<Parsing<T>> = {}): Option<T | string | undefined> {
  return { flags, description, ...settings };
}

/** A value that must be given. */
export function required(flags: string, description: string, settings?: Settings): Option<string>;
export function required<T>(flags: string, description: string, settings: Settings & Parsing<T>): Option<T>;
export function required<T>(flags: string, description: string, settings: Settings & Partial<Parsing<T>> = {}): Option<T | string> {
  return { flags, description, required: true, ...settings };
}

/** A value with a default. */
export const value = <T>(flags: string, description: string, initial: T, settings: Settings & Parsing<T>): Option<T> =>
  ({ flags, description, default: initial, ...settings });

/** One of several words. */
export const choice = <const T extends string>(
  flags: string, description: string, choices: readonly T[], settings: Settings = {},
): Option<T | undefined> => ({ flags, description, choices, ...settings });

/** One of several words, one of which is the default. */
export const choiceOr = <const T extends string>(
  flags: string, description: string, choices: readonly T[], initial: T, settings: Settings = {},
): Option<T> => ({ flags, description, choices, default: initial, ...settings });

/** A value that may be given several times. */
export const list = <T = string>(
  flags: string, description: string, settings: Settings & Partial<Parsing<T>> & { readonly required?: boolean } = {},
): Option<readonly T[]> => ({ flags, description, repeatable: true, ...(settings.required ? {} : { default: [] }), ...settings });

/** An operand of a command. */
export interface Argument<T> {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly variadic: boolean;
  readonly parse?: (text: string) => unknown;
  /** Never set; carries the type of the value. */
  readonly type?: T;
}

export function argument(name: string, description: string): Argument<string>;
export function argument<T>(name: string, description: string, parse: Parse<T>): Argument<T>;
export function argument<T>(name: string, description: string, parse?: Parse<T>): Argument<T | string> {
  return { name, description, required: true, variadic: false, parse };
}

export const optionalArgument = (name: string, description: string): Argument<string | undefined> =>
  ({ name, description, required: false, variadic: false });

/** Operands of any number; at least one when `least` is 1. */
export const operands = (name: string, description: string, least: 0 | 1 = 0): Argument<readonly string[]> =>
  ({ name, description, required: least === 1, variadic: true });

export type Arguments = Readonly<Record<string, Argument<unknown>>>;
export type Options = Readonly<Record<string, Option<unknown>>>;

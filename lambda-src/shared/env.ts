import { isLogLevel, type LogLevel } from './logger';

/** The environment of a function is wrong; it cannot start. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';

  constructor(variable: string, rule: string, value: string | undefined) {
    super(`environment variable ${variable} ${rule}, got ${value === undefined ? 'nothing' : `'${value}'`}`);
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A variable that must be set. */
export function requiredText(env: Environment, variable: string): string {
  const value = env[variable];
  if (value === undefined || value === '') throw new EnvironmentError(variable, 'must be set', value);
  return value;
}

/** A positive integer. */
export function positiveInteger(env: Environment, variable: string, fallback: number): number {
  const value = env[variable];
  if (value === undefined) return fallback;
  if (!/^[1-9]\d*$/.test(value)) throw new EnvironmentError(variable, 'must be a positive integer', value);
  return Number(value);
}

/** A number above 0 and up to 1. */
export function fraction(env: Environment, variable: string, fallback: number): number {
  const value = env[variable];
  if (value === undefined) return fallback;
  const number = Number(value);
  if (!/^\d*\.?\d+$/.test(value) || number <= 0 || number > 1) throw new EnvironmentError(variable, 'must be a number above 0 and up to 1', value);
  return number;
}

/** One of known words. */
export function word<const T extends string>(env: Environment, variable: string, known: readonly T[], fallback: NoInfer<T>): T {
  const value = env[variable];
  if (value === undefined) return fallback;
  const found = known.find((one) => one === value);
  if (found === undefined) throw new EnvironmentError(variable, `must be ${known.slice(0, -1).join(', ')} or ${known.at(-1)}`, value);
  return found;
}

/** `true` or `false`. */
export function flag(env: Environment, variable: string, fallback: boolean): boolean {
  return word(env, variable, ['true', 'false'], fallback ? 'true' : 'false') === 'true';
}

/** A comma-separated list of known words, each once. */
export function wordList<T extends string>(env: Environment, variable: string, known: readonly T[], fallback: readonly T[]): readonly T[] {
  const value = env[variable];
  if (value === undefined) return fallback;
  const words = value.split(',').map((entry) => entry.trim());
  if (new Set(words).size !== words.length || !words.every((entry): entry is typeof entry & T => (known as readonly string[]).includes(entry))) {
    throw new EnvironmentError(variable, `must be a list of ${known.join(', ')}, each at most once`, value);
  }
  return words as readonly string[] as readonly T[];
}

/** The level of LOG_LEVEL. */
export function logLevel(env: Environment): LogLevel {
  const value = env.LOG_LEVEL ?? 'INFO';
  if (!isLogLevel(value)) throw new EnvironmentError('LOG_LEVEL', 'must be DEBUG, INFO, WARN or ERROR', value);
  return value;
}

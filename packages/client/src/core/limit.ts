import { ValidationError } from './errors.js';
import { checkLimitName } from './identifiers.js';

/** Largest capacity, refill amount and refill period; millitokens of it stay exact integers. */
export const MAX_LIMIT_VALUE = 999_999_999_999;

const UNITS = { sec: 1, min: 60, hour: 3600, day: 86_400 } as const;
type Unit = keyof typeof UNITS;

const TEXT_INTEGER = /^\s*[+-]?\d+(?:_\d+)*\s*$/;
const TEXT_PERIOD = /^(\d*)(sec|min|hour|day)$/;

export interface BurstOptions {
  /** Capacity of the bucket in tokens; may be lower than the rate. @default the rate */
  readonly burst?: number;
}

export interface CustomLimit {
  /** Most tokens that the bucket can hold. 1 to 999 999 999 999. */
  readonly capacity: number;
  /** Tokens that come back every period. 1 to 999 999 999 999. */
  readonly refillAmount: number;
  /** Seconds in which `refillAmount` tokens come back. 1 to 999 999 999 999. */
  readonly refillPeriodSeconds: number;
}

/**
 * A named token bucket rule: starts full with `capacity` tokens and gains `refillAmount` every `refillPeriodSeconds`, steadily.
 *
 * Plain immutable data; building one makes no call.
 *
 * @throws {InvalidNameError} the name is not valid
 * @throws {ValidationError} a number is not an integer from 1 to 999 999 999 999
 *
 * @example
 * ```ts
 * const limits = [Limit.perMinute('rpm', 100), Limit.perMinute('tpm', 10_000, { burst: 15_000 })];
 * ```
 */
export class Limit {
  /** `rate` tokens per second. */
  static perSecond(name: string, rate: number, options?: BurstOptions): Limit {
    return Limit.per(name, rate, UNITS.sec, options);
  }

  /** `rate` tokens per minute. */
  static perMinute(name: string, rate: number, options?: BurstOptions): Limit {
    return Limit.per(name, rate, UNITS.min, options);
  }

  /** `rate` tokens per hour. */
  static perHour(name: string, rate: number, options?: BurstOptions): Limit {
    return Limit.per(name, rate, UNITS.hour, options);
  }

  /** `rate` tokens per day. */
  static perDay(name: string, rate: number, options?: BurstOptions): Limit {
    return Limit.per(name, rate, UNITS.day, options);
  }

  /** Any capacity, refill amount and period. */
  static custom(name: string, { capacity, refillAmount, refillPeriodSeconds }: CustomLimit): Limit {
    return new Limit(name, capacity, refillAmount, refillPeriodSeconds);
  }

  /**
   * Reads `name:rate[/[N]sec|min|hour|day][:burst]`; the period is a minute when it is left out.
   *
   * Anything after the third field is ignored, as the Python command line does.
   */
  static parse(text: string): Limit {
    const fail = (reason: 'format' | 'not_an_integer', rule: string): never => {
      throw new ValidationError('limit', text, reason, rule);
    };
    const [name, rateText, burstText] = text.split(':');
    if (rateText === undefined) fail('format', "must look like 'name:rate[/period][:burst]'");
    const [rate, ...period] = rateText!.split('/');
    const amount = parseInteger(rate!) ?? fail('not_an_integer', 'must have a whole number as its rate');
    const burst = burstText === undefined ? amount : parseInteger(burstText) ?? fail('not_an_integer', 'must have a whole number as its burst');
    const seconds = period.length === 0 ? UNITS.min : parsePeriod(period.join('/')) ?? fail('format', 'must have a period such as sec, 5min, hour or 7day');
    return new Limit(name!, burst, amount, seconds);
  }

  private static per(name: string, rate: number, seconds: number, options?: BurstOptions): Limit {
    return new Limit(name, options?.burst ?? rate, rate, seconds);
  }

  private constructor(
    readonly name: string,
    /** Most tokens that the bucket can hold. */
    readonly capacity: number,
    /** Tokens that come back every period. */
    readonly refillAmount: number,
    /** Length of the period in seconds. */
    readonly refillPeriodSeconds: number,
  ) {
    checkLimitName(name);
    checkPositive('capacity', capacity);
    checkPositive('refillAmount', refillAmount);
    checkPositive('refillPeriodSeconds', refillPeriodSeconds);
    Object.freeze(this);
  }

  /** For people: `rpm: 1,000/min` or `tpm: 10,000/min (burst: 15,000)`. */
  toString(): string {
    const grouped = (value: number): string => value.toLocaleString('en-US');
    const burst = this.capacity === this.refillAmount ? '' : ` (burst: ${grouped(this.capacity)})`;
    return `${this.name}: ${grouped(this.refillAmount)}${formatPeriod(this.refillPeriodSeconds)}${burst}`;
  }
}

/** Checks a list of limits: at least one, each name once, and each a limit, also when it was not made by `Limit`. */
export function checkLimits(limits: readonly Limit[]): void {
  if (limits.length === 0) throw new ValidationError('limits', '[]', 'empty', 'must hold at least one limit');
  const names = new Set<string>();
  for (const limit of limits) {
    const { name } = limit instanceof Limit ? limit : Limit.custom((limit as Limit).name, limit);
    if (names.has(name)) throw new ValidationError('limits', name, 'duplicate', 'must hold each name once');
    names.add(name);
  }
}

/** `/min`, `/5min`, `/90sec`: the largest unit that divides the period. */
export function formatPeriod(seconds: number): string {
  const unit = (['day', 'hour', 'min', 'sec'] as const).find((name) => seconds % UNITS[name] === 0)!;
  const count = seconds / UNITS[unit];
  return `/${count === 1 ? '' : count}${unit}`;
}

function parseInteger(text: string): number | undefined {
  return TEXT_INTEGER.test(text) ? Number(text.replaceAll('_', '')) : undefined;
}

function parsePeriod(text: string): number | undefined {
  const match = TEXT_PERIOD.exec(text);
  return match === null ? undefined : Number(match[1] || 1) * UNITS[match[2] as Unit];
}

function checkPositive(field: string, value: number): void {
  if (!Number.isInteger(value)) throw new ValidationError(field, value, 'not_an_integer', 'must be an integer');
  if (value <= 0) throw new ValidationError(field, value, 'not_positive', 'must be at least 1');
  if (value > MAX_LIMIT_VALUE) throw new ValidationError(field, value, 'too_large', `must be at most ${MAX_LIMIT_VALUE}`);
}

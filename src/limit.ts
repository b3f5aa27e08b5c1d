import { Duration } from 'aws-cdk-lib';

/** How a limit differs from one that holds no more than its rate. */
export interface BurstOptions {
  /**
   * Capacity of the bucket in tokens: the most that can be taken at once. May be lower than the rate.
   *
   * Range: 1 to 999 999 999 999.
   *
   * @default - the rate
   */
  readonly burst?: number;
}

/**
 * A token bucket rule: a bucket starts full with `capacity` tokens and gains `refillAmount` every `refillPeriod`, steadily.
 *
 * Plain data: its name is the key that it is declared under, and its numbers are checked where it is used.
 *
 * @example
 *
 * declare const limiter: ZaeLimiter;
 *
 * limiter.addLimits('Limits', {
 *   resources: {
 *     'gpt-4': { limits: { rpm: Limit.perMinute(500), tpm: Limit.perMinute(10_000, { burst: 15_000 }) } },
 *   },
 * });
 */
export class Limit {
  /**
   * Tokens per second.
   *
   * @param rate    tokens that come back every second, 1 to 999 999 999 999; also the capacity
   * @param options a capacity that differs from the rate
   */
  public static perSecond(rate: number, options: BurstOptions = {}): Limit {
    return new Limit(options.burst ?? rate, rate, Duration.seconds(1));
  }

  /**
   * Tokens per minute.
   *
   * @param rate    tokens that come back every minute, 1 to 999 999 999 999; also the capacity
   * @param options a capacity that differs from the rate
   */
  public static perMinute(rate: number, options: BurstOptions = {}): Limit {
    return new Limit(options.burst ?? rate, rate, Duration.minutes(1));
  }

  /**
   * Tokens per hour.
   *
   * @param rate    tokens that come back every hour, 1 to 999 999 999 999; also the capacity
   * @param options a capacity that differs from the rate
   */
  public static perHour(rate: number, options: BurstOptions = {}): Limit {
    return new Limit(options.burst ?? rate, rate, Duration.hours(1));
  }

  /**
   * Tokens per day.
   *
   * @param rate    tokens that come back every day, 1 to 999 999 999 999; also the capacity
   * @param options a capacity that differs from the rate
   */
  public static perDay(rate: number, options: BurstOptions = {}): Limit {
    return new Limit(options.burst ?? rate, rate, Duration.days(1));
  }

  /**
   * Any capacity, refill amount and period.
   *
   * @param capacity     most tokens that the bucket can hold, 1 to 999 999 999 999
   * @param refillAmount tokens that come back every period, 1 to 999 999 999 999
   * @param refillPeriod whole seconds, 1 to 999 999 999 999
   */
  public static custom(capacity: number, refillAmount: number, refillPeriod: Duration): Limit {
    return new Limit(capacity, refillAmount, refillPeriod);
  }

  private constructor(
    /** Most tokens that the bucket can hold. */
    public readonly capacity: number,
    /** Tokens that come back every period. */
    public readonly refillAmount: number,
    /** Time in which `refillAmount` tokens come back. */
    public readonly refillPeriod: Duration,
  ) {}
}

import { Limit as ClientLimit } from '@zae-limiter/client';
import { Duration } from 'aws-cdk-lib';
import { Limit } from '../src';

const numbersOf = ({ capacity, refillAmount, refillPeriod }: Limit) => ({ capacity, refillAmount, refillPeriodSeconds: refillPeriod.toSeconds() });

describe('a limit', () => {
  test.each([
    ['perSecond', 1], ['perMinute', 60], ['perHour', 3600], ['perDay', 86_400],
  ] as const)('%s holds its rate, and gets it back in %d seconds', (method, refillPeriodSeconds) => {
    expect(numbersOf(Limit[method](1000))).toEqual({ capacity: 1000, refillAmount: 1000, refillPeriodSeconds });
  });

  test.each(['perSecond', 'perMinute', 'perHour', 'perDay'] as const)('%s has a burst as its capacity, above its rate or below', (method) => {
    expect([150, 50].map((burst) => numbersOf(Limit[method](100, { burst })))).toMatchObject([
      { capacity: 150, refillAmount: 100 }, { capacity: 50, refillAmount: 100 },
    ]);
  });

  test('custom has any capacity, refill amount and period', () => {
    expect(numbersOf(Limit.custom(90_000, 1000, Duration.seconds(10)))).toEqual({ capacity: 90_000, refillAmount: 1000, refillPeriodSeconds: 10 });
  });

  test.each(['perSecond', 'perMinute', 'perHour', 'perDay'] as const)('%s means the same to the client', (method) => {
    const { capacity, refillAmount, refillPeriodSeconds } = ClientLimit[method]('rpm', 100, { burst: 150 });

    expect(numbersOf(Limit[method](100, { burst: 150 }))).toEqual({ capacity, refillAmount, refillPeriodSeconds });
  });
});

import { WritePace } from '@zae-limiter/client/limiter/write-pace';
import { FakeClock } from '@zae-limiter/client/testing';

function setUp(leastMs = 0) {
  const clock = new FakeClock();
  const onTooHot = jest.fn();
  const pace = new WritePace(clock, leastMs, onTooHot);
  /** How long the next write has to wait. */
  const pauseMs = async () => {
    const start = clock.now();
    await clock.drive(new Promise<void>((resolve) => { if (!pace.mustWait(resolve)) resolve(); }));
    pace.mustWait(() => undefined); // the write itself
    return clock.now() - start;
  };
  const throttle = (times: number) => { for (let at = 0; at < times; at++) pace.throttled(); };
  return { clock, pace, onTooHot, pauseMs, throttle };
}

describe('the pause between two writes', () => {
  test('is none as long as nothing is throttled', async () => {
    const { pauseMs } = setUp();

    expect(await pauseMs()).toBe(0);
  });

  test('grows with each throttle up to 20 ms, and halves with each write that was not throttled', async () => {
    const { pace, pauseMs, throttle } = setUp();
    const pauses: number[] = [];

    for (let at = 0; at < 3; at++) {
      throttle(1);
      pauses.push(await pauseMs());
    }
    for (let at = 0; at < 6; at++) {
      pace.notThrottled();
      pauses.push(await pauseMs());
    }

    expect(pauses).toEqual([10, 20, 20, 10, 5, 3, 2, 1, 0]); // a clock wakes at whole milliseconds
  });

  test('holds up all who ask meanwhile, and lets them go on once', async () => {
    const { clock, pace } = setUp(5);
    const resumed = jest.fn();

    expect([pace.mustWait(resumed), pace.mustWait(resumed), pace.mustWait(resumed)]).toEqual([true, true, true]);
    clock.advance(5);
    await new Promise(setImmediate);

    expect(resumed).toHaveBeenCalledTimes(1);
    expect(pace.mustWait(resumed)).toBe(false);
    expect(pace.mustWait(resumed)).toBe(true);
  });
});

describe('a bucket', () => {
  test('is too hot with the third throttle at the widest pause, and then with the third after that', () => {
    const { onTooHot, throttle } = setUp();
    throttle(2); // widens the pause

    throttle(2);
    expect(onTooHot).not.toHaveBeenCalled();
    throttle(1);
    expect(onTooHot).toHaveBeenCalledTimes(1);
    throttle(2);
    expect(onTooHot).toHaveBeenCalledTimes(1);
    throttle(1);
    expect(onTooHot).toHaveBeenCalledTimes(2);
  });

  test('is not too hot when ten seconds pass between the first throttle and the third', () => {
    const { clock, onTooHot, throttle } = setUp();
    throttle(2);

    throttle(2);
    clock.advance(10_000);
    throttle(2);
    expect(onTooHot).not.toHaveBeenCalled();
    clock.advance(9999);
    throttle(1);

    expect(onTooHot).toHaveBeenCalledTimes(1);
  });
});

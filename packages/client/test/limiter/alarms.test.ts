import { Alarms, type Waiter } from '@zae-limiter/client/limiter/alarms';
import { FakeClock } from '@zae-limiter/client/testing';

function setUp() {
  const clock = new FakeClock();
  const timers: AbortSignal[] = [];
  const sleep = clock.sleep.bind(clock);
  jest.spyOn(clock, 'sleep').mockImplementation((ms, signal) => {
    timers.push(signal!);
    return sleep(ms, signal);
  });
  const waiter = (): Waiter & { readonly timeOver: jest.Mock } => ({ timeOver: jest.fn() });
  const advance = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await Promise.resolve();
  };
  return { advance, alarms: new Alarms(clock), timers, waiter };
}

describe('an alarm', () => {
  test('tells those who wait when their time is over, and not before', async () => {
    const { advance, alarms, waiter } = setUp();
    const [one, other] = [waiter(), waiter()];
    alarms.set(100, one);
    alarms.set(100, other);

    await advance(99);
    expect(one.timeOver).not.toHaveBeenCalled();
    await advance(1);

    expect([one.timeOver.mock.calls.length, other.timeOver.mock.calls.length]).toEqual([1, 1]);
  });

  test('does not tell one who has left', async () => {
    const { advance, alarms, waiter } = setUp();
    const [one, other] = [waiter(), waiter()];
    const alarm = alarms.set(100, one);
    alarms.set(100, other);

    alarm.leave(one);
    await advance(100);

    expect([one.timeOver.mock.calls.length, other.timeOver.mock.calls.length]).toEqual([0, 1]);
  });

  test('is one timer for those who begin in the same millisecond and wait equally long, and one each for others', async () => {
    const { advance, alarms, timers, waiter } = setUp();
    alarms.set(100, waiter());
    alarms.set(100, waiter());
    expect(timers).toHaveLength(1);

    alarms.set(200, waiter());
    expect(timers).toHaveLength(2);
    await advance(1);
    alarms.set(200, waiter());

    expect(timers).toHaveLength(3);
  });

  test('leaves no timer behind when the last one leaves, and a new one when somebody comes after that', async () => {
    const { advance, alarms, timers, waiter } = setUp();
    const [one, other, late] = [waiter(), waiter(), waiter()];
    const alarm = alarms.set(100, one);
    alarms.set(100, other);

    alarm.leave(one);
    expect(timers[0]!.aborted).toBe(false);
    alarm.leave(other);
    expect(timers[0]!.aborted).toBe(true);
    alarms.set(100, late);
    await advance(100);

    expect(late.timeOver).toHaveBeenCalledTimes(1);
  });

  test('that is over takes nobody in, even when no time has passed', async () => {
    const { advance, alarms, waiter } = setUp();
    const [one, other] = [waiter(), waiter()];
    const alarm = alarms.set(0, one);
    await advance(0);
    alarm.leave(one);

    alarms.set(0, other);
    await advance(0);

    expect([one.timeOver.mock.calls.length, other.timeOver.mock.calls.length]).toEqual([1, 1]);
  });
});

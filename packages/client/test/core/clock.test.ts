import { systemClock } from '@zae-limiter/client/core/clock';

describe('the system clock', () => {
  beforeEach(() => void jest.useFakeTimers({ now: 1_900_000_000_123 }));
  afterEach(() => void jest.useRealTimers());

  /** Whether a sleep is over, without waiting for it. */
  function watch(sleep: Promise<void>): { readonly state: () => Promise<'asleep' | 'awake'> } {
    let state: 'asleep' | 'awake' = 'asleep';
    void sleep.then(() => { state = 'awake'; });
    return {
      async state() {
        await jest.advanceTimersByTimeAsync(0);
        return state;
      },
    };
  }

  test('tells milliseconds since the epoch', () => {
    expect(systemClock.now()).toBe(1_900_000_000_123);
  });

  test('sleeps as long as it is told, and no shorter', async () => {
    const { state } = watch(systemClock.sleep(1000));

    await jest.advanceTimersByTimeAsync(999);
    expect(await state()).toBe('asleep');
    await jest.advanceTimersByTimeAsync(1);
    expect(await state()).toBe('awake');
  });

  test('sleeps for longer than a timer can', async () => {
    const days = (count: number): number => count * 86_400_000;
    const { state } = watch(systemClock.sleep(days(60)));

    await jest.advanceTimersByTimeAsync(days(60) - 1);
    expect(await state()).toBe('asleep');
    await jest.advanceTimersByTimeAsync(1);
    expect(await state()).toBe('awake');
  });

  test('sleeps for the longest time of one timer with one timer', async () => {
    const { state } = watch(systemClock.sleep(2 ** 31 - 1));

    expect(jest.getTimerCount()).toBe(1);
    await jest.advanceTimersByTimeAsync(2 ** 31 - 2);
    expect(await state()).toBe('asleep');
    await jest.advanceTimersByTimeAsync(1);
    expect(await state()).toBe('awake');
    expect(jest.getTimerCount()).toBe(0);
  });

  test('is woken by a signal, with its reason, and leaves no timer behind', async () => {
    const reason = new Error('no longer wanted');
    const controller = new AbortController();
    const sleep = systemClock.sleep(1000, controller.signal);

    controller.abort(reason);

    await expect(sleep).rejects.toBe(reason);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('does not fall asleep when the signal came before', async () => {
    await expect(systemClock.sleep(1000, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
    expect(jest.getTimerCount()).toBe(0);
  });

  test('no longer listens to the signal once it is awake', async () => {
    const controller = new AbortController();
    const remove = jest.spyOn(controller.signal, 'removeEventListener');
    const sleep = systemClock.sleep(10, controller.signal);

    await jest.advanceTimersByTimeAsync(10);
    await sleep;

    expect(remove).toHaveBeenCalledWith('abort', expect.any(Function));
  });
});

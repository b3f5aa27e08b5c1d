/** Source of time. Inject one to test without waiting. */
export interface Clock {
  /** Whole milliseconds since the Unix epoch. */
  now(): number;

  /** Resolves after this many milliseconds; rejects with the signal's reason when it is aborted before. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;

  /**
   * Calls back after this many milliseconds, unless the function that it returns is called before.
   *
   * @default made from `sleep`, which takes longer
   */
  schedule?(ms: number, callback: () => void): () => void;
}

/** Timers of JavaScript overflow beyond this, and then fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock & Required<Pick<Clock, 'schedule'>> = {
  now: () => Date.now(),
  sleep: (ms, signal) => new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const cancel = systemClock.schedule(ms, () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
    const abort = (): void => {
      cancel();
      reject(signal!.reason as Error);
    };
    signal?.addEventListener('abort', abort, { once: true });
  }),
  schedule: (ms, callback) => {
    let timer: NodeJS.Timeout;
    const wait = (left: number): void => {
      timer = setTimeout(() => (left > LONGEST_TIMER_MS ? wait(left - LONGEST_TIMER_MS) : callback()), Math.min(left, LONGEST_TIMER_MS));
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};

/** `clock.schedule`, for every clock. */
export function schedule(clock: Clock, ms: number, callback: () => void): () => void {
  if (clock.schedule !== undefined) return clock.schedule(ms, callback);
  const cancelled = new AbortController();
  clock.sleep(ms, cancelled.signal).then(callback, () => undefined);
  return () => cancelled.abort(true); // without a reason it would make an error with a stack
}

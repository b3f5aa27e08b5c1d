import { schedule, type Clock } from '../core/clock.js';

/** What is left of an abort signal for work that only asks now and then: signals of requests would take longer than the rest. */
export interface Abandonment {
  aborted: boolean;
  reason: unknown;
}

export interface Deadline<T> {
  readonly clock: Clock;
  /** Longest wait for the work. */
  readonly ms: number;
  /** The caller's: gives up when it is aborted. */
  readonly signal: AbortSignal | undefined;
  /** What to reject with when the time is over. */
  tooLate(): Error;
  /** Called with what the work brings after nobody waits for it any more. */
  late(result: T): void;
}

/**
 * The result of `work`, unless the time is over or the caller gives up first.
 *
 * Exactly one of the three decides, in one step: a result is either returned or `late`, never both and never neither.
 *
 * @param work is told when nobody waits for it any more
 */
export function withDeadline<T>(work: (abandoned: Abandonment) => Promise<T>, { clock, ms, signal, tooLate, late }: Deadline<T>): Promise<T> {
  const abandoned: Abandonment = { aborted: false, reason: undefined };
  return new Promise((resolve, reject) => {
    let decided = false;
    const first = (): boolean => {
      if (decided) return false;
      decided = true;
      signal?.removeEventListener('abort', onAbort); // the caller's signal may live as long as the process
      cancel();
      return true;
    };
    const giveUp = (reason: Error): void => {
      if (!first()) return;
      Object.assign(abandoned, { aborted: true, reason });
      reject(reason);
    };
    const onAbort = (): void => giveUp(signal!.reason as Error);
    signal?.addEventListener('abort', onAbort);
    const cancel = schedule(clock, ms, () => giveUp(tooLate()));
    work(abandoned).then(
      (result) => (first() ? resolve(result) : late(result)),
      (error: unknown) => { if (first()) reject(error as Error); },
    );
  });
}

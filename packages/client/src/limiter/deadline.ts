import type { Clock } from '../core/clock.js';

/** Why a timer ends early. Without a reason, each abort would make an error with a stack, which takes longer than the rest. */
const DECIDED = true;

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
 * @param work gets a signal that is aborted when nobody waits for it any more
 */
export function withDeadline<T>(work: (abandoned: AbortSignal) => Promise<T>, { clock, ms, signal, tooLate, late }: Deadline<T>): Promise<T> {
  const abandoned = new AbortController();
  const timer = new AbortController();
  return new Promise((resolve, reject) => {
    let decided = false;
    const first = (): boolean => {
      if (decided) return false;
      decided = true;
      signal?.removeEventListener('abort', onAbort); // the caller's signal may live as long as the process
      timer.abort(DECIDED);
      return true;
    };
    const giveUp = (reason: Error): void => {
      if (!first()) return;
      abandoned.abort(reason);
      reject(reason);
    };
    const onAbort = (): void => giveUp(signal!.reason as Error);
    signal?.addEventListener('abort', onAbort);
    clock.sleep(ms, timer.signal).then(() => giveUp(tooLate()), () => undefined);
    work(abandoned.signal).then(
      (result) => (first() ? resolve(result) : late(result)),
      (error: unknown) => { if (first()) reject(error as Error); },
    );
  });
}

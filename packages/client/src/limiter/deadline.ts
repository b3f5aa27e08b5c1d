import type { Alarm, Alarms, Waiter } from './alarms.js';

/** What is left of an abort signal for work that only asks now and then: signals of requests would take longer than the rest. */
export interface Abandonment {
  readonly aborted: boolean;
  readonly reason: unknown;
}

export interface Deadline<T> {
  readonly alarms: Alarms;
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
export function withDeadline<T>(work: (abandoned: Abandonment) => Promise<T>, deadline: Deadline<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const wait = new Wait(deadline, resolve, reject);
    work(wait).then((result) => wait.bring(result), (error: unknown) => wait.fail(error));
  });
}

/** One caller who waits for work; an object without closures, because there is one for each request. */
class Wait<T> implements Abandonment, Waiter {
  aborted = false;
  reason: unknown;
  private readonly alarm: Alarm;

  constructor(
    private readonly deadline: Deadline<T>,
    private readonly resolve: (result: T) => void, private readonly reject: (error: unknown) => void,
  ) {
    deadline.signal?.addEventListener('abort', this);
    this.alarm = deadline.alarms.set(deadline.ms, this);
  }

  bring(result: T): void {
    if (this.aborted) return this.deadline.late(result);
    this.end();
    this.resolve(result);
  }

  fail(error: unknown): void {
    if (this.aborted) return;
    this.end();
    this.reject(error);
  }

  timeOver(): void {
    this.giveUp(this.deadline.tooLate());
  }

  /** The caller's signal was aborted. */
  handleEvent(): void {
    this.giveUp(this.deadline.signal!.reason);
  }

  private giveUp(reason: unknown): void {
    this.end();
    this.aborted = true;
    this.reason = reason;
    this.reject(reason);
  }

  /** Neither the alarm nor the caller's signal, which may live as long as the process, tells this one anything more. */
  private end(): void {
    this.deadline.signal?.removeEventListener('abort', this);
    this.alarm.leave(this);
  }
}

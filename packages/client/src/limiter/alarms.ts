import type { Clock } from '../core/clock.js';

/** Who waits for a time to be over. */
export interface Waiter {
  timeOver(): void;
}

/** Tells waiters when their time is over. Those who begin in the same millisecond share a timer: one for each is most of what a request costs. */
export class Alarms {
  private latest: Alarm | undefined;

  constructor(private readonly clock: Clock) {}

  /** The waiter is told after this many milliseconds, unless it leaves the alarm before. */
  set(ms: number, waiter: Waiter): Alarm {
    const setAt = this.clock.now();
    if (this.latest === undefined || !this.latest.isFor(ms, setAt)) this.latest = new Alarm(this.clock, ms, setAt);
    return this.latest.join(waiter);
  }
}

/** One timer, and those who wait for it. */
export class Alarm {
  private readonly waiters = new Set<Waiter>();
  private readonly timer = new AbortController();
  private over = false;

  constructor(clock: Clock, private readonly ms: number, private readonly setAt: number) {
    clock.sleep(ms, this.timer.signal).then(() => {
      this.over = true;
      for (const waiter of this.waiters) waiter.timeOver();
    }, () => undefined);
  }

  isFor(ms: number, setAt: number): boolean {
    return !this.over && this.ms === ms && this.setAt === setAt;
  }

  join(waiter: Waiter): this {
    this.waiters.add(waiter);
    return this;
  }

  /** The last one to leave stops the timer, which would keep the process. */
  leave(waiter: Waiter): void {
    this.waiters.delete(waiter);
    if (this.over || this.waiters.size > 0) return;
    this.over = true;
    this.timer.abort(true); // without a reason it would make an error with a stack
  }
}

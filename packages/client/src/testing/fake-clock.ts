import type { Clock } from '../core/clock.js';

interface Sleeper {
  readonly until: number;
  wake(): void;
}

/** A clock that moves only when it is told to. It starts in the year 2100, so that nothing that it stamps has expired. */
export class FakeClock implements Clock {
  /** In the order in which they wake. */
  private readonly sleepers: Sleeper[] = [];

  constructor(private ms: number = Date.UTC(2100, 0, 1)) {}

  now(): number {
    return this.ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const abort = (): void => {
        this.sleepers.splice(this.sleepers.indexOf(sleeper), 1);
        reject(signal!.reason as Error);
      };
      const sleeper: Sleeper = { until: this.ms + Math.ceil(ms), wake: () => { signal?.removeEventListener('abort', abort); resolve(); } };
      signal?.addEventListener('abort', abort, { once: true });
      const later = this.sleepers.findIndex(({ until }) => until > sleeper.until);
      this.sleepers.splice(later === -1 ? this.sleepers.length : later, 0, sleeper);
    });
  }

  /** The same clock as a machine sees it whose clock is ahead by this many milliseconds, or behind by a negative number. */
  skewed(aheadMs: number): Clock {
    return { now: () => this.ms + aheadMs, sleep: (ms, signal) => this.sleep(ms, signal) };
  }

  /** Moves the time and wakes those whose time has come; a negative number moves it back. */
  advance(ms: number): void {
    this.ms += ms;
    while (this.sleepers[0] !== undefined && this.sleepers[0].until <= this.ms) this.sleepers.shift()!.wake();
  }

  /**
   * Waits for `work`, moving the time to the next sleeper whenever nothing else happens: minutes pass in no time, in the
   * order in which they would. For stores that answer from memory; a real call does not hold the time up.
   */
  async drive<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const settle = (): void => { settled = true; };
    work.then(settle, settle);
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (settled) return work;
      const next = this.sleepers[0];
      if (next !== undefined) this.advance(Math.max(0, next.until - this.ms));
    }
  }
}

import type { Clock } from '../core/clock.js';

/** A clock that moves only when it is told to. It starts in the year 2100, so that nothing that it stamps has expired. */
export class FakeClock implements Clock {
  constructor(private ms: number = Date.UTC(2100, 0, 1)) {}

  now(): number {
    return this.ms;
  }

  /** Moves the time; a negative number moves it back. */
  advance(ms: number): void {
    this.ms += ms;
  }
}

import type { Clock } from '../core/clock.js';

/** A clock that moves only when it is told to. */
export class FakeClock implements Clock {
  constructor(private ms: number = Date.UTC(2026, 0, 1)) {}

  now(): number {
    return this.ms;
  }

  /** Moves the time; a negative number moves it back. */
  advance(ms: number): void {
    this.ms += ms;
  }
}

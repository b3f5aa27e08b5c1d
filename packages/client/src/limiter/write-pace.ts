import type { Clock } from '../core/clock.js';

/** Each throttle adds a step to the pause between two writes, each write that was not throttled halves it. */
const STEP_MS = 10;
const WIDEST_MS = 20;

/** Throttles within this time, at the widest pause, after which a bucket is too hot for one partition. */
const TOO_HOT = { throttles: 3, withinMs: 10_000 };

/** How often a bucket is written: as soon as there is something to write, and less often while DynamoDB throttles it. */
export class WritePace {
  private pauseMs = 0;
  private pause: 'none' | 'running' | 'over' = 'none';
  /** When DynamoDB throttled the bucket although it was written as rarely as may be. */
  private throttles: number[] = [];

  /**
   * @param leastMs how long a write waits for more requests to share it in any case
   * @param onTooHot called when DynamoDB goes on throttling the bucket
   */
  constructor(private readonly clock: Clock, private readonly leastMs: number, private readonly onTooHot: () => void) {}

  /** True when the next write has to wait; `resume` is then called at the end of the pause, once for all who ask meanwhile. */
  mustWait(resume: () => void): boolean {
    if (this.pause === 'running') return true;
    const pauseMs = Math.max(this.leastMs, this.pauseMs);
    if (pauseMs === 0 || this.pause === 'over') {
      this.pause = 'none';
      return false;
    }
    this.pause = 'running';
    void this.clock.sleep(pauseMs).then(() => {
      this.pause = 'over';
      resume();
    });
    return true;
  }

  throttled(): void {
    if (this.pauseMs < WIDEST_MS) {
      this.pauseMs = Math.min(WIDEST_MS, this.pauseMs + STEP_MS);
      return;
    }
    const now = this.clock.now();
    this.throttles = [...this.throttles.filter((at) => at > now - TOO_HOT.withinMs), now];
    if (this.throttles.length < TOO_HOT.throttles) return;
    this.throttles = [];
    this.onTooHot();
  }

  notThrottled(): void {
    this.pauseMs = this.pauseMs < 1 ? 0 : this.pauseMs / 2;
  }
}

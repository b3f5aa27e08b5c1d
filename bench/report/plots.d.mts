interface Point {
  readonly x: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Which of several curves it is on. */
  readonly series?: string;
}

interface Curves {
  readonly keys: readonly Point[];
  readonly limits: readonly Point[];
  readonly callers: readonly Point[];
}

/** Draws the curves into a folder; each file begins with the digest. */
export function drawGrowth(folder: string, digest: string, curves: Curves): Promise<void>;

interface Point {
  readonly x: number;
  /** What is drawn over it, by its name in the legend. */
  readonly lines: Readonly<Record<string, number>>;
}

export interface Curve {
  /** Name of the file, without its ending. */
  readonly name: string;
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** Scales that are logarithmic. */
  readonly log: readonly ('x' | 'y')[];
  readonly points: readonly Point[];
}

/** Draws curves into a folder; each file begins with the digest. */
export function drawCurves(folder: string, digest: string, curves: readonly Curve[]): Promise<void>;

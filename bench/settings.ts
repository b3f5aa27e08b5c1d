/** How much is measured. */
export interface Settings {
  readonly quick: boolean;
  /** Times that every case is measured, in turn with all others. */
  readonly rounds: number;
  readonly windowMs: number;
  /** Cores that other processes may use on average; a window in which they used more is measured again. */
  readonly othersCores: number;
  /** Times that a window is measured again at most. */
  readonly repetitions: number;
  /** Most keys of the growth curves. */
  readonly mostKeys: number;
}

export const FULL: Settings = { quick: false, rounds: 5, windowMs: 1500, othersCores: 0.2, repetitions: 1, mostKeys: 100_000 };
/** Ends within two minutes; its figures are rough. */
export const QUICK: Settings = { quick: true, rounds: 2, windowMs: 150, othersCores: Infinity, repetitions: 0, mostKeys: 1000 };

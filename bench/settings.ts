/** How much is measured. */
export interface Settings {
  readonly quick: boolean;
  /** Times that every case is measured, in turn with all others. */
  readonly rounds: number;
  /** Rounds before those, which are not counted: server and clients are compiled and connect meanwhile. */
  readonly warmUpRounds: number;
  readonly windowMs: number;
  /** How long a load is on before it is measured, so that what is compiled late, cached or connected is. */
  readonly warmUpMs: number;
  /** Cores that other processes may use on average; a window in which they used more is measured again. @default any */
  readonly othersCores?: number;
  /** Times that a window is measured again at most. */
  readonly repetitions: number;
  /** Most keys of the growth curves. */
  readonly mostKeys: number;
}

export const FULL: Settings = {
  quick: false, rounds: 5, warmUpRounds: 2, windowMs: 1000, warmUpMs: 200, othersCores: 0.2, repetitions: 1, mostKeys: 100_000,
};
/** Ends within two minutes; its figures are rough. */
export const QUICK: Settings = {
  quick: true, rounds: 2, warmUpRounds: 1, windowMs: 150, warmUpMs: 0, repetitions: 0, mostKeys: 1000,
};

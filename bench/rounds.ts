import type { Load, Window } from './load';
import { watchOthers } from './machine';
import type { Settings } from './settings';
import type { SubjectProcess } from './subject-process';

/** A load on a subject, in one process or several. */
export interface Case extends Omit<Load, 'ms' | 'warmUpMs'> {
  readonly subject: string;
  /** Processes that share the callers. */
  readonly processes: number;
}

/** A case with a window of every round. */
export interface Measured extends Case {
  readonly rounds: readonly MeasuredWindow[];
  /** Windows that failed, and were measured again. */
  readonly failures: number;
}

export interface MeasuredWindow extends Window {
  /** Cores that other processes used meanwhile. */
  readonly othersCores: number;
}

export interface Bench {
  readonly settings: Settings;
  /** The processes of a subject, as many as asked for. */
  processes(subject: string, count: number): readonly SubjectProcess[];
  log(line: string): void;
}

/** Measures all cases, round by round, so that whatever slows the machine down slows all of them. */
export async function measureRounds(bench: Bench, cases: readonly Case[]): Promise<Measured[]> {
  const windows: MeasuredWindow[][] = cases.map(() => []);
  const failures = cases.map(() => 0);
  const { rounds, warmUpRounds } = bench.settings;
  for (let round = 1 - warmUpRounds; round <= rounds; round++) {
    bench.log(round > 0 ? `round ${round} of ${rounds}` : `${cases.length} cases to warm up`);
    for (let at = 0; at < cases.length; at++) {
      const index = (at + (round + warmUpRounds) * 7) % cases.length; // no case is always the first
      const window = await measureCase(bench, cases[index]!).catch((error: Error) => {
        bench.log(`measured again, because it failed: ${error.message}`); // half an hour must not be lost to one request
        failures[index]!++;
        return measureCase(bench, cases[index]!);
      });
      if (round > 0) windows[index]!.push(window);
    }
  }
  return cases.map((of, index) => ({ ...of, rounds: windows[index]!, failures: failures[index]! }));
}

async function measureCase(bench: Bench, { subject, processes, ...load }: Case): Promise<MeasuredWindow> {
  const { settings: { windowMs, warmUpMs, othersCores, repetitions } } = bench;
  const workers = bench.processes(subject, processes);
  const share: Load = { ...load, callers: load.callers / processes, ms: windowMs, warmUpMs };
  let quietest: MeasuredWindow | undefined;
  for (let attempt = 0; attempt <= repetitions; attempt++) {
    const others = watchOthers();
    const windows = await Promise.all(workers.map((worker) => worker.measure(share)));
    const window = { ...together(windows), othersCores: others() };
    if (quietest === undefined || window.othersCores < quietest.othersCores) quietest = window;
    if (othersCores === undefined || window.othersCores <= othersCores) break;
  }
  return quietest!;
}

/** What several processes did at the same time. */
function together(windows: readonly Window[]): Window {
  const operations = windows.reduce((sum, window) => sum + window.operations, 0);
  const mean = (figure: 'ms' | 'p50Ms' | 'cpuUs' | 'calls'): number =>
    windows.reduce((sum, window) => sum + window[figure]! * window.operations, 0) / operations;
  const p99Ms = Math.max(...windows.map((window) => window.p99Ms));
  const calls = windows[0]!.calls === undefined ? undefined : mean('calls');
  return { operations, ms: mean('ms'), p50Ms: mean('p50Ms'), p99Ms, cpuUs: mean('cpuUs'), calls };
}

import type { Summary } from './measurements.js';

export interface Step extends Summary {
  readonly users: number;
  /** Median of the baseline divided by that of the step: 1 when answers take no longer, less when they do. */
  readonly efficiency: number;
}

export interface Tuning {
  /** In the order in which they were made; the baseline first. */
  readonly steps: readonly Step[];
  /** The step with most users that was efficient enough. */
  readonly optimum: Step;
}

/** Difference of users that is not worth another step, as a part of the most. */
const PRECISION = 0.05;

/**
 * Finds how many users one process serves before answers slow down: halves the range between one user and the most until
 * it is narrow.
 *
 * @param threshold least efficiency, above 0 to 1
 * @param load      makes a load with so many users; undefined once it was interrupted
 */
export async function tune(
  { maxUsers, threshold }: { readonly maxUsers: number; readonly threshold: number },
  load: (users: number, baseline: boolean) => Promise<Summary | undefined>,
): Promise<Tuning | undefined> {
  const first = await load(1, true);
  if (first === undefined) return undefined;
  const baseline: Step = { ...first, users: 1, efficiency: 1 };
  const steps = [baseline];
  let optimum = baseline;
  let [low, high] = [1, maxUsers + 1]; // `low` is efficient, `high` is not, or out of range
  for (let users = maxUsers; high - low > Math.max(1, maxUsers * PRECISION); users = Math.floor((low + high) / 2)) {
    const summary = await load(users, false);
    if (summary === undefined) break;
    const step: Step = { ...summary, users, efficiency: efficiencyOf(baseline, summary) };
    steps.push(step);
    if (step.efficiency >= threshold) [low, optimum] = [users, step];
    else high = users;
  }
  return { steps, optimum };
}

/** A step in which requests failed is not efficient, however fast they did. */
function efficiencyOf({ p50Ms: usual }: Summary, { p50Ms, failures }: Summary): number {
  if (usual === null || p50Ms === null || failures > 0) return 0;
  return p50Ms === 0 ? 1 : Math.min(1, Math.round((usual / p50Ms) * 1000) / 1000);
}

/** Processes that serve so many users at the optimum, and what they answer per second together. */
export const recommend = ({ users: each, requestsPerSecond }: Step, users: number): { users: number; processes: number; requestsPerSecond: number } =>
  ({ users, processes: Math.ceil(users / each), requestsPerSecond: Math.round((requestsPerSecond / each) * users) });

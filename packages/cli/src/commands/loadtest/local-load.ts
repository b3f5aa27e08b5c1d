import type { RateLimiter } from '@zae-limiter/client';
import type { Context } from '../../context.js';
import { invalid } from '../../errors.js';
import { runLoad } from '../../loadtest/load.js';
import type { Summary } from '../../loadtest/measurements.js';
import { readScenario, type UserClass } from '../../loadtest/scenario.js';
import { count } from '../../output/text.js';
import { notHere } from './flags.js';

export interface Target {
  readonly limiter: RateLimiter;
  readonly classes: readonly UserClass[];
}

interface TargetValues {
  readonly local: boolean;
  readonly file?: string;
  readonly userClasses: readonly string[];
}

/** What is loaded, and with what. Asks before requests go to a table that is not one of this machine. */
export async function openTarget(context: Context, what: string, { local, file, userClasses }: TargetValues): Promise<Target> {
  if (!local) throw notHere(`'${what}' without --local`);
  if (file === undefined) throw invalid("required option '-f, --file <file>' not specified");
  const classes = await readScenario(context.io.cwd, file, userClasses);
  if (context.dryRun) throw invalid('a load cannot be tried without writing: leave out --dry-run, or load a limiter of this machine with --endpoint-url');
  if (!(await context.aws()).local) await context.confirm(`This takes tokens from limiter '${context.name}' in AWS, which may then refuse others. Go on?`);
  const { limiter } = await context.namespace();
  return { limiter, classes };
}

/** Makes a load and shows how it goes. Ctrl-C ends it early. */
export async function loadLocally(
  context: Context, { limiter, classes }: Target, title: string,
  load: { readonly users: number; readonly spawnRate: number; readonly durationMs: number },
): Promise<Summary> {
  const progress = await context.progress(title);
  const summary = await runLoad({
    ...load, classes, clock: context.io.clock, watch: () => performance.now(), signal: context.signal,
    send: async (request) => {
      const decision = await limiter.tryAcquire(request);
      if (decision.outcome === 'unavailable') throw decision.cause;
      return decision.allowed;
    },
    onProgress: ({ requests, part }) => progress.update(`${title}: ${count(requests)} requests`, part),
  });
  progress.done(`${title}: ${count(summary.requests)} requests`);
  return summary;
}

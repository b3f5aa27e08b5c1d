import { flag, value } from '../command/option.js';
import { duration } from '../command/parsers.js';
import type { Context } from '../context.js';
import { invalid } from '../errors.js';
import type { Result } from '../output/result.js';

/** Moves to the top of the terminal and clears what is below. */
const CLEAR = '\u001b[H\u001b[J';
const SHORTEST_MS = 100;

/** Flags of commands that can show their result again and again. */
export const watchOptions = {
  watch: flag('--watch', 'show it again and again, until Ctrl-C'),
  interval: value('--interval <duration>', 'time between two views of --watch', 2000, { parse: duration }),
};

interface WatchValues {
  readonly watch: boolean;
  readonly interval: number;
}

/** One result; with `--watch` one after the other until Ctrl-C, on a terminal each in place of the one before. */
export async function watching(context: Context, { watch, interval }: WatchValues, look: () => Promise<Result>): Promise<Result | undefined> {
  if (!watch) return look();
  if (interval < SHORTEST_MS) throw invalid(`--interval must be at least ${SHORTEST_MS}ms`);
  const { stdout, clock } = context.io;
  while (!context.signal.aborted) {
    const result = await look();
    if (stdout.isTTY === true) stdout.write(CLEAR);
    await context.print(result);
    await clock.sleep(interval, context.signal).catch(() => {}); // Ctrl-C is how a watch ends
  }
  return undefined;
}

/** Work that takes a while, as it is shown. */
export interface Progress {
  /** What is going on now; with a part from 0 to 1 it is a bar. */
  update(message: string, part?: number): void;
  /** Ends the display. The message stays. */
  done(message: string): void;
  failed(message: string): void;
}

export const NO_PROGRESS: Progress = { update: () => {}, done: () => {}, failed: () => {} };

/** Lines for a log: one for each new message. */
export function lineProgress(write: (line: string) => void): Progress {
  let last: string | undefined;
  const line = (message: string): void => {
    if (message !== last) write(message);
    last = message;
  };
  return { update: line, done: line, failed: line };
}

/** A spinner with the time that has passed, or a bar once the part is known; on standard error. */
export async function terminalProgress(message: string): Promise<Progress> {
  const { progress, spinner } = await import('@clack/prompts');
  const output = process.stderr;
  const waiting = spinner({ output, indicator: 'timer' });
  waiting.start(message);
  let bar: ReturnType<typeof progress> | undefined;
  let advanced = 0;
  return {
    update(text, part) {
      if (part === undefined) return (bar ?? waiting).message(text);
      if (bar === undefined) {
        waiting.clear();
        bar = progress({ output, max: BAR });
        bar.start(text);
      }
      const steps = Math.round(part * BAR) - advanced;
      advanced += steps;
      bar.advance(steps, text);
    },
    done: (text) => (bar ?? waiting).stop(text),
    failed: (text) => (bar ?? waiting).error(text),
  };
}

const BAR = 100;

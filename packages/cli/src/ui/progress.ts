import { printable } from '../output/printable.js';

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

/** A spinner with the time that has passed, or a bar once the part is known. Leaves Ctrl-C alone. */
export async function terminalProgress(message: string, stream: NodeJS.WriteStream, now: () => number): Promise<Progress> {
  const [{ default: ora }, { Presets, SingleBar }] = await Promise.all([import('ora'), import('cli-progress')]);
  const began = now();
  const spinner = ora({ stream, text: printable(message), discardStdin: false, suffixText: () => `${Math.floor((now() - began) / 1000)} s` }).start();
  const bar = new SingleBar({ stream, format: '{bar} {percentage}% {message}', clearOnComplete: true }, Presets.shades_classic);
  const end = (): void => { if (bar.isActive) bar.stop(); };
  return {
    update(text, part) {
      if (part === undefined) {
        spinner.text = printable(text);
        return;
      }
      if (bar.isActive) return bar.update(part, { message: printable(text) });
      spinner.stop();
      bar.start(1, part, { message: printable(text) });
    },
    done(text) {
      end();
      spinner.stopAndPersist({ symbol: '', suffixText: '', text: printable(text) });
    },
    failed(text) {
      end();
      spinner.fail(printable(text));
    },
  };
}

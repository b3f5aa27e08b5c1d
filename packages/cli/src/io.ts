import type { Clock } from '@zae-limiter/client';
import type { NameCache } from './name-cache.js';

/** What a command can reach of the process that runs it. A test gives its own. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  /** Names that were used before, for completion; undefined to remember none. */
  readonly names?: NameCache;
  /** Aborted when the process is told to end, as by Ctrl-C. */
  readonly signal: AbortSignal;
  /**
   * Hands over each signal that tells the process to end, until the function that it returns is called. Meanwhile a second one does
   * not end the process at once.
   */
  onSignal(listener: (signal: NodeJS.Signals) => void): () => void;
}

export interface Output {
  readonly isTTY?: boolean;
  /** Characters of a line; undefined when it is no terminal. */
  readonly columns?: number;
  write(text: string): unknown;
}

/** Somebody sits before it and can answer. */
export const isInteractive = ({ stdin, stderr }: Io): boolean => stdin.isTTY === true && stderr.isTTY === true;

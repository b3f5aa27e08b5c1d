import type { Instance } from './instance.js';

/** What an instance is to be like. */
export interface Wanted {
  readonly name: string;
  readonly port: number;
  readonly data: string | null;
  readonly image: string;
}

/** How an instance is doing. */
export interface Health {
  /** Whether it answers. */
  readonly healthy: boolean;
  /** Services with their states; null for one that is a single service. */
  readonly services: Readonly<Record<string, string>> | null;
}

/** Something that runs a limiter's table on this machine. */
export interface Backend {
  /** What people call it. */
  readonly title: string;
  /** Starts it, and waits until it can be used. @throws {CliError} why it cannot */
  start(wanted: Wanted): Promise<Instance>;
  isRunning(instance: Instance): Promise<boolean>;
  health(instance: Pick<Instance, 'port'>): Promise<Health>;
  stop(instance: Instance): Promise<void>;
  /** The last lines of its log, and then, when they are followed, new ones until the command is interrupted. */
  logs(instance: Instance, options: LogOptions): AsyncIterable<readonly string[]>;
}

export interface LogOptions {
  readonly tail: number;
  readonly follow: boolean;
}

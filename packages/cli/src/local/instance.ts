import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { invalid } from '../errors.js';

export const BACKENDS = ['dynamodb-local', 'localstack'] as const;
export type BackendName = typeof BACKENDS[number];

/** What was started on this machine, and where. */
export interface Instance {
  readonly backend: BackendName;
  /** Of the limiter. */
  readonly name: string;
  readonly port: number;
  /** Process that keeps it running; null when a container does. */
  readonly pid: number | null;
  /** Folder that keeps its items; null when they are kept in memory. */
  readonly data: string | null;
  /** File that it writes its log to; null when the container has it. */
  readonly log: string | null;
  /** Image of the container; null without one. */
  readonly image: string | null;
  /** ISO 8601. */
  readonly startedAt: string;
}

/** Port that LocalStack made customary. */
export const DEFAULT_PORT = 4566;

export const endpointOf = (port: number): string => `http://127.0.0.1:${port}`;

/** Where a socket's path ends to fit, on the narrowest system (macOS). */
const MAX_SOCKET_PATH = 103;

/** The files that belong to a port, in the user's folder for such things. */
export class InstanceFiles {
  readonly log: string;
  /** Answers for as long as the instance runs: unlike the number of a process, nobody else can have it later. */
  readonly socket: string;
  private readonly folder: string;
  private readonly record: string;

  /** @throws {CliError} the folder's path is too long for a socket */
  constructor(env: Readonly<Record<string, string | undefined>>, port: number) {
    const { XDG_STATE_HOME: state = '', HOME: home = homedir() } = env;
    this.folder = join(isAbsolute(state) ? state : join(home, '.local', 'state'), 'zae-limiter', 'local');
    this.record = join(this.folder, `${port}.json`);
    this.log = join(this.folder, `${port}.log`);
    this.socket = join(this.folder, `${port}.sock`);
    if (Buffer.byteLength(this.socket) > MAX_SOCKET_PATH) {
      throw invalid(`the path '${this.socket}' is too long for a socket`, 'set XDG_STATE_HOME to a folder with a shorter path');
    }
  }

  /** Makes the folder, for nobody but the user. */
  prepare(): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
  }

  /** What was started; undefined when nothing was, or it was ended. It may have died since. */
  read(): Instance | undefined {
    try {
      return JSON.parse(readFileSync(this.record, 'utf8')) as Instance;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  write(instance: Instance): void {
    writeFileSync(this.record, `${JSON.stringify(instance, undefined, 2)}\n`, { mode: 0o600 });
  }

  /** Forgets the instance. Its log stays. */
  remove(): void {
    rmSync(this.record, { force: true });
  }
}

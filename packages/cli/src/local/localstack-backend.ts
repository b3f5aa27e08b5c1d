import type { Context } from '../context.js';
import { CliError } from '../errors.js';
import type { Backend, Health, LogOptions, Wanted } from './backend.js';
import { Docker } from './docker.js';
import { endpointOf, InstanceFiles, type Instance } from './instance.js';

const CONTAINER = 'zae-limiter-localstack';
/** Port that it listens on within its container. */
const INNER_PORT = 4566;
/** What a deployment and its operation need. */
const SERVICES = 'cloudformation,cloudwatch,dynamodb,dynamodbstreams,events,iam,kms,lambda,logs,s3,sns,sqs,ssm,sts';
/** How long it may take to start, once its image is there, in milliseconds. */
const START_MS = 150_000;
const POLL_MS = 500;
const STOP_SECONDS = 10;
/** Lines of the log that tell why it did not start. */
const LAST_LINES = 5;

/** LocalStack in a container of Docker: AWS for development, to which a limiter can be deployed. */
export class LocalStackBackend implements Backend {
  readonly title = 'LocalStack';
  private readonly docker: Docker;
  /** Tidies up after the command was interrupted, too. */
  private readonly tidyingDocker: Docker;

  constructor(private readonly context: Context, host: string | undefined) {
    const { env } = context.io;
    this.docker = new Docker({ env, host, signal: context.signal });
    this.tidyingDocker = new Docker({ env, host, signal: new AbortController().signal });
  }

  async start({ name, port, image }: Wanted): Promise<Instance> {
    if (await this.containerRuns()) throw failed(`the container ${CONTAINER} runs already, on another port`, `docker rm --force ${CONTAINER}   ends it`);
    await this.docker.run('rm', '--force', CONTAINER); // one that ended by itself
    const files = this.files(port);
    files.prepare();
    try {
      await this.docker.run(
        'run', '--detach', '--name', CONTAINER, '--publish', `127.0.0.1:${port}:${INNER_PORT}`, '--env', `SERVICES=${SERVICES}`,
        '--volume', '/var/run/docker.sock:/var/run/docker.sock', // it runs functions in containers of their own
        image,
      );
      await this.untilHealthy(port);
    } catch (error) {
      await this.tidyingDocker.run('rm', '--force', CONTAINER);
      throw error;
    }
    const startedAt = new Date(this.context.io.clock.now()).toISOString();
    const instance: Instance = { backend: 'localstack', name, port, pid: null, data: null, log: null, image, startedAt };
    files.write(instance);
    return instance;
  }

  async isRunning(): Promise<boolean> {
    return this.containerRuns();
  }

  async health({ port }: Pick<Instance, 'port'>): Promise<Health> {
    const answer = await fetch(`${endpointOf(port)}/_localstack/health`).catch(() => undefined);
    if (answer?.ok !== true) return { healthy: false, services: null };
    return { healthy: true, services: (await answer.json() as { services?: Record<string, string> }).services ?? null };
  }

  async stop({ port }: Instance): Promise<void> {
    await this.docker.run('stop', '--time', String(STOP_SECONDS), CONTAINER);
    await this.docker.run('rm', '--force', CONTAINER);
    this.files(port).remove();
  }

  async *logs(_: Instance, { tail, follow }: LogOptions): AsyncIterable<readonly string[]> {
    for await (const line of this.docker.lines('logs', '--tail', String(tail), ...(follow ? ['--follow'] : []), CONTAINER)) yield [line];
  }

  private files(port: number): InstanceFiles {
    return new InstanceFiles(this.context.io.env, port);
  }

  private async containerRuns(): Promise<boolean> {
    return await this.docker.run('ps', '--quiet', '--filter', `name=^${CONTAINER}$`) !== '';
  }

  private async untilHealthy(port: number): Promise<void> {
    const { io: { clock }, signal } = this.context;
    for (const deadline = clock.now() + START_MS; !(await this.health({ port })).healthy; await clock.sleep(POLL_MS, signal)) {
      if (!await this.containerRuns()) throw failed(`${this.title} ended as soon as it was started`, ...await this.lastLines());
      if (clock.now() > deadline) throw failed(`${this.title} took longer than ${START_MS / 1000} s to start`, ...await this.lastLines());
    }
  }

  private async lastLines(): Promise<string[]> {
    const lines: string[] = [];
    for await (const line of this.docker.lines('logs', '--tail', String(LAST_LINES), CONTAINER)) lines.push(line);
    return lines;
  }
}

const failed = (message: string, ...hints: string[]): CliError => new CliError('LOCAL_FAILED', message, { hints });

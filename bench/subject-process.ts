import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { interpreter } from '../tools/python-env.cjs';
import type { Load, Window } from './load';
import type { Environment } from './subjects/subject';

/** Release of the Python library that is measured. */
export const PYTHON_RELEASE = '0.17.0';

const WORKER = join(__dirname, 'node_modules', '.cache', 'worker.mjs');

type Answer = { readonly window: Window } | { readonly error: string };

/** A subject in a process of its own, which is started with its first load and idle between loads. */
export class SubjectProcess {
  private child: ChildProcess | undefined;
  private lines: Interface | undefined;
  private ended: Promise<never> | undefined;

  constructor(readonly subject: string, private readonly environment: Environment, private readonly variables: NodeJS.ProcessEnv = {}) {}

  /** Puts a load on the subject. */
  async measure(load: Load): Promise<Window> {
    const answer = await (this.subject === 'python' ? this.askPython(load) : this.askWorker(load));
    if ('error' in answer) throw new Error(`${this.subject}, ${load.name}: ${answer.error}`);
    return answer.window;
  }

  stop(): void {
    this.child?.kill();
  }

  private get env(): NodeJS.ProcessEnv {
    return { ...process.env, ...this.variables, BENCH_ENVIRONMENT: JSON.stringify(this.environment) };
  }

  private async askWorker(load: Load): Promise<Answer> {
    this.child ??= fork(WORKER, [this.subject], { env: this.env, execArgv: [] });
    this.child.send(load);
    return this.answerOf(once(this.child, 'message').then(([answer]) => answer as Answer));
  }

  private async askPython(load: Load): Promise<Answer> {
    if (this.child === undefined) {
      this.child = spawn(interpreter(PYTHON_RELEASE), [join(__dirname, 'subjects', 'python_client.py')], { env: this.env, stdio: ['pipe', 'pipe', 'inherit'] });
      this.lines = createInterface(this.child.stdout!);
    }
    this.child.stdin!.write(`${JSON.stringify(load)}\n`);
    return this.answerOf(once(this.lines!, 'line').then(([line]) => JSON.parse(line as string) as Answer));
  }

  private answerOf(answer: Promise<Answer>): Promise<Answer> {
    this.ended ??= once(this.child!, 'exit').then(([code]) => { throw new Error(`${this.subject} ended with ${String(code)}`); });
    this.ended.catch(() => undefined); // it ends after the measurement too
    return Promise.race([answer, this.ended]);
  }
}

import { Readable } from 'node:stream';
import { systemClock, type Clock } from '@zae-limiter/client';
import Ajv from 'ajv';
import { schemaName } from '../../src/command/info';
import { allCommands } from '../../src/commands/index';
import type { Io } from '../../src/io';
import { run } from '../../src/run';
import type { Prompter } from '../../src/ui/prompter';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface InvokeOptions {
  /** Whether standard input, output and error are a terminal. @default false */
  readonly tty?: boolean;
  /** Columns of the terminal. @default 100 */
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What somebody at the terminal answers, in order. */
  readonly answers?: readonly (boolean | string)[];
  readonly stdin?: string;
  /** @default the system's */
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/** Runs a command line in this process, as `main.ts` would in one of its own. */
export async function invoke(argv: readonly string[], options: InvokeOptions = {}): Promise<Outcome> {
  const { tty = false, columns = 100, env = {}, cwd = '/', clock = systemClock, answers = [], stdin = '', signal = new AbortController().signal } = options;
  const written = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => { written[name] += text; },
    isTTY: tty, ...(tty && { columns }),
  });
  const io: Io = {
    stdout: output('stdout'), stderr: output('stderr'), stdin: Object.assign(Readable.from([stdin]), { isTTY: tty }),
    env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1', CI: 'true', ...env }, cwd, clock, signal,
    onSignal(listener) {
      const interrupt = (): void => listener('SIGINT');
      signal.addEventListener('abort', interrupt);
      return () => signal.removeEventListener('abort', interrupt);
    },
  };
  const code = await run(argv, io, prompterWith(answers));
  return { code, ...written };
}

/** Answers from a list; a question without an answer fails the test. */
function prompterWith(answers: readonly (boolean | string)[]): Prompter {
  const left = [...answers];
  const next = (question: string): boolean | string => {
    const answer = left.shift();
    if (answer === undefined) throw new Error(`nobody answers: ${question}`);
    return answer;
  };
  return { confirm: async (question) => next(question) as boolean, ask: async (question) => next(question) as string };
}

const ajv = new Ajv({ strict: false });

/** The data that a command prints with `--output json`, after a check against its schema. */
export async function invokeJson(argv: readonly string[], options: InvokeOptions = {}): Promise<Record<string, unknown>> {
  const outcome = await invoke([...argv, '--output', 'json'], options);
  if (outcome.stdout === '') throw new Error(`'${argv.join(' ')}' printed nothing and ended with ${outcome.code}: ${outcome.stderr}`);
  const data = JSON.parse(outcome.stdout) as Record<string, unknown>;
  await checkSchema(argv, data);
  return data;
}

/** Fails unless the data is what the command's schema says, and nothing else. */
export async function checkSchema(argv: readonly string[], data: Record<string, unknown>): Promise<void> {
  const command = (await allCommands()).filter(({ path }) => argv.join(' ').startsWith(path)).sort((a, b) => b.path.length - a.path.length)[0]!;
  const { schema, ...rest } = data;
  if (schema !== schemaName(command)) throw new Error(`the schema of '${command.path}' is ${String(schema)}`);
  const validate = ajv.compile({ ...command.output, additionalProperties: false });
  if (!validate(rest)) throw new Error(`'${command.path}' does not follow its schema: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(rest, undefined, 2)}`);
}

/** Text without what differs from run to run. */
export const stable = (text: string): string => text
  .replace(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|\+00:00)/g, 'TIME')
  .replace(/\b[0-9A-HJKMNP-TV-Z]{26}\b/g, 'ULID');

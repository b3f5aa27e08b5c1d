import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { spawn } from '@lydell/node-pty';

/** The program as it is published. */
export const PROGRAM = join(__dirname, '..', '..', 'dist', 'main.js');

export const CTRL_C = '\x03';

export interface TerminalOptions {
  /** @default 100 */
  readonly columns?: number;
  /** Over an environment in which nothing decides on colours. */
  readonly env?: Readonly<Record<string, string>>;
  /** What somebody types, each once its text was seen. */
  readonly types?: readonly (readonly [seen: string, keys: string])[];
  /** What somebody types when something else has happened. */
  readonly later?: Promise<string>;
}

export interface Screen {
  readonly exitCode: number;
  /** All that was written, with the sequences that move the cursor and colour. */
  readonly raw: string;
  /** The same without them, in lines. */
  readonly lines: readonly string[];
}

/** Runs the built program on a terminal. */
export async function onTerminal(argv: readonly string[], { columns = 100, env = {}, types = [], later }: TerminalOptions = {}): Promise<Screen> {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not there: run 'npx projen bundle' and 'npx projen compile:packages' first`);
  const terminal = spawn(process.execPath, [PROGRAM, ...argv], { cols: columns, rows: 50, cwd: '/', env: { ...plainEnvironment(), TERM: 'xterm-256color', ...env } });
  const left = [...types];
  let raw = '';
  let from = 0;
  terminal.onData((text) => {
    raw += text;
    const next = left[0];
    const at = next === undefined ? -1 : raw.indexOf(next[0], from);
    if (at < 0) return;
    from = raw.length; // the next text must be a new one
    terminal.write(left.shift()![1]);
  });
  void later?.then((keys) => terminal.write(keys));
  const { exitCode } = await new Promise<{ exitCode: number }>((resolve) => terminal.onExit(resolve));
  return { exitCode, raw, lines: stripVTControlCharacters(raw).split(/\r?\n/) };
}

/** The environment of this process without what tells programs about colours, prompts or names of limiters. */
export function plainEnvironment(): Record<string, string> {
  const { CI, NO_COLOR, FORCE_COLOR, ZAEL_STACK, ZAEL_NAMESPACE, ...rest } = process.env;
  return { ...rest, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' } as Record<string, string>;
}

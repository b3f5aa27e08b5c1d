import { CommanderError } from 'commander';
import type { Command } from './command/command.js';
import type { GlobalValues } from './command/global-options.js';
import { schemaName } from './command/info.js';
import { allCommands } from './commands/index.js';
import { readDefaults } from './config-file.js';
import { Context } from './context.js';
import { failureOf, interrupted } from './errors.js';
import { EXIT } from './exit-codes.js';
import type { Io } from './io.js';
import { printableLines } from './output/printable.js';
import { render } from './output/render.js';
import type { Result } from './output/result.js';
import { styleFor } from './output/style.js';
import { buildProgram, namedIn } from './program.js';
import { terminalPrompter, type Prompter } from './ui/prompter.js';

/** How long a command may tidy up after Ctrl-C, in milliseconds. */
const GRACE_MS = 2000;

/**
 * Runs one command line to its end. Never throws, and never ends the process.
 *
 * @param argv what stands behind the program's name
 * @returns the exit code
 */
export async function run(argv: readonly string[], io: Io, prompter: Prompter = terminalPrompter): Promise<number> {
  let asked: GlobalValues | undefined; // to report an error in the form that was asked for
  let exitCode: number = EXIT.ok;
  try {
    const program = await buildProgram(namedIn(argv), io, async (command, values, given) => {
      asked = given;
      const globals = asked = await withDefaults(given, io);
      exitCode = await execute(command, values, globals, io, prompter);
    });
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.invalid; // commander has printed it
    return report(error, asked, io);
  }
}

/** Flags over the environment over the configuration file. */
async function withDefaults(given: GlobalValues, io: Io): Promise<GlobalValues> {
  const defaults = await readDefaults(io.cwd, given.config, given.stage);
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== ''));
  return { ...defaults, ...present } as unknown as GlobalValues;
}

async function execute(command: Command, values: object, globals: GlobalValues, io: Io, prompter: Prompter): Promise<number> {
  const format = globals.output ?? (io.stdout.isTTY === true ? 'table' : 'plain');
  const style = styleFor(io.stdout, io.env, globals);
  const print = async ({ schema = schemaName(command), ...result }: Result & { schema?: string }): Promise<void> => {
    io.stdout.write(await render(result, { format: result.format ?? format, schema, query: globals.query, style, pretty: io.stdout.isTTY === true }));
  };
  const context = new Context({
    io, globals, style, prompter, print, commands: allCommands, program: async (words) => buildProgram(namedIn(words), io, async () => {}),
    writes: command.effect === 'writes', forPeople: format === 'table' || format === 'plain',
  });
  try {
    const result = await untilInterrupted(command.run(context, values as never), context);
    io.names?.remember({ name: globals.name, namespace: globals.namespace, resource: (values as { resource?: unknown }).resource });
    const writes = await context.plannedWrites();
    const exitCode = result?.exitCode ?? EXIT.ok;
    if (writes !== undefined && exitCode === EXIT.ok) { // what was refused would have written nothing
      const { dryRunResult } = await import('./output/dry-run.js');
      await print(dryRunResult(writes));
      return EXIT.ok;
    }
    if (result === undefined) return EXIT.ok;
    await print(result);
    return exitCode;
  } finally {
    context.close();
  }
}

/** Waits for the command; after Ctrl-C only a moment, in which it may tidy up. */
async function untilInterrupted<T>(work: Promise<T>, context: Context): Promise<T> {
  const { signal } = context;
  let timer: NodeJS.Timeout | undefined;
  const interruption = new Promise<never>((_, reject) => {
    const stop = (): void => {
      if (context.endsItself) return;
      timer = setTimeout(() => reject(interrupted(context.interruptMessage)), GRACE_MS);
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, interruption]);
  } catch (error) {
    if (signal.aborted) throw interrupted(context.interruptMessage); // whatever the abort broke
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function report(error: unknown, asked: GlobalValues | undefined, io: Io): number {
  const { code, message, exitCode, hints } = failureOf(error);
  const format = asked?.output;
  if (format === 'json' || format === 'ndjson') {
    io.stderr.write(`${JSON.stringify({ schema: 'zae-limiter.error/1', error: { code, message, exitCode, hints } })}\n`);
  } else {
    const { red } = styleFor(io.stderr, io.env, { noColor: asked?.noColor ?? false, ascii: asked?.ascii ?? false });
    io.stderr.write(printableLines([`${red('Error:')} ${message}`, ...hints.map((hint) => `  ${hint}`)].join('\n')));
  }
  if (asked?.debug === true && error instanceof Error) io.stderr.write(`${error.stack}\n`);
  return exitCode;
}

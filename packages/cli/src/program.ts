import { Argument as CommanderArgument, Command as Commander, CommanderError, InvalidArgumentError, Option as CommanderOption } from 'commander';
import type { Command } from './command/command.js';
import { globalOptionsOf, type GlobalValues } from './command/global-options.js';
import type { Argument, Option, Options } from './command/option.js';
import { ENTRIES, type Entry } from './commands/index.js';
import type { Io } from './io.js';
import { version } from './version.js';

/** Called with a command that was typed, the values of its own arguments and flags, and those of the shared flags. */
export type Execute = (command: Command, values: object, globals: GlobalValues) => Promise<void>;

/** Tells the command, or the group of commands, that the arguments name. No flag before it takes a value. */
export function namedIn(argv: readonly string[]): (name: string) => boolean {
  const named = argv.find((word) => !word.startsWith('-') && word !== 'help');
  return (name) => name === named;
}

/** The commander program. Commands that are not wanted are known by name only, and not loaded: starting must be fast. */
export async function buildProgram(isWanted: (name: string) => boolean, io: Io, execute: Execute): Promise<Commander> {
  const program = configure(new Commander('zae-limiter'), io)
    .description('Deploys and operates rate limiters on DynamoDB. Every command has --help.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help of a command')
    .enablePositionalOptions();
  for (const entry of ENTRIES) await addEntry(program, entry, isWanted(entry.name), io, execute);
  return program;
}

async function addEntry(program: Commander, entry: Entry, wanted: boolean, io: Io, execute: Execute): Promise<void> {
  const { name, summary, heading, group } = entry;
  program.commandsGroup(heading);
  const commands = wanted ? await entry.load() : [];
  if (!group) {
    const [command] = commands;
    const node = program.command(name).summary(summary);
    if (command !== undefined) define(node, command, io, execute);
    return;
  }
  const node = configure(program.command(name), io).summary(summary).description(`${summary}.`).helpCommand(false);
  for (const command of commands) define(node.command(command.path.split(' ').slice(1).join(' ')), command, io, execute);
}

function define(node: Commander, command: Command, io: Io, execute: Execute): void {
  const { summary, description, arguments: operands = {}, options = {}, examples = [] } = command;
  configure(node, io)
    .summary(summary)
    .description([`${summary}.`, description].filter(Boolean).join('\n\n'))
    .showHelpAfterError(`(zae-limiter ${command.path} --help shows what there is)`);
  for (const argument of Object.values(operands)) node.addArgument(asArgument(argument));
  node.optionsGroup('Options:');
  const own = addOptions(node, options, io.env);
  node.optionsGroup('Shared options:');
  const shared = addOptions(node, globalOptionsOf(command), io.env);
  node.helpOption('-h, --help', 'show help');
  if (examples.length > 0) node.addHelpText('after', `\nExamples:\n${examples.map((line) => `  zae-limiter ${line}`).join('\n')}`);
  node.action(async () => {
    const values = { ...Object.fromEntries(Object.keys(operands).map((key, at) => [key, node.processedArgs[at] as unknown])), ...own() };
    await execute(command, values, shared() as unknown as GlobalValues);
  });
}

function configure(node: Commander, io: Io): Commander {
  return node
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? HELP_WIDTH,
      getErrHelpWidth: () => io.stderr.columns ?? HELP_WIDTH,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      outputError: (text, write) => write(text.replace(/^error: /, 'Error: ')),
    });
}

/** Columns of the help that goes to a file. */
const HELP_WIDTH = 100;

function asArgument({ name, description, required, variadic, parse }: Argument<unknown>): CommanderArgument {
  const text = `${name}${variadic ? '...' : ''}`;
  const argument = new CommanderArgument(required ? `<${text}>` : `[${text}]`, description);
  return parse === undefined ? argument : argument.argParser((value: string) => parsed(parse, value));
}

/** Adds flags; the function that it returns reads their values, by the names in the code. */
function addOptions(node: Commander, options: Options, env: Io['env']): () => Record<string, unknown> {
  const readers = Object.entries(options).map(([key, option]) => {
    const main = addOption(node, option, option.flags);
    const alias = { ...option, env: undefined, default: undefined, negation: undefined, hidden: true };
    const others = (option.aliases ?? []).map((flags) => addOption(node, alias, flags));
    return () => {
      const given = others.find((name) => node.getOptionValueSource(name) === 'cli');
      const used = given ?? main;
      const fromEnvironment = option.env && env[option.env];
      if (fromEnvironment && node.getOptionValueSource(used) !== 'cli') return [key, option.parse?.(fromEnvironment) ?? fromEnvironment] as const;
      if (option.required === true && node.getOptionValueSource(used) === undefined) missing(node, option);
      const value: unknown = node.getOptionValue(used);
      return [key, option.flags.startsWith('--no-') ? value === false : value] as const;
    };
  });
  return () => Object.fromEntries(readers.map((read) => read()));
}

/** @returns the name under which commander keeps the value */
function addOption(node: Commander, option: Option<unknown>, flags: string): string {
  const { description, choices, parse, repeatable = false, env, hidden = false, negatable = false } = option;
  const made = new CommanderOption(flags, description);
  const name = made.attributeName();
  if (choices !== undefined) made.choices([...choices]);
  else if (repeatable) made.argParser((text: string, before: readonly unknown[] = []) => [...before, parse ? parsed(parse, text) : text]);
  else if (parse !== undefined) made.argParser((text: string) => parsed(parse, text));
  if (env !== undefined) made.env(env); // for the help
  if (hidden) made.hideHelp();
  const shown = defaultText(option);
  if (shown !== undefined) made.default(option.default, shown);
  node.addOption(made);
  if (negatable) {
    const long = /--([\w-]+)/.exec(flags)![1]!;
    const opposite = new CommanderOption(option.negation ?? `--no-${long}`, `the opposite of --${long}`).hideHelp(hidden);
    node.addOption(opposite);
    // Commander knows by itself only which option `--no-` and its name belong to.
    if (option.negation !== undefined) node.on(`option:${opposite.name()}`, () => node.setOptionValueWithSource(name, false, 'cli'));
  }
  const silent = shown === undefined && option.default !== undefined && !flags.startsWith('--no-');
  if (silent) node.setOptionValueWithSource(name, option.default, 'default');
  return name;
}

/** How the help shows a default; undefined for one that goes without saying. */
function defaultText({ default: initial, flags, negatable = false }: Option<unknown>): string | undefined {
  if (typeof initial === 'boolean') return negatable ? (initial ? 'on' : 'off') : undefined;
  if (initial === undefined || (Array.isArray(initial) && initial.length === 0)) return undefined;
  return typeof initial === 'number' && flags.includes('<duration>') ? `${initial / 1000}s` : String(initial);
}

function parsed(parse: (text: string) => unknown, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function missing(node: Commander, { flags }: Option<unknown>): never {
  node.error(`error: required option '${flags}' not specified`, { code: 'commander.missingMandatoryOptionValue', exitCode: 2 });
}

export { CommanderError };

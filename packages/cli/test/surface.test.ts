import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command as Commander, Option as CommanderOption } from 'commander';
import type { CommandInfo } from '../src/command/info';
import { allCommands } from '../src/commands/index';
import { buildProgram } from '../src/program';
import { invoke } from './support/cli';

interface Flag {
  readonly short?: string;
  readonly negated?: string;
  readonly default?: unknown;
  readonly choices?: readonly string[];
  readonly required?: boolean;
  readonly repeatable?: boolean;
  readonly alias?: boolean;
}

/** The command line of the Python library, which scripts were written for. */
const SURFACE = JSON.parse(readFileSync(join(__dirname, '../../../spec/cli-surface.json'), 'utf8')) as
  Record<string, { readonly operands: readonly string[]; readonly flags: Readonly<Record<string, Flag>> }>;

const commands = new Map<string, CommandInfo>();
let program: Commander;

beforeAll(async () => {
  for (const command of await allCommands()) commands.set(command.path, command);
  const io = { stdout: { write: () => {} }, stderr: { write: () => {} }, env: {} } as never;
  program = await buildProgram(() => true, io, async () => {});
});

function node(path: string): Commander | undefined {
  return path.split(' ').reduce<Commander | undefined>((parent, name) => parent?.commands.find((child) => child.name() === name), program);
}

const optionsOf = (path: string): readonly CommanderOption[] => node(path)?.options ?? [];
const flagged = (path: string, flag: string): CommanderOption | undefined =>
  optionsOf(path).find(({ long, short }) => long === flag || short === flag);

describe('every command of the Python library', () => {
  test('is counted: there are 49', () => {
    expect(Object.keys(SURFACE)).toHaveLength(49);
  });

  test.each(Object.entries(SURFACE))('%s exists with its operands', (path, { operands }) => {
    expect(node(path)?.registeredArguments.map((argument) =>
      `${argument.name()}${argument.variadic ? '...' : ''}${argument.required ? '' : '?'}`)).toEqual(operands);
  });

  const flags = Object.entries(SURFACE).flatMap(([path, command]) =>
    Object.entries(command.flags).map(([flag, rules]) => [path, flag, rules] as const));

  test.each(flags)('%s takes %s', (path, flag, { short, negated, choices, required, repeatable, alias = false }) => {
    const option = flagged(path, flag);

    expect(option).toBeDefined();
    expect(option!.hidden).toBe(alias || option!.description.startsWith('accepted for compatibility'));
    if (short !== undefined) expect(option!.short).toBe(short);
    if (negated !== undefined) expect(flagged(path, negated)).toBeDefined();
    if (choices !== undefined) expect(option!.argChoices).toEqual(expect.arrayContaining([...choices]));
    const own = Object.values(commands.get(path)!.options ?? {}).find(({ flags: text, aliases = [] }) =>
      [text, ...aliases].some((one) => one.split(/[ ,]+/).includes(flag)));
    if (required) expect(own?.required ?? (flag === '--name' && commands.get(path)!.nameRequired)).toBe(true);
    if (repeatable) expect(own).toMatchObject({ repeatable: true });
  });

  // A load generator in AWS is an example app: what its flags would be without being given means nothing here.
  const ofCloud = /^loadtest (deploy|push|ui) |^loadtest run --port/;

  test.each(flags.filter(([path, flag, rules]) => 'default' in rules && !ofCloud.test(`${path} ${flag}`)))('%s has the default of %s', (path, flag, rules) => {
    const option = flagged(path, flag)!;
    const value: unknown = node(path)!.getOptionValue(option.attributeName());

    // A flag that must know whether it was given says its default in its description.
    if (value === undefined) expect(option.description).toContain(`${shown(rules.default)} unless given`);
    else expect(option.flags.includes('<duration>') ? Number(value) / 1000 : value).toEqual(rules.default);
  });

  test('deploys the same when the flags of deploy are given with their defaults', async () => {
    const given = Object.entries(SURFACE.deploy!.flags).flatMap(([flag, rules]) => {
      if (typeof rules.default === 'boolean') return flag === '--wait' ? [] : [rules.default ? flag : rules.negated!];
      return rules.default === undefined ? [] : [flag, String(rules.default)];
    });
    const [implicit, explicit] = [await invoke(['deploy', '--template-only']), await invoke(['deploy', '--template-only', ...given])];

    expect(given).toHaveLength(23);
    expect(implicit.code).toBe(0);
    expect(explicit.stdout).toBe(implicit.stdout);
  });
});

const shown = (value: unknown): string => (typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value));

describe('every command', () => {
  test('has a path of its own, and a schema unless it prints a file or text', () => {
    expect(new Set(commands.keys()).size).toBe(commands.size);
    expect([...commands.values()].filter(({ output }) => output === undefined).map(({ path }) => path).sort()).toEqual([
      'cfn-template', 'complete', 'completion', 'lambda-export', 'limits cfn-template', 'loadtest connect', 'loadtest deploy', 'loadtest push', 'loadtest ui',
      'schema manifest', 'schema output',
    ]);
  });

  test('says in its help what it is for, and has no two flags of one name', async () => {
    for (const path of commands.keys()) {
      const { code, stdout } = await invoke([...path.split(' '), '--help']);
      const names = optionsOf(path).flatMap(({ short, long }) => [short, long]).filter((name) => name !== undefined);

      expect([path, code]).toEqual([path, 0]);
      expect(stdout).toContain(`Usage: zae-limiter ${path}`);
      expect([path, names.filter((name, at) => names.indexOf(name) !== at)]).toEqual([path, []]);
    }
  });

  test('that can only be read offers neither --yes nor --dry-run', () => {
    for (const { path, effect } of commands.values()) {
      const offered = optionsOf(path).some(({ long }) => long === '--dry-run');
      expect([path, offered]).toEqual([path, effect === 'writes']);
    }
  });
});

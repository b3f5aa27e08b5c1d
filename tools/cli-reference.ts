import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TSchema } from '@sinclair/typebox';
import { globalOptionsOf } from '../packages/cli/src/command/global-options';
import { schemaName, type CommandInfo } from '../packages/cli/src/command/info';
import type { Argument, Option } from '../packages/cli/src/command/option';
import { allCommands, ENTRIES } from '../packages/cli/src/commands/index';
import { EXIT } from '../packages/cli/src/exit-codes';

export const CLI_REFERENCE = join(__dirname, '..', 'docs', 'reference', 'cli.md');

const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'success; also "no changes"',
  failed: 'general failure',
  invalid: 'invalid arguments, manifest or configuration',
  aws: 'AWS or network error',
  notFound: 'stack, table, namespace or entity not found',
  incompatible: 'incompatible version or schema',
  drift: 'drift found by `limits diff`; changes found by `limits plan --detailed-exitcode`',
  refused: 'a confirmation was needed and not given',
  rateLimited: '`acquire`: rate limited',
  interrupted: 'interrupted',
};

/** `docs/reference/cli.md`, made from the commands themselves. */
export async function cliReference(): Promise<string> {
  const commands = await allCommands();
  return `${[
    '# Command line', '',
    '<!-- Made by `npm run docs:cli` from the commands. Do not edit. -->', '',
    '`zae-limiter` deploys and operates limiters. [The guide](../guide/cli/README.md) shows how it is used; this page lists everything it takes and prints.', '',
    '## Shared options', '', ...sharedOptions(commands), '',
    '## Output', '', ...OUTPUT, '',
    '## Exit codes', '', ...table(['code', 'meaning'], Object.entries(EXIT).map(([name, code]) => [String(code), EXIT_MEANINGS[name as keyof typeof EXIT]])), '',
    '## Commands', '', ...index(commands), '',
    ...commands.flatMap(section),
  ].join('\n').trimEnd()}\n`;
}

const OUTPUT = [
  'Results go to standard output, everything else to standard error. `--output json` prints one object that begins with',
  '`schema`, the name and version of its form; the tables below list its other fields, and `zae-limiter schema output COMMAND`',
  'prints its JSON Schema. `ndjson` and `csv` print one line for each entry of the list that the object holds. An error is',
  '`{"schema":"zae-limiter.error/1","error":{"code","message","exitCode","hints"}}` on standard error, a dry run',
  '`{"schema":"zae-limiter.dry-run/1","writes":[{"action","pk","sk","item"}]}`.',
];

function sharedOptions(commands: readonly CommandInfo[]): string[] {
  const options = new Map<string, Option<unknown>>();
  for (const command of commands) {
    for (const [key, option] of Object.entries(globalOptionsOf(command))) if (options.get(key)?.required !== false) options.set(key, option);
  }
  return [
    'Commands have those of them that make sense; `--help` of a command says which.', '',
    ...table(['option', 'default', 'meaning'], [...options.values()].map((option) => [code(option.flags), defaultOf({ ...option, required: false }), meaning(option)])),
  ];
}

function index(commands: readonly CommandInfo[]): string[] {
  const headings = [...new Set(ENTRIES.map(({ heading }) => heading))];
  return headings.flatMap((heading) => {
    const names = ENTRIES.filter((entry) => entry.heading === heading).map(({ name }) => name);
    const here = commands.filter(({ path }) => names.includes(path.split(' ')[0]!));
    return [`**${heading}** ${here.map(({ path }) => `[${path}](#${path.replaceAll(' ', '-')})`).join(', ')}`, ''];
  });
}

function section(command: CommandInfo): string[] {
  const { path, summary, description, arguments: operands = {}, options = {}, examples = [], output, effect } = command;
  const visible = Object.values(options).filter(({ hidden }) => hidden !== true);
  const usage = ['zae-limiter', path, ...Object.values(operands).map(operandText), ...(visible.length > 0 ? ['[options]'] : [])].join(' ');
  return [
    `### ${path}`, '', `${summary}.${effect === 'reads' ? ' Changes nothing.' : ''}`, '',
    ...(description === undefined ? [] : [description, '']),
    '```text', usage, ...examples.map((example) => `zae-limiter ${example}`), '```', '',
    ...(Object.keys(operands).length === 0 ? [] : [
      ...table(['argument', 'meaning'], Object.values(operands).map((operand) => [code(operandText(operand)), escape(operand.description)])), '',
    ]),
    ...(visible.length === 0 ? [] : [
      ...table(['option', 'default', 'meaning'], visible.map((option) => [code(flagText(option)), defaultOf(option), meaning(option)])), '',
    ]),
    ...(output === undefined ? [] : [
      `Output \`${schemaName(command)}\`:`, '', ...table(['field', 'type', 'meaning'], fieldsOf(output).map(([name, type, about]) => [code(name), escape(type), escape(about)])), '',
    ]),
  ];
}

const operandText = ({ name, required, variadic }: Argument<unknown>): string => {
  const text = `${name}${variadic ? '...' : ''}`;
  return required ? `<${text}>` : `[${text}]`;
};

function flagText({ flags, negatable = false, negation = `--no-${/--([\w-]+)/.exec(flags)?.[1]}` }: Option<unknown>): string {
  return negatable ? `${flags}, ${negation}` : flags;
}

function defaultOf({ default: initial, required = false, negatable = false, flags }: Option<unknown>): string {
  if (required) return 'required';
  if (typeof initial === 'boolean') return negatable ? (initial ? 'on' : 'off') : '';
  if (initial === undefined || (Array.isArray(initial) && initial.length === 0)) return '';
  return code(typeof initial === 'number' && flags.includes('<duration>') ? `${initial / 1000}s` : String(initial));
}

function meaning({ description, choices, env, repeatable = false, aliases = [] }: Option<unknown>): string {
  return [
    escape(description), choices && `one of ${choices.map(code).join(', ')}`, repeatable && 'may be given several times',
    env && `environment: ${code(env)}`, aliases.length > 0 && `also ${aliases.map((alias) => code(alias.split(/[ =]/)[0]!)).join(', ')}`,
  ].filter(Boolean).join('; ');
}

/** The fields of an object, those inside it by their path. */
function fieldsOf(schema: TSchema, prefix = ''): [name: string, type: string, meaning: string][] {
  const properties = (schema.properties ?? {}) as Record<string, TSchema>;
  return Object.entries(properties).flatMap(([name, property]) => {
    const path = `${prefix}${name}`;
    const inner = property.type === 'array' ? property.items as TSchema : property;
    const nested = (inner.anyOf as TSchema[] | undefined)?.find(({ properties: some }) => some !== undefined) ?? inner;
    return [[path, typeOf(property), (property.description ?? '')], ...fieldsOf(nested, `${path}${property.type === 'array' ? '[]' : ''}.`)] as [string, string, string][];
  });
}

function typeOf(schema: TSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf !== undefined) return (schema.anyOf as TSchema[]).map(typeOf).join(' | ');
  if (schema.type === 'array') return `list of ${typeOf(schema.items as TSchema)}`;
  if (schema.patternProperties !== undefined) return `map of ${typeOf(Object.values(schema.patternProperties as Record<string, TSchema>)[0]!)}`;
  return String(schema.type ?? 'any');
}

const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;
const escape = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [`| ${titles.join(' | ')} |`, `|${titles.map(() => '---').join('|')}|`, ...rows.map((row) => `| ${row.join(' | ')} |`)];
}

if (require.main === module) void cliReference().then((text) => writeFileSync(CLI_REFERENCE, text));

import type { Command as Program, Option } from 'commander';
import type { NameKind } from '../name-cache.js';

/** A word that could be typed next. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** Names that were used before. */
export type KnownNames = (kind: NameKind) => readonly string[];

const KIND_OF: Readonly<Record<string, NameKind>> = { '--name': 'name', '--namespace': 'namespace', '--resource': 'resource', 'resource': 'resource' };

/**
 * What could be typed next.
 *
 * @param before  words that stand before the current one, without the program's name
 * @param current beginning of the word that is being typed
 */
export function candidates(program: Program, before: readonly string[], current: string, names: KnownNames): Candidate[] {
  if (before.includes('--')) return []; // what stands behind it is another program's
  const { node, operands, awaits } = place(program, before);
  const [, flag, text] = /^(--[\w-]+)=(.*)$/s.exec(current) ?? [];
  const assigned = flag === undefined ? undefined : node.options.find(({ long }) => long === flag);
  if (assigned !== undefined) return beginning(text!, valuesOf(assigned, names)).map(({ value, description }) => ({ value: `${flag}=${value}`, description }));
  if (awaits !== undefined) return beginning(current, valuesOf(awaits, names));
  return beginning(current, current.startsWith('-') ? flagsOf(node) : [...commandsOf(node), ...operandsOf(node, operands, names)]);
}

/** Where the words lead: to a command, with operands, and perhaps to a flag that waits for its value. */
function place(program: Program, words: readonly string[]): { node: Program; operands: number; awaits: Option | undefined } {
  let [node, operands, awaits]: [Program, number, Option | undefined] = [program, 0, undefined];
  for (const word of words) {
    if (awaits !== undefined) {
      awaits = undefined;
    } else if (word.startsWith('-')) {
      const option = node.options.find(({ short, long }) => word === short || word === long);
      awaits = option !== undefined && (option.required || option.optional) ? option : undefined;
    } else {
      const inner = node.commands.find((one) => one.name() === word);
      if (inner === undefined) operands++;
      else [node, operands] = [inner, 0];
    }
  }
  return { node, operands, awaits };
}

const valuesOf = ({ argChoices, long }: Option, names: KnownNames): Candidate[] => plain(argChoices ?? namesOf(long ?? '', names));

const namesOf = (what: string, names: KnownNames): readonly string[] => (KIND_OF[what] === undefined ? [] : names(KIND_OF[what]));

const flagsOf = (node: Program): Candidate[] => node.createHelp().visibleOptions(node)
  .flatMap(({ long, description }) => (long === undefined ? [] : [{ value: long, description }]));

const commandsOf = (node: Program): Candidate[] => node.createHelp().visibleCommands(node)
  .map((one) => ({ value: one.name(), description: one.summary() || one.description() }));

function operandsOf({ registeredArguments }: Program, given: number, names: KnownNames): Candidate[] {
  const argument = registeredArguments[given] ?? registeredArguments.findLast(({ variadic }) => variadic);
  return argument === undefined ? [] : plain(argument.argChoices ?? namesOf(argument.name(), names));
}

const plain = (values: readonly string[]): Candidate[] => values.map((value) => ({ value, description: '' }));

const beginning = (start: string, all: readonly Candidate[]): Candidate[] => all.filter(({ value }) => value.startsWith(start));

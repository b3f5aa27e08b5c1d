import type { Command } from '../command/command.js';

/** A command or a group of them, known by name before it is loaded. */
export interface Entry {
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** Title above it in the help. */
  readonly heading: string;
  /** Whether commands follow the name. */
  readonly group: boolean;
  readonly load: () => Promise<readonly Command[]>;
}

interface Loaded {
  readonly commands: readonly Command[];
}

/** Commands that share their first word. */
const groups = (heading: string, entries: readonly (readonly [name: string, summary: string, load: () => Promise<Loaded>])[]): Entry[] =>
  entries.map(([name, summary, load]) => ({ heading, name, summary, group: true, load: async () => (await load()).commands }));

/** Commands of one word. */
const singles = (heading: string, entries: readonly (readonly [name: string, summary: string, load: () => Promise<Command>])[]): Entry[] =>
  entries.map(([name, summary, load]) => ({ heading, name, summary, group: false, load: async () => [await load()] }));

/** Everything that the program can do, in the order of the help. */
export const ENTRIES: readonly Entry[] = [
  ...singles('Infrastructure:', [
    ['version', 'Show versions of client, table and function', async () => (await import('./version.js')).version],
  ]),
  ...groups('Limits and usage:', [
    ['resource', 'Limits of resources', () => import('./resource/index.js')],
    ['bucket', 'Tokens of entities', () => import('./bucket/index.js')],
    ['usage', 'What entities consumed', () => import('./usage/index.js')],
  ]),
  ...singles('Requests:', [
    ['acquire', 'Take tokens, and run a program with them', async () => (await import('./requests/acquire.js')).acquire],
    ['available', 'Show how many tokens an entity could take', async () => (await import('./requests/available.js')).available],
    ['explain', 'Show why an entity is limited as it is', async () => (await import('./requests/explain.js')).explain],
  ]),
  ...groups('This machine:', [
    ['loadtest', 'Loads of virtual users', () => import('./loadtest/index.js')],
  ]),
  ...singles('Tools:', [
    ['smoke', 'Take, correct and give back tokens, for pipelines', async () => (await import('./tools/smoke.js')).smoke],
    ['top', 'Show the busiest entities of a resource', async () => (await import('./tools/top.js')).top],
    ['doctor', 'Check what a limiter needs', async () => (await import('./tools/doctor.js')).doctor],
    ['cost', 'Estimate what a workload costs in a month', async () => (await import('./tools/cost.js')).cost],
    ['completion', 'Print the script that completes commands in a shell', async () => (await import('./tools/completion.js')).completion],
    ['complete', 'List the words that could be typed next', async () => (await import('./tools/complete.js')).complete],
  ]),
];

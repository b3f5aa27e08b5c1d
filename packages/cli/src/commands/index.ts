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
    ['deploy', 'Deploy a limiter, or bring one up to date', async () => (await import('./deploy.js')).deploy],
    ['delete', 'Delete the stack of a limiter', async () => (await import('./delete.js')).deleteStack],
    ['status', 'Show how a limiter is', async () => (await import('./status.js')).status],
    ['list', 'List the limiters of an account and region', async () => (await import('./list.js')).list],
    ['check', 'Check whether this program and a limiter fit each other', async () => (await import('./check.js')).check],
    ['upgrade', 'Bring the code of a deployed limiter up to this version', async () => (await import('./upgrade.js')).upgrade],
    ['cfn-template', 'Print a template that plain CloudFormation deploys', async () => (await import('./cfn-template.js')).cfnTemplate],
    ['lambda-export', 'Write the code of the functions as zip files', async () => (await import('./lambda-export.js')).lambdaExport],
    ['version', 'Show versions of client, table and function', async () => (await import('./version.js')).version],
  ]),
  ...groups('Limits and usage:', [
    ['resource', 'Limits of resources', () => import('./resource/index.js')],
  ]),
  ...singles('Requests:', [
  ]),
  ...groups('This machine:', [
  ]),
  ...singles('Tools:', [
  ]),
];

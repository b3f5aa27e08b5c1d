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
    ['delete', 'Delete the stack of a limiter', async () => (await import('./delete.js')).deleteLimiter],
    ['status', 'Show how a limiter is', async () => (await import('./status.js')).status],
    ['list', 'List the limiters of an account and region', async () => (await import('./list.js')).list],
    ['check', 'Check whether this program and a limiter fit each other', async () => (await import('./check.js')).check],
    ['upgrade', 'Bring the code of a deployed limiter up to this version', async () => (await import('./upgrade.js')).upgrade],
    ['cfn-template', 'Print a template that plain CloudFormation deploys', async () => (await import('./cfn-template.js')).cfnTemplate],
    ['lambda-export', 'Write the code of the functions as zip files', async () => (await import('./lambda-export.js')).lambdaExport],
    ['version', 'Show versions of client, table and function', async () => (await import('./version.js')).version],
  ]),
  ...groups('Limits and usage:', [
    ['system', 'Limits of a whole namespace, and its policy for outages', () => import('./system/index.js')],
    ['resource', 'Limits of resources', () => import('./resource/index.js')],
    ['entity', 'Entities: their records, limits, blocks, export and erasure', () => import('./entity/index.js')],
    ['limits', 'Limits that a manifest declares', () => import('./limits/index.js')],
    ['namespace', 'Namespaces of a table', () => import('./namespace/index.js')],
    ['bucket', 'Tokens of entities', () => import('./bucket/index.js')],
    ['usage', 'What entities consumed', () => import('./usage/index.js')],
    ['audit', 'Who changed what', () => import('./audit/index.js')],
  ]),
  ...singles('Requests:', [
    ['acquire', 'Take tokens, and run a program with them', async () => (await import('./requests/acquire.js')).acquire],
    ['available', 'Show how many tokens an entity could take', async () => (await import('./requests/available.js')).available],
    ['explain', 'Show why an entity is limited as it is', async () => (await import('./requests/explain.js')).explain],
  ]),
  ...groups('This machine:', [
    ['local', 'A limiter on this machine, for development', () => import('./local/index.js')],
    ['loadtest', 'Loads of virtual users', () => import('./loadtest/index.js')],
  ]),
  ...singles('Tools:', [
    ['doctor', 'Check what a limiter needs', async () => (await import('./tools/doctor.js')).doctor],
    ['smoke', 'Take, correct and give back tokens, for pipelines', async () => (await import('./tools/smoke.js')).smoke],
    ['top', 'Show the busiest entities of a resource', async () => (await import('./tools/top.js')).top],
    ['cost', 'Estimate what a workload costs in a month', async () => (await import('./tools/cost.js')).cost],
    ['init', 'Write a limits manifest and a program to begin with', async () => (await import('./init.js')).init],
    ['completion', 'Print the script that completes commands in a shell', async () => (await import('./tools/completion.js')).completion],
    ['complete', 'List the words that could be typed next', async () => (await import('./tools/complete.js')).complete],
  ]),
  ...groups('Tools:', [
    ['schema', 'JSON Schemas of manifests and of what commands print', () => import('./schema/index.js')],
  ]),
];

/** Every command, loaded. For documentation, completion and tests. */
export async function allCommands(): Promise<Command[]> {
  return (await Promise.all(ENTRIES.map(async ({ load }) => load()))).flat();
}

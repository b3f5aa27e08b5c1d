import { Type } from '@sinclair/typebox';
import { command } from '../command/command.js';
import { flag, optional } from '../command/option.js';
import { duration } from '../command/parsers.js';
import { CliError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { table, type Block } from '../output/result.js';
import type { Style } from '../output/style.js';
import type { Instance } from '../stack/instances.js';

const OptionalText = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

export const list = command({
  path: 'list',
  summary: 'List the limiters of an account and region',
  description: 'Finds stacks by their tags, and tables of other stacks by their version record; it reads every table whose name a limiter could have.',
  scope: 'account',
  effect: 'reads',
  options: {
    allRegions: flag('--all-regions', 'look in every region; those that the account does not use are left out'),
    stale: optional('--stale <duration>', 'only those that were not deployed or upgraded for so long, such as 30d', { parse: duration }),
  },
  output: Type.Object({
    instances: Type.Array(Type.Object({
      name: Type.String(), region: Type.String(),
      status: OptionalText('of the stack; null for a table of a stack without tags'),
      health: Type.Union([Type.Literal('ready'), Type.Literal('in-progress'), Type.Literal('failed')]),
      version: OptionalText('of the library that deployed it'), lambda: OptionalText('of the functions'), schema: OptionalText('of the table'),
      created: OptionalText('ISO 8601'), updated: OptionalText('last deployed or upgraded, ISO 8601'),
    })),
    attention: Type.Integer({ description: 'how many are not ready' }),
    problems: Type.Array(Type.String(), { description: 'what could not be looked up, and why; with --all-regions also in regions that the account has not switched on' }),
  }),
  examples: ['list', 'list --all-regions', 'list --stale 30d'],
  async run(context, { allRegions, stale }) {
    const { instancesIn, regionsBeside } = await import('../stack/instances.js');
    const clients = await context.aws();
    const here = await clients.region();
    const regions = allRegions ? await regionsBeside(here) : [here];
    const problems: string[] = [];
    const progress = regions.length > 1 ? await context.progress(`Looking in ${regions.length} regions`) : undefined;
    const found = (await Promise.all(regions.map((region) => instancesIn(clients, region, problems)))).flat();
    progress?.done(`Looked in ${regions.length} regions`);
    // Two questions are asked in each region: nobody answered at all.
    if (problems.length === 2 * regions.length) throw new CliError('LIST_FAILED', problems[0]!, { exitCode: EXIT.aws });
    for (const problem of problems) (allRegions ? context.note(problem) : context.say(problem));
    const before = stale === undefined ? undefined : new Date(context.io.clock.now() - stale).toISOString();
    const instances = found.filter(({ updated }) => before === undefined || (updated !== null && updated < before));
    const attention = instances.filter(({ health }) => health !== 'ready').length;
    return {
      data: { instances, attention, problems },
      rows: 'instances',
      human: (style) => humanList(instances, attention, allRegions ? 'all regions' : here, style),
    };
  },
});

function humanList(instances: readonly Instance[], attention: number, place: string, style: Style): Block[] {
  const title = `Rate Limiter Instances (${place})`;
  if (instances.length === 0) return [title, '', 'No limiters found', 'zae-limiter deploy --name NAME   creates one'];
  const everywhere = place === 'all regions';
  return [
    title, '',
    table([...everywhere ? ['Region'] : [], 'Name', 'Status', 'Version', 'Lambda', 'Schema', 'Created'], instances.map((instance) => [
      ...everywhere ? [instance.region] : [],
      instance.name, `${glyph(instance, style)} ${instance.status ?? 'no stack with tags'}`,
      ...[instance.version, instance.lambda, instance.schema, instance.created?.slice(0, 10)].map((value) => value ?? '-'),
    ])),
    '', `Total: ${instances.length} instance(s)`,
    ...attention === 0 ? [] : [`${style.warning} ${attention} instance(s) need attention`],
  ];
}

function glyph({ health }: Instance, { ok, pending, failed }: Style): string {
  return health === 'ready' ? ok : health === 'in-progress' ? pending : failed;
}

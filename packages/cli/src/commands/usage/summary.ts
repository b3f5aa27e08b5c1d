import { Type } from '@sinclair/typebox';
import type { UsageAdmin, UsageFilter, UsageSummary } from '@zae-limiter/client';
import { command } from '../../command/command.js';
import { fields, right, table } from '../../output/result.js';
import { count } from '../../output/text.js';
import { filterOf, filterOptions, WINDOWS } from './filter.js';

const OptionalText = Type.Union([Type.String(), Type.Null()]);

export const summarizeUsage = command({
  path: 'usage summary',
  summary: 'Add up what an entity or a resource consumed',
  description: 'Hours, days and months count the same tokens, so windows of one length are added up: the shortest that there is, unless --window names one.',
  scope: 'namespace',
  effect: 'reads',
  options: filterOptions,
  output: Type.Object({
    entity: OptionalText,
    resource: OptionalText,
    window: Type.String({ description: 'length of the windows that were added up' }),
    snapshots: Type.Integer(),
    firstWindow: OptionalText,
    lastWindow: OptionalText,
    limits: Type.Array(Type.Object({
      name: Type.String(),
      total: Type.Number({ description: 'tokens' }),
      average: Type.Number({ description: 'tokens per window that counted the limit' }),
    })),
  }),
  examples: ['usage summary -e user-1 -r gpt-4 -w daily --since 30d'],
  async run(context, values) {
    const filter = filterOf(context, values);
    const { window, snapshots, totals, averages, firstWindow, lastWindow } = await summaryOf((await context.namespace()).admin.usage, filter);
    const limits = Object.keys(totals).sort().map((name) => ({ name, total: totals[name]!, average: averages[name]! }));
    const { entity, resource } = filter;
    return {
      data: {
        entity: entity ?? null, resource: resource ?? null, window, snapshots,
        firstWindow: firstWindow ?? null, lastWindow: lastWindow ?? null, limits,
      },
      human: ({ arrow }) => (snapshots === 0 ? ['No usage snapshots found'] : [
        'Usage Summary',
        ...fields([
          ['Entity', entity], ['Resource', resource], ['Window', window], ['Snapshots', count(snapshots)],
          ['Time Range', `${firstWindow} ${arrow} ${lastWindow}`],
        ], '  '),
        '',
        table(['Limit', right('Total'), right('Average')], limits.map(({ name, total, average }) =>
          [name, count(total), average.toLocaleString('en-US', { maximumFractionDigits: 1 })])),
      ]),
    };
  },
});

/** Of the windows that are asked for, else of the shortest that there are. */
async function summaryOf(usage: UsageAdmin, filter: UsageFilter): Promise<UsageSummary> {
  const [first, ...longer] = filter.window === undefined ? WINDOWS : [filter.window];
  let summary = await usage.summary({ ...filter, window: first! });
  for (const window of longer) {
    if (summary.snapshots > 0) break;
    const next = await usage.summary({ ...filter, window });
    if (next.snapshots > 0) summary = next;
  }
  return summary;
}

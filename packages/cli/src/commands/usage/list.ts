import { Type } from '@sinclair/typebox';
import type { Page, UsageSnapshot } from '@zae-limiter/client';
import { command } from '../../command/command.js';
import { flag, optional } from '../../command/option.js';
import { integer } from '../../command/parsers.js';
import { invalid } from '../../errors.js';
import { tellMore } from '../../output/more.js';
import { right, table, type Block } from '../../output/result.js';
import type { Style } from '../../output/style.js';
import { count } from '../../output/text.js';
import { filterOf, filterOptions } from './filter.js';

const DEFAULT_LIMIT = 100;

export const listUsage = command({
  path: 'usage list',
  summary: 'List what entities consumed, newest first',
  description: 'Counted by the aggregator; a request appears some seconds after it happened. Name an entity, a resource, or both.',
  scope: 'namespace',
  effect: 'reads',
  options: {
    ...filterOptions,
    limit: optional('-l, --limit <n>', `snapshots to list, 1 to 1000; ${DEFAULT_LIMIT} unless given`, { parse: integer(1, 1000) }),
    cursor: optional('--cursor <cursor>', 'go on behind a page before; as that page said'),
    all: flag('--all', 'list every snapshot'),
    top: optional('--top <n>', 'of all snapshots those with most events, most first', { parse: integer(1, 1000) }),
    plot: flag('-p, --plot', 'draw charts, one for each limit and length of windows'),
    csv: flag('--csv', 'short for --output csv, for bills'),
  },
  output: Type.Object({
    snapshots: Type.Array(Type.Object({
      windowStart: Type.String(),
      windowEnd: Type.String({ description: 'last second of the window' }),
      window: Type.String({ description: 'hourly, daily or monthly' }),
      resource: Type.String(),
      entity: Type.String(),
      totalEvents: Type.Integer({ description: 'requests that were admitted' }),
      counters: Type.Record(Type.String(), Type.Number(), { description: 'tokens by limit' }),
    })),
    cursor: Type.Union([Type.String(), Type.Null()], { description: 'for --cursor; null on the last page' }),
  }),
  examples: ['usage list -e user-1 -r gpt-4 -w hourly --since 1d', 'usage list -r gpt-4 -w monthly --start 2026-01-01 --all --csv'],
  async run(context, { limit, cursor, all, top, plot, csv, ...filter }) {
    checkTogether({ limit, cursor, all, top });
    const { output } = context.globals;
    if (csv && (plot || (output !== undefined && output !== 'csv'))) throw invalid('--csv, --plot and another --output exclude each other');
    if (plot && output !== undefined && output !== 'table' && output !== 'plain') throw invalid(`--plot cannot be drawn as ${output}`);
    const wanted = filterOf(context, filter);
    const list = (await context.namespace()).admin.usage.list(wanted);
    const page: Page<UsageSnapshot> = all || top !== undefined
      ? { items: await list.toArray(), cursor: undefined }
      : await list.page({ limit: limit ?? DEFAULT_LIMIT, cursor });
    const snapshots = top === undefined ? page.items : [...page.items].sort((a, b) => b.totalEvents - a.totalEvents).slice(0, top);
    if (page.cursor !== undefined) tellMore(context, moreHint(page.cursor), csv ? 'csv' : output, true);
    const { charts } = plot ? await import('./chart.js') : { charts: undefined };
    return {
      data: {
        snapshots: snapshots.map(({ windowStart, windowEnd, window, resource, entity, totalEvents, counters }) =>
          ({ windowStart, windowEnd, window, resource, entity, totalEvents, counters })),
        cursor: page.cursor ?? null,
      },
      rows: 'snapshots',
      ...(csv && { format: 'csv' as const }),
      human: (style) => [...body(snapshots, style, charts), ...(page.cursor === undefined ? [] : [moreHint(page.cursor)])],
    };
  },
});

function checkTogether({ limit, cursor, all, top }: { limit?: number; cursor?: string; all: boolean; top?: number }): void {
  if (all && (limit !== undefined || cursor !== undefined)) throw invalid('--all lists every snapshot: leave out --limit and --cursor');
  if (top !== undefined && (limit !== undefined || cursor !== undefined || all)) throw invalid('--top looks at every snapshot: leave out --limit, --cursor and --all');
}

function body(snapshots: readonly UsageSnapshot[], style: Style, charts: typeof import('./chart.js').charts | undefined): Block[] {
  if (snapshots.length === 0) return ['No usage snapshots found'];
  if (charts !== undefined) return charts(snapshots, style);
  return [
    table(['Window Start', 'Type', 'Resource', 'Entity', right('Events'), 'Counters'], snapshots.map((one) => [
      one.windowStart, one.window, one.resource, one.entity, count(one.totalEvents), countersText(one.counters),
    ])),
    '',
    `Total: ${count(snapshots.length)} ${snapshots.length === 1 ? 'snapshot' : 'snapshots'}`,
  ];
}

const countersText = (counters: UsageSnapshot['counters']): string =>
  Object.entries(counters).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, tokens]) => `${name}=${count(tokens)}`).join(', ');

const moreHint = (cursor: string): string => `There are more: --cursor ${cursor} goes on, --all lists every one`;

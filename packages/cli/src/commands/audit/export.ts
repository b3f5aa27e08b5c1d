import type { AuditEvent } from '@zae-limiter/client';
import { command } from '../../command/command.js';
import { choiceOr } from '../../command/option.js';
import { exportOptions, writeExport } from '../../output/export-file.js';
import { count } from '../../output/text.js';
import { EventSchema, eventData } from './event.js';
import { filterOptions, findEvents, subjectOf } from './filter.js';

/** Events between two signs of life. */
const STEP = 1000;

export const exportEvents = command({
  path: 'audit export',
  summary: 'Write audit events to a file or to standard output, newest first',
  description: 'All of the namespace, unless --entity-id, --resource or --system says which. Archived events are not in it.',
  scope: 'namespace',
  effect: 'reads',
  options: {
    ...filterOptions,
    ...exportOptions,
    format: choiceOr('--format <format>', 'one JSON object a line, a JSON list, or a table', ['ndjson', 'json', 'csv'], 'ndjson'),
  },
  writesFile: true,
  output: EventSchema,
  examples: ['audit export --since 30d -o audit.ndjson', 'audit export --resource gpt-4 --format csv > audit.csv'],
  async run(context, { file, force, format, ...filter }) {
    const subject = subjectOf(filter) ?? undefined;
    const progress = file === undefined ? undefined : await context.progress('Reading events');
    let written = 0;
    async function* counted(): AsyncIterable<AuditEvent> {
      for await (const event of findEvents(context, subject, { ...filter, pageSize: STEP })) {
        yield event;
        if (++written % STEP === 0) progress?.update(`Exported ${count(written)} events`);
      }
    }
    try {
      await writeExport(context, { file, force }, WRITERS[format](counted()));
      progress?.done(`Exported ${count(written)} events to ${file}`);
    } catch (error) {
      progress?.failed('The export failed');
      throw error;
    }
  },
});

const WRITERS: Readonly<Record<'ndjson' | 'json' | 'csv', (events: AsyncIterable<AuditEvent>) => AsyncIterable<string>>> = {
  async *ndjson(events) {
    for await (const event of events) yield `${JSON.stringify(eventData(event))}\n`;
  },
  async *json(events) {
    let before = '[\n';
    for await (const event of events) {
      yield `${before}${JSON.stringify(eventData(event))}`;
      before = ',\n';
    }
    yield before === '[\n' ? '[]\n' : '\n]\n';
  },
  async *csv(events) {
    const { stringify } = await import('csv-stringify/sync');
    // A cell that a spreadsheet would take for a formula is marked as text.
    const line = (cells: readonly unknown[]): string => stringify([[...cells]], { escape_formulas: true });
    yield line(['timestamp', 'action', 'entity', 'principal', 'resource', 'id', 'details']);
    for await (const event of events) {
      const { timestamp, action, entity, principal, resource, id, details } = eventData(event);
      yield line([timestamp, action, entity, principal, resource, id, JSON.stringify(details)]);
    }
  },
};

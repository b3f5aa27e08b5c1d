import { Type } from '@sinclair/typebox';
import type { AuditEvent } from '@zae-limiter/client';
import { command } from '../../command/command.js';
import { flag, optional, value } from '../../command/option.js';
import { integer } from '../../command/parsers.js';
import { invalid } from '../../errors.js';
import { take } from '../../output/entries.js';
import { tellMore } from '../../output/more.js';
import { table, type Table } from '../../output/result.js';
import { nullable } from '../../output/schema.js';
import { count } from '../../output/text.js';
import { eventData, EventSchema } from './event.js';
import { filterOptions, findEvents, subjectName, subjectOf } from './filter.js';

export const listEvents = command({
  path: 'audit list',
  summary: 'List who changed what, newest first',
  description: 'One of --entity-id, --resource, --system and --namespace-wide says what was changed.',
  scope: 'namespace',
  effect: 'reads',
  options: {
    ...filterOptions,
    limit: value('-l, --limit <number>', 'how many at most', 100, { parse: integer(1) }),
    all: flag('--all', 'however many there are'),
    startEventId: optional('--start-event-id <id>', 'go on behind this event, as the list before said'),
  },
  output: Type.Object({
    events: Type.Array(EventSchema),
    nextEventId: nullable(Type.String(), 'for --start-event-id; null when there are no more'),
  }),
  examples: ['audit list -e user-premium --since 7d', 'audit list --namespace-wide --action entity_deleted'],
  async run(context, { limit, all, startEventId: after, ...filter }) {
    const subject = subjectOf(filter);
    if (subject === null) throw invalid('one of --entity-id, --resource, --system and --namespace-wide must be given');
    const most = all ? Infinity : limit;
    const { items, more } = await take(findEvents(context, subject, { ...filter, after, pageSize: most + 1 }), most);
    const nextEventId = more ? items.at(-1)!.id : null;
    const rest = nextEventId === null ? [] : [`More events: --start-event-id ${nextEventId}`];
    rest.forEach((hint) => tellMore(context, hint, context.globals.output, true));
    return {
      data: { events: items.map(eventData), nextEventId },
      rows: 'events',
      human: () => (items.length === 0 ? [`No audit events found for ${subjectName(subject)}`] : [
        eventTable(items, subject === undefined), '', `Total: ${count(items.length)} events`, ...rest,
      ]),
    };
  },
});

/** @param mixed whether the events are about different things, so that each must say about what */
function eventTable(events: readonly AuditEvent[], mixed: boolean): Table {
  const columns = ['Timestamp', 'Action', ...(mixed ? ['Entity'] : []), 'Principal', 'Resource'];
  return table(columns, events.map(({ timestamp, action, entity, principal = '-', resource = '-' }) =>
    [timestamp, action, ...(mixed ? [entity] : []), principal, resource]));
}

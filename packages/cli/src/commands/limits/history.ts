import { Type } from '@sinclair/typebox';
import { limitEvents, targetName, type LimitEvent } from '@zae-limiter/client/admin';
import { command } from '../../command/command.js';
import { flag, optional, value } from '../../command/option.js';
import { duration, integer } from '../../command/parsers.js';
import { table } from '../../output/result.js';
import { partsText } from '../../provisioning/change-lines.js';
import { settingsData, SettingsSchema } from '../../provisioning/change-view.js';
import { settingsAfter } from '../../provisioning/event-settings.js';
import { eventTime } from '../../provisioning/event-time.js';
import { isOfProvisioner } from '../../provisioning/outside-changes.js';

const text = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

export const history = command({
  path: 'limits history',
  summary: 'Show who changed limits, newest first',
  description: 'Reads the audit events of the namespace, as long as they are kept. A rollback goes back to a time, or to before an event.',
  scope: 'namespace',
  effect: 'reads',
  nameRequired: true,
  options: {
    limit: value('-l, --limit <count>', 'most events to show', 100, { parse: integer(1) }),
    since: optional('--since <duration>', 'only events that are not older, such as 7d', { parse: duration }),
    manifests: flag('--manifests', 'only what manifests changed'),
  },
  output: Type.Object({
    name: Type.String(), namespace: Type.String(),
    events: Type.Array(Type.Object({
      id: Type.String(), at: Type.String({ description: 'ISO 8601' }),
      by: text('provisioner:OWNER for a manifest; null when nobody said it'),
      action: Type.String({ description: 'limits_set, limits_deleted, or entity_deleted, which removes all limits of an entity' }),
      level: Type.Union([Type.Literal('system'), Type.Literal('resource'), Type.Literal('entity')]),
      target: text('null for the system, entity/resource for the limits of an entity, the entity when it was deleted'),
      after: Type.Union([SettingsSchema, Type.Null()], { description: 'what the change left; null when it removed the limits, or does not say it' }),
    })),
  }),
  examples: ['limits history -n my-app --since 7d'],
  async run(context, { limit, since, manifests }) {
    const { id, name: namespace } = await context.namespace();
    const { store, name } = await context.table();
    const first = since === undefined ? -Infinity : context.io.clock.now() - since;
    const found: LimitEvent[] = [];
    for await (const entry of limitEvents(store, id)) {
      if (found.length === limit || eventTime(entry.event) < first) break;
      if (!manifests || isOfProvisioner(entry.event)) found.push(entry);
    }
    return {
      data: { name, namespace, events: found.map(eventData) },
      rows: 'events',
      human: () => (found.length === 0
        ? ['No changes of limits found']
        : [
          table(['Time', 'Event', 'Change', 'Target', 'By'], found.map((entry) => [entry.event.timestamp, entry.event.id, changeText(entry), nameText(entry), entry.event.principal ?? '-'])),
          '', `Total: ${found.length} events`,
        ]),
    };
  },
});

function eventData({ event, target }: LimitEvent): object {
  const { id, timestamp: at, principal, action, entity } = event;
  const after = settingsAfter(event);
  return {
    id, at, action, by: principal ?? null, level: target?.level ?? 'entity', target: target === undefined ? entity : targetName(target),
    after: after === 'unreadable' ? null : settingsData(after),
  };
}

function changeText({ event }: LimitEvent): string {
  const after = settingsAfter(event);
  if (after === 'unreadable') return 'set';
  return after === undefined ? 'removed' : partsText(after);
}

const nameText = ({ event, target }: LimitEvent): string =>
  (target === undefined ? `entity ${event.entity}` : [target.level, targetName(target)].filter((part) => part !== null).join(' '));

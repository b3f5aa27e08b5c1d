import type { AuditEvent, AuditFilter } from '@zae-limiter/client';
import { namespaceAuditEvents, type AuditRange } from '@zae-limiter/client/admin';
import { flag, optional } from '../../command/option.js';
import { duration } from '../../command/parsers.js';
import type { Context } from '../../context.js';
import { invalid } from '../../errors.js';
import { inPages } from '../../output/entries.js';

/** Flags that say which events are wanted. */
export const filterOptions = {
  entity: optional('-e, --entity-id <entity>', 'changes of an entity'),
  resource: optional('-r, --resource <resource>', 'changes of the limits of a resource'),
  system: flag('--system', 'changes of the system-wide defaults, and of the namespace itself'),
  namespaceWide: flag('--namespace-wide', 'changes of everything in the namespace; reads the keys of all events'),
  since: optional('--since <duration>', 'only those of the last 30m, 24h, 7d…', { parse: duration }),
  action: optional('--action <action>', 'only this one, such as limits_set'),
} as const;

export interface Filter {
  readonly entity: string | undefined;
  readonly resource: string | undefined;
  readonly system: boolean;
  readonly namespaceWide: boolean;
  readonly since: number | undefined;
  readonly action: string | undefined;
}

/** Whose events; undefined for everything in the namespace, and null when the flags do not say it. */
type Subject = AuditFilter | undefined | null;

const RESOURCE_PREFIX = '$RESOURCE:';

/**
 * Whose events the flags ask for.
 *
 * @throws {CliError} they ask for several
 */
export function subjectOf({ entity, resource, system, namespaceWide }: Filter): Subject {
  const wanted: Subject[] = [
    ...(entity === undefined ? [] : [entityOrScope(entity)]),
    ...(resource === undefined ? [] : [{ resource }]),
    ...(system ? [{ system } as const] : []),
    ...(namespaceWide ? [undefined] : []),
  ];
  if (wanted.length > 1) throw invalid('--entity-id, --resource, --system and --namespace-wide exclude each other');
  return wanted.length === 0 ? null : wanted[0]!;
}

/** The Python library asks for the events of limits by these names. */
function entityOrScope(entity: string): AuditFilter {
  if (entity === '$SYSTEM') return { system: true };
  return entity.startsWith(RESOURCE_PREFIX) ? { resource: entity.slice(RESOURCE_PREFIX.length) } : { entity };
}

/** What the events are about, in words. */
export function subjectName(subject: AuditFilter | undefined): string {
  if (subject === undefined) return 'the namespace';
  if ('entity' in subject) return `entity '${subject.entity}'`;
  return 'resource' in subject ? `resource '${subject.resource}'` : 'the system';
}

/** The events, newest first. */
export async function* findEvents(
  context: Context, subject: AuditFilter | undefined, { since, action, after, pageSize }: Pick<Filter, 'since' | 'action'> & { readonly after?: string; readonly pageSize: number },
): AsyncIterable<AuditEvent> {
  const { operator, id } = await context.namespace();
  const range: AuditRange = { after, since: since === undefined ? undefined : new Date(Math.max(0, context.io.clock.now() - since)) };
  const events = subject === undefined
    ? namespaceAuditEvents((await context.table()).store, id, range)
    : inPages(operator.events(subject, range), pageSize);
  for await (const event of events) {
    if (action === undefined || event.action === action) yield event;
  }
}

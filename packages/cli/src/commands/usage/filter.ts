import type { UsageFilter, UsageWindow } from '@zae-limiter/client';
import { choice, optional } from '../../command/option.js';
import { duration, isoTime } from '../../command/parsers.js';
import type { Context } from '../../context.js';
import { invalid } from '../../errors.js';

export const WINDOWS = ['hourly', 'daily', 'monthly'] as const satisfies readonly UsageWindow[];

/** Flags that say whose usage is meant, and of when. */
export const filterOptions = {
  entity: optional('-e, --entity-id <entity>', 'entity; every entity of the resource unless given', { aliases: ['--entity <entity>'] }),
  resource: optional('-r, --resource <resource>', 'resource; every resource of the entity unless given'),
  window: choice('-w, --window <window>', 'length of the windows', WINDOWS, { aliases: ['--window-type <window>'] }),
  start: optional('--start <time>', 'earliest start of a window, ISO 8601', { parse: isoTime, aliases: ['--start-time <time>'] }),
  end: optional('--end <time>', 'latest start of a window, ISO 8601', { parse: isoTime, aliases: ['--end-time <time>'] }),
  since: optional('--since <duration>', 'windows that began at most so long ago, such as 7d; instead of --start', { parse: duration }),
};

interface FilterValues {
  readonly entity?: string;
  readonly resource?: string;
  readonly window?: UsageWindow;
  readonly start?: string;
  readonly end?: string;
  readonly since?: number;
}

/** @throws {CliError} neither an entity nor a resource is named, or the times exclude each other */
export function filterOf({ io: { clock } }: Context, { entity, resource, window, start, end, since }: FilterValues): UsageFilter {
  if (entity === undefined && resource === undefined) throw invalid('name an entity with --entity-id, a resource with --resource, or both');
  if (since !== undefined && start !== undefined) throw invalid('--since and --start exclude each other');
  const first = since === undefined ? start : new Date(clock.now() - since).toISOString();
  if (first !== undefined && end !== undefined && first > end) throw invalid(`the time range is empty: it begins at ${first} and ends at ${end}`);
  return { entity, resource, window, start: first, end };
}

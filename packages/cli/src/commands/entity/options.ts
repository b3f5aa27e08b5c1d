import type { LimitScope } from '@zae-limiter/client';
import { checkResource, DEFAULT_RESOURCE } from '@zae-limiter/client/admin';
import { argument, list, value } from '../../command/option.js';
import { keyValue } from '../../command/parsers.js';

export const entityArgument = argument('id', 'id of the entity, such as a user, a key or a tenant');

/** `-r` of commands that store and show limits of an entity. */
export const resourceOption = value(
  '-r, --resource <resource>', `resource of the limits; those of ${DEFAULT_RESOURCE} apply to every resource without others`, DEFAULT_RESOURCE, { parse: resource },
);

export const metadataOption = (description: string) => list('--metadata <key=value>', description, { parse: keyValue });

/** Where limits of an entity are stored. */
export const scopeOf = (entity: string, onResource: string): LimitScope =>
  (onResource === DEFAULT_RESOURCE ? { entity } : { entity, resource: onResource });

function resource(text: string): string {
  if (text !== DEFAULT_RESOURCE) checkResource(text);
  return text;
}

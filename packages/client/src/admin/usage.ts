import { checkEntityId, checkResource } from '../core/identifiers.js';
import { pk, SK_PREFIX } from '../schema/keys.js';
import { parseUsage, type UsageSnapshot, type UsageWindow } from '../schema/usage-item.js';
import type { Store } from '../store/store.js';

export interface UsageFilter {
  readonly entity: string;
  /** @default every resource */
  readonly resource?: string;
  /** @default every window */
  readonly window?: UsageWindow;
}

/** Reads what the aggregator counted. */
export class UsageAdmin {
  constructor(private readonly store: Store, private readonly namespaceId: string) {}

  /**
   * Snapshots of an entity, newest first within a resource. A consumption appears some seconds after it happened.
   *
   * Cost: 1 read for each page of up to 1 MB.
   *
   * @throws {ValidationError} an identifier is not valid
   */
  async *list({ entity, resource, window }: UsageFilter): AsyncIterable<UsageSnapshot> {
    checkEntityId(entity);
    if (resource !== undefined) checkResource(resource);
    const prefix = resource === undefined ? SK_PREFIX.usage : `${SK_PREFIX.usage}${resource}#`;
    for await (const item of this.store.query({ partition: pk.entity(this.namespaceId, entity), prefix, order: 'descending' })) {
      const snapshot = parseUsage(item);
      if (window === undefined || snapshot.window === window) yield snapshot;
    }
  }
}

import type { LimitScope } from '../schema/config-item.js';
import type { Store } from '../store/store.js';
import { LimitsAdmin } from './limits.js';
import { UsageAdmin } from './usage.js';

/** What an operator changes and reads. Works on one namespace. */
export class Admin {
  readonly limits: LimitsAdmin;
  readonly usage: UsageAdmin;

  /** @param onChange told which stored limits changed, so that the process forgets the old ones at once */
  constructor(store: Store, namespaceId: string, onChange: (scope: LimitScope) => void) {
    this.limits = new LimitsAdmin(store, namespaceId, onChange);
    this.usage = new UsageAdmin(store, namespaceId);
  }
}

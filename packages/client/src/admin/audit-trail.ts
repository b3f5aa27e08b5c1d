import type { Clock } from '../core/clock.js';
import { checkPrincipal } from '../core/identifiers.js';
import { readInt, type Plain } from '../schema/attributes.js';
import { auditItem, AUDIT_RETENTION_DAYS, auditSubject, type AuditAction } from '../schema/audit-item.js';
import { CONFIG, configKey, type LimitScope } from '../schema/config-item.js';
import { ulid } from '../schema/ulid.js';
import type { ItemWrite } from '../schema/update.js';
import { isoSeconds } from '../schema/usage-item.js';
import type { Store } from '../store/store.js';
import { cryptoBytes } from './random.js';

/** Accepted by every call that changes something. */
export interface AuditOptions {
  /** Who makes the change: an id, or an IAM ARN. Stored with the audit event. @default that of the `Admin`, else none */
  readonly principal?: string;
}

/** What an event says beside when and by whom. */
export interface AuditRecord {
  readonly action: AuditAction;
  readonly scope: LimitScope;
  readonly details?: Readonly<Record<string, Plain>>;
}

/**
 * Makes audit events. A change and its event are written in one transaction, so that neither is there without the other.
 */
export class AuditTrail {
  /** @param principal who makes the changes, unless a call says it */
  constructor(
    private readonly store: Store, private readonly namespaceId: string, private readonly clock: Clock, private readonly principal?: string,
  ) {
    if (principal !== undefined) checkPrincipal(principal);
  }

  /**
   * Begins a change: checks who makes it, before anything is read.
   *
   * @returns makes the write that records the change; 1 read
   * @throws {ValidationError} the principal is not valid
   */
  by({ principal = this.principal }: AuditOptions = {}): (record: AuditRecord) => Promise<ItemWrite> {
    if (principal !== undefined) checkPrincipal(principal);
    return async (record) => this.write(record, principal, await this.retentionDays());
  }

  /** The write that records a change; without a call, for a namespace that cannot have a retention of its own. */
  write({ action, scope, details = {} }: AuditRecord, principal = this.principal, retentionDays = AUDIT_RETENTION_DAYS): ItemWrite {
    const now = this.clock.now();
    const event = {
      id: ulid(now, cryptoBytes), timestamp: isoSeconds(now), action, entity: auditSubject(scope), principal, resource: scope.resource, details,
    };
    return { put: auditItem(this.namespaceId, event, now, retentionDays) };
  }

  private async retentionDays(): Promise<number> {
    const settings = await this.store.get(configKey(this.namespaceId, {}));
    return (settings && readInt(settings, CONFIG.auditRetentionDays)) ?? AUDIT_RETENTION_DAYS;
  }
}

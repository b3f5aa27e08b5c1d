import type { Clock } from '@zae-limiter/client';
import { LimitsProvisioner, targetId, targetsOf, type Target } from '@zae-limiter/client/admin';
import type { OpenManifest } from '../manifest/open-manifest.js';
import type { Connection, OpenNamespace } from '../table/connection.js';
import { markOutsideChanges } from './outside-changes.js';
import { OWNER, type Applied, type ApplySettings, type LimitsPlan, type Provisioning } from './provisioning.js';
import { checkSameChanges } from './same-changes.js';

/** Does in this process what the provisioner's function does, with the rights of the caller. */
export class TableProvisioning implements Provisioning {
  readonly whenInterrupted = 'interrupted; what was changed is recorded, and applying again does the rest';

  constructor(private readonly connection: Connection, private readonly clock: Clock, private readonly signal: AbortSignal) {}

  async plan({ manifest, hash }: OpenManifest): Promise<LimitsPlan> {
    const { admin, id, provisioner } = await this.open(manifest.namespace);
    const record = await provisioner.record();
    const { changes, unchanged } = await provisioner.plan(manifest);
    const managed = new Set(targetsOf(record.managed).map(targetId));
    const isManaged = (target: Target): boolean => managed.has(targetId(target));
    return {
      namespaceId: id, unchanged, owner: managed.size === 0 ? undefined : record.owner,
      changes: await markOutsideChanges(admin, changes, { record, isManaged, isAppliedManifest: record.appliedHash === hash }),
    };
  }

  async apply({ manifest }: OpenManifest, plan: LimitsPlan, { changes, adopt }: ApplySettings): Promise<Applied> {
    const { provisioner } = await this.open(manifest.namespace);
    const wanted = new Set(changes.map(({ target }) => targetId(target)));
    const kept = new Set(plan.changes.map(({ target }) => targetId(target)).filter((id) => !wanted.has(id)));
    return provisioner.apply(manifest, {
      owner: OWNER, adoptExisting: adopt, signal: this.signal,
      leave: (target) => kept.has(targetId(target)),
      approve: (found) => checkSameChanges(changes, found.changes),
    });
  }

  private async open(namespace: string): Promise<OpenNamespace & { readonly provisioner: LimitsProvisioner }> {
    const { connection: { store }, clock } = this;
    const opened = await this.connection.namespace(namespace);
    return { ...opened, provisioner: new LimitsProvisioner({ store, namespaceId: opened.id, clock }) };
  }
}

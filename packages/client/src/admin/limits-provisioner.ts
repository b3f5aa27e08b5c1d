import { systemClock, type Clock } from '../core/clock.js';
import { LimitsOwnedError } from '../core/errors.js';
import { Limit } from '../core/limit.js';
import type { ManagedLimits } from '../core/managed-limits.js';
import { manifestHash } from '../manifest/canonical-json.js';
import { withoutTargets } from '../manifest/declared.js';
import { fitsRecord, managedBy, managedTargets, targetId, targetName, targetsOf, type Target } from '../manifest/managed.js';
import type { Manifest, Settings } from '../manifest/manifest.js';
import { managedAfter, planChanges, type LiveSettings, type Plan, type PlannedChange } from '../manifest/plan.js';
import { configKey } from '../schema/config-item.js';
import { isoWithOffset, parseProvisionerRecord, provisionerKey, provisionerUpdate, type ProvisionerRecord } from '../schema/provisioner-item.js';
import type { Store } from '../store/store.js';
import { AuditTrail } from './audit-trail.js';
import { contended } from './contended.js';
import { LimitsAdmin } from './limits.js';
import { liveSettings, scopeOf } from './live-limits.js';
import { QueueingStore } from './queueing-store.js';

export interface LimitsProvisionerOptions {
  readonly store: Store;
  /** Id of the namespace, not its name. */
  readonly namespaceId: string;
  /** @default the system's clock */
  readonly clock?: Clock;
}

export interface PlanOptions {
  /** Which targets stay as they are, and are managed no more. @default none */
  readonly leave?: (target: Target) => boolean;
}

export interface ApplyOptions extends PlanOptions {
  /** Who manages the limits from now on: `cli`, or the id of a custom resource. */
  readonly owner: string;
  /** Take over what another owner manages. @default false */
  readonly adoptExisting?: boolean;
  /** Sees each plan before anything is written for it, and refuses it by an error. @default accepts all */
  readonly approve?: (plan: Plan) => void;
  /** Ends the work early: changes that did not begin yet fail, and what was done is recorded. @default never */
  readonly signal?: AbortSignal;
}

/** What became of a manifest. */
export interface Applied extends Plan {
  readonly hash: string;
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  /** One for each change that did not happen: `create resource gpt-4: ` and why. */
  readonly errors: readonly string[];
}

interface Failure {
  readonly change: PlannedChange;
  readonly reason: string;
}

/** Changes that are made at the same time. */
const CONCURRENCY = 10;
/** Times that a manifest is planned; another one may be applied meanwhile. */
const ATTEMPTS = 2;

/**
 * Makes the limits of a namespace what a manifest declares, and keeps a record of what it manages.
 *
 * Every change goes through `LimitsAdmin`, so registries, indexes, live buckets and audit events follow (F-17, F-18).
 */
export class LimitsProvisioner {
  private readonly store: Store;
  private readonly namespaceId: string;
  private readonly clock: Clock;

  constructor({ store, namespaceId, clock = systemClock }: LimitsProvisionerOptions) {
    this.store = new QueueingStore(store);
    this.namespaceId = namespaceId;
    this.clock = clock;
  }

  /** What this provisioner remembers. 1 read, consistent. */
  async record(): Promise<ProvisionerRecord> {
    return parseProvisionerRecord(await this.store.get(provisionerKey(this.namespaceId), { consistent: true }));
  }

  /** What applying the manifest would change. Writes nothing. Cost: 1 read, and 1 for each 100 targets, all consistent. */
  async plan(manifest: Manifest, { leave = none }: PlanOptions = {}): Promise<Plan> {
    return this.planFrom(withoutTargets(manifest, leave), without(await this.record(), leave));
  }

  /** What the table holds for targets; undefined for one without limits. 1 read for each 100, consistent. */
  async live(targets: readonly Target[]): Promise<(target: Target) => LiveSettings | undefined> {
    const items = await this.store.getMany(targets.map((target) => configKey(this.namespaceId, scopeOf(target))), { consistent: true });
    const live = new Map(targets.map((target, at) => [targetId(target), liveSettings(items[at] ?? {}, target)]));
    return (target) => live.get(targetId(target));
  }

  /**
   * Applies a manifest: its targets get its limits, and what was managed and is not declared any more goes.
   *
   * The record claims every target before the first change, so that two provisioners do not mix and nothing is forgotten
   * when one dies half way. Changes that fail do not stop others; then the hash stays that of the manifest before.
   *
   * Cost: that of `plan`, 2 writes of the record, and that of `LimitsAdmin` for each change.
   *
   * @returns what the plan was that was carried out to its end
   *
   * @throws {LimitsOwnedError} another owner manages limits here, and they are not to be adopted; nothing was changed
   * @throws what `approve` throws; nothing was changed
   * @throws {LimiterUnavailableError} another manifest was applied at the same time, twice; or the table does not answer
   */
  async apply(declared: Manifest, { owner, adoptExisting = false, leave = none, approve = () => {}, signal }: ApplyOptions): Promise<Applied> {
    const manifest = withoutTargets(declared, leave);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const recorded = without(await this.record(), leave);
      if (!adoptExisting) refuseOthers(recorded, owner);
      const plan = await this.planFrom(manifest, recorded);
      approve(plan);
      const claim = plan.changes.length === 0
        ? recorded
        : await this.write(recorded, { ...recorded, owner, managed: together(recorded.managed, manifest) });
      if (claim === undefined) continue;
      const failures = await this.carryOut(plan.changes, owner, signal);
      const failed = failures.length > 0;
      const done = await this.write(claim, {
        managed: managedAfter(manifest, await this.undone(failures)),
        // Who failed has not taken over: another one may try.
        owner: failed ? recorded.owner : owner,
        appliedHash: failed ? recorded.appliedHash : manifestHash(manifest),
      });
      if (done !== undefined) return outcome(manifest, plan, failures);
    }
    throw contended('the limits of the manifest');
  }

  /**
   * Gives up what an owner manages: its limits stay, and whoever applies a manifest next takes them over. Nothing happens
   * when somebody else owns them. Cost: 1 read, and 1 write.
   *
   * @throws {LimiterUnavailableError} another manifest was applied at the same time, twice; or the table does not answer
   */
  async release(owner: string): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const recorded = await this.record();
      if (recorded.owner !== owner || await this.write(recorded, { ...recorded, owner: undefined }) !== undefined) return;
    }
    throw contended('the limits of the manifest');
  }

  private async planFrom(manifest: Manifest, { managed }: ProvisionerRecord): Promise<Plan> {
    const live = await this.live([...targetsOf(managedBy(manifest)), ...targetsOf(managed)]);
    return planChanges(manifest, managed, live);
  }

  /** Writes the record over the one that was read. Undefined when that is no longer there. */
  private async write(read: ProvisionerRecord, next: Omit<ProvisionerRecord, 'lastApplied'>): Promise<ProvisionerRecord | undefined> {
    const record = { ...next, lastApplied: isoWithOffset(this.clock.now()) };
    const { applied } = await this.store.update(provisionerUpdate(this.namespaceId, read, record));
    return applied ? record : undefined;
  }

  private async carryOut(changes: readonly PlannedChange[], owner: string, signal: AbortSignal | undefined): Promise<Failure[]> {
    const trail = new AuditTrail(this.store, this.namespaceId, this.clock, `provisioner:${owner}`);
    const limits = new LimitsAdmin(this.store, this.namespaceId, this.clock, trail, () => {});
    const failures: Failure[] = []; // each at the place of its change
    const left = changes.entries(); // all workers take from the same
    const work = async (): Promise<void> => {
      for (const [at, change] of left) {
        try {
          signal?.throwIfAborted();
          await makeChange(limits, change);
        } catch (error) {
          failures[at] = { change, reason: signal?.aborted ? 'there was no time left' : (error as Error).message };
        }
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
    return failures.filter(() => true); // without the holes
  }

  /** Changes that did not happen. One whose answer was lost may have happened, so those that created are looked up. */
  private async undone(failures: readonly Failure[]): Promise<PlannedChange[]> {
    const changes = failures.map(({ change }) => change);
    const live = await this.live(changes.filter(({ action }) => action === 'create').map(({ target }) => target));
    return changes.filter(({ target }) => live(target) === undefined);
  }
}

const none = (): boolean => false;

function without({ managed, ...record }: ProvisionerRecord, leave: (target: Target) => boolean): ProvisionerRecord {
  return { ...record, managed: managedTargets(targetsOf(managed).filter((target) => !leave(target))) };
}

function refuseOthers({ owner, managed }: ProvisionerRecord, wanted: string): void {
  if (owner !== undefined && owner !== wanted && targetsOf(managed).length > 0) throw new LimitsOwnedError(owner, wanted);
}

/** What is managed while a manifest is applied; without what is new when all would not fit into the record. */
function together(managed: ManagedLimits, manifest: Manifest): ManagedLimits {
  const all = managedTargets([...targetsOf(managed), ...targetsOf(managedBy(manifest))]);
  return fitsRecord(all) ? all : managed;
}

async function makeChange(limits: LimitsAdmin, { target, after }: PlannedChange): Promise<void> {
  const scope = scopeOf(target);
  if (after === undefined) return limits.delete(scope);
  return limits.set(limitsOf(after), scope, target.level === 'system' ? { onUnavailable: after.on_unavailable ?? null } : {});
}

function limitsOf({ limits }: Settings): Limit[] {
  return Object.entries(limits).map(([name, { capacity, refill_amount: refillAmount, refill_period: refillPeriodSeconds }]) =>
    Limit.custom(name, { capacity, refillAmount, refillPeriodSeconds }));
}

function outcome(manifest: Manifest, plan: Plan, failures: readonly Failure[]): Applied {
  const failed = new Set(failures.map(({ change }) => change));
  const count = (action: PlannedChange['action']): number => plan.changes.filter((change) => change.action === action && !failed.has(change)).length;
  return {
    ...plan,
    hash: manifestHash(manifest),
    created: count('create'),
    updated: count('update'),
    deleted: count('delete'),
    errors: failures.map(({ change: { action, target }, reason }) => `${[action, target.level, targetName(target)].filter((part) => part !== null).join(' ')}: ${reason}`),
  };
}

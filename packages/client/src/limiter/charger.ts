import type { Amounts } from '../core/bucket.js';
import { NoLimitsConfiguredError } from '../core/errors.js';
import type { LimitView } from '../core/limit-view.js';
import type { Limit } from '../core/limit.js';
import { applicationLimits } from '../core/plan.js';
import type { Standing } from '../core/views.js';
import { bucketTarget, type Lineage } from '../schema/bucket-item.js';
import { BucketRegistry } from './bucket-registry.js';
import type { WriterSettings } from './bucket-writer.js';
import type { EventHub } from './events.js';
import type { Charge, LeaseCharges } from './lease.js';
import type { Known, LimitResolver, ResolvedLimits } from './limit-resolver.js';
import { fits, giveBack, Party, sharedWith, takeFromAll, type ChargeRequest } from './party.js';
import type { Part } from './sharded-bucket.js';

/** How the entities of a request were charged. */
export interface Charged extends LeaseCharges {
  readonly admitted: boolean;
  /** Every limit of the entity, then of its parent when it is charged too. */
  readonly limits: readonly LimitView[];
  /** What was taken; empty when the request was refused. */
  readonly charges: readonly Charge[];
}

/**
 * Charges a request to its entity, and to the entity's parent when its consumption cascades: to both or to none.
 *
 * Both are ordinary buckets with writers of their own, so that a parent shares the writes of all its children. A parent's
 * own parent is never charged (W34).
 */
export class Charger {
  private readonly buckets: BucketRegistry;

  constructor(
    private readonly settings: WriterSettings, namespaceId: string,
    private readonly resolver: LimitResolver, events: EventHub,
  ) {
    this.buckets = new BucketRegistry(settings, namespaceId, events);
  }

  /** 1 call for each entity when everything is known; a refusal leaves all as they were. */
  async charge(request: ChargeRequest, amounts: Amounts): Promise<Charged> {
    const found = this.childOf(request, amounts);
    const child = found instanceof Party ? found : await found; // most often memory has it: no turn is lost then
    const parties = [child];
    try {
      const parentId = parentIdOf(request.entity, child.lineage);
      const parent = parentId === undefined ? undefined : await this.parentOf(request, amounts, parentId);
      if (parent !== undefined) parties.push(parent);
      return await takeFromAll(parties) ? new Admission(parties) : await this.refuse(parties);
    } catch (error) { // the request cannot be decided: it must change nothing
      await giveBack(parties);
      throw error;
    }
  }

  /** Like `charge`, with the limits that memory holds; undefined when it holds none. Reads nothing. */
  async chargeFromMemory(request: ChargeRequest, amounts: Amounts): Promise<Charged | undefined> {
    const { entity, resource, limits } = request;
    const lineage = this.resolver.peekLineage(entity) ?? ORPHAN;
    const limitsOf = (whose: string): ResolvedLimits | undefined =>
      (limits === undefined ? this.resolver.peek(whose, resource)?.resolved : overridden(limits));
    const resolved = limitsOf(entity);
    if (resolved === undefined) return undefined;
    const parentId = parentIdOf(entity, lineage);
    const parent = parentId === undefined ? undefined : limitsOf(parentId);
    const all = [this.party(request, entity, amounts, { resolved, lineage })];
    if (parent !== undefined) all.push(this.party(request, parentId!, amounts, { resolved: parent, lineage: ORPHAN }));
    const parties = all.filter((party) => party.amounts.size > 0);
    return await takeFromAll(parties) ? new Admission(parties) : this.refuse(parties);
  }

  private childOf(request: ChargeRequest, amounts: Amounts): Party | Promise<Party> {
    const { entity, resource, limits } = request;
    if (limits !== undefined) {
      const resolved = overridden(limits);
      const lineage = this.resolver.peekLineage(entity);
      return lineage === undefined
        ? this.resolver.lineage(entity).then((read) => this.party(request, entity, amounts, { resolved, lineage: read }))
        : this.party(request, entity, amounts, { resolved, lineage });
    }
    const known = this.resolver.peek(entity, resource);
    if (known?.resolved === undefined) return this.firstSight(request, entity, amounts);
    const { resolved, lineage } = known;
    return fits(amounts, resolved)
      ? this.party(request, entity, amounts, { resolved, lineage })
      : this.current(entity, resource, { resolved, lineage }).then((current) => this.party(request, entity, amounts, current));
  }

  private async parentOf(request: ChargeRequest, amounts: Amounts, parentId: string): Promise<Party | undefined> {
    const { resource, limits } = request;
    const known = limits === undefined ? this.resolver.peek(parentId, resource) : { resolved: overridden(limits) };
    if (known !== undefined && known.resolved === undefined) return undefined; // a parent without limits limits nobody
    try {
      const party = known?.resolved === undefined
        ? await this.firstSight(request, parentId, amounts)
        : this.party(request, parentId, amounts, fits(sharedWith(known.resolved, amounts), known.resolved)
          ? { resolved: known.resolved, lineage: ORPHAN }
          : await this.current(parentId, resource, { resolved: known.resolved, lineage: ORPHAN }));
      return party.amounts.size === 0 ? undefined : party;
    } catch (error) {
      if (error instanceof NoLimitsConfiguredError) return undefined;
      throw error;
    }
  }

  /** A refusal for good must not come from old memory: limits may have been added or raised. */
  private async current(entity: string, resource: string, known: Known): Promise<Known> {
    return { ...known, resolved: await this.resolver.revalidate(entity, resource) };
  }

  /**
   * Nothing is known about this entity and resource: look the limits up and take from the bucket at the same time, so
   * that a new process needs one round trip for a bucket that is in use.
   */
  private async firstSight(request: ChargeRequest, entity: string, amounts: Amounts): Promise<Party> {
    const { resource } = request;
    const bucket = this.buckets.get(entity, resource);
    const [blind, found] = await Promise.allSettled([
      bucket.seen ? false : bucket.takeBlindly(amounts),
      this.resolver.lookUp(entity, resource),
    ]);
    const taken = blind.status === 'fulfilled' && blind.value
      ? bucket.blindlyTaken(amounts, found.status === 'fulfilled' ? found.value.resolved.target : NO_LIMITS)
      : undefined;
    try {
      if (blind.status === 'rejected') throw blind.reason;
      if (found.status === 'rejected') throw found.reason;
      const party = this.party(request, entity, amounts, found.value);
      if (party.amounts.size === amounts.size) party.taken = taken;
      else await bucket.giveBack(taken?.parts ?? []); // a parent's bucket may still carry a limit that the parent no longer has
      if (party.taken !== undefined) await bucket.complete(party);
      return party;
    } catch (error) { // the request is wrong after all: it must change nothing
      await bucket.giveBack(taken?.parts ?? []);
      throw error;
    }
  }

  private party(request: ChargeRequest, entity: string, wanted: Amounts, known: Known): Party {
    return new Party(this.resolver, request, entity, wanted, known, this.buckets.get(entity, request.resource));
  }

  private async refuse(parties: readonly Party[]): Promise<Charged> {
    await giveBack(parties);
    return { admitted: false, limits: this.refusedViews(parties), charges: [] };
  }

  /** Every limit of those that were asked; at least one is exceeded. */
  private refusedViews(parties: readonly Party[]): LimitView[] {
    const now = this.settings.clock.now();
    const views = parties.flatMap((party) => {
      if (!party.fits) return party.views([{ state: null, place: { index: 0, count: 1 }, now, verdict: 'short' }]);
      return party.views(party.taken?.shards ?? party.bucket.standings());
    });
    if (views.some(({ exceeded }) => exceeded)) return views;
    // Tokens came back between the refusal and now.
    return parties.flatMap((party) => party.views(party.taken?.shards.map((shard): Standing => ({ ...shard, verdict: 'scattered' }))));
  }
}

/** A request that was admitted. */
class Admission implements Charged {
  readonly admitted = true;
  private views: LimitView[] | undefined;

  constructor(private readonly parties: readonly Party[]) {}

  /** Made when a lease is looked at or corrected, which few are. */
  get charges(): readonly Charge[] {
    return this.parties.flatMap((party) => party.taken!.parts.map((part) => chargeOf(party, part)));
  }

  /** Made when somebody looks at them. */
  get limits(): readonly LimitView[] {
    return this.views ??= this.parties.flatMap((party) => party.views(party.taken!.shards));
  }
}

/** What one shard gave. */
function chargeOf({ entity, resource, limits }: Party, { writer, amounts, state }: Part): Charge {
  const stored = state ? applicationLimits(state).map(([name]) => name) : [];
  const limitNames = [...new Set([...stored, ...limits.limits.map(({ name }) => name)])];
  return { entity, resource, amounts, limitNames, settle: (due) => writer.settle(due) };
}

const ORPHAN: Lineage = { cascade: false, parentId: undefined };
const NO_LIMITS = bucketTarget([], true);

function parentIdOf(entity: string, { cascade, parentId }: Lineage): string | undefined {
  return cascade && parentId !== entity ? parentId : undefined;
}

/** Lists of limits that requests brought, by what they say, so that requests with equal lists share their writes. */
const overrides = new Map<string, ResolvedLimits>();
const MAX_OVERRIDES = 1000;

function overridden(limits: readonly Limit[]): ResolvedLimits {
  const id = limits.map(({ name, capacity, refillAmount, refillPeriodSeconds }) => `${name}:${capacity}:${refillAmount}:${refillPeriodSeconds}`).join();
  const known = overrides.get(id);
  if (known !== undefined) return known;
  const resolved: ResolvedLimits = { limits: [...limits], source: 'override', target: bucketTarget(limits, true), readAt: Infinity };
  overrides.set(id, resolved);
  if (overrides.size > MAX_OVERRIDES) overrides.delete(overrides.keys().next().value!);
  return resolved;
}

import type { Amounts, BucketState } from '../core/bucket.js';
import { NoLimitsConfiguredError } from '../core/errors.js';
import type { LimitView } from '../core/limit-view.js';
import type { Limit } from '../core/limit.js';
import { applicationLimits } from '../core/plan.js';
import { viewShards, type Standing } from '../core/views.js';
import { bucketTarget, type Lineage } from '../schema/bucket-item.js';
import { BucketRegistry } from './bucket-registry.js';
import type { BucketWriter, WriterSettings } from './bucket-writer.js';
import type { Abandonment } from './deadline.js';
import type { EventHub } from './events.js';
import type { Charge } from './lease.js';
import type { Known, LimitResolver, ResolvedLimits } from './limit-resolver.js';
import { checkKnown, type AcquireRequest } from './request.js';
import type { Part, ShardedBucket, TakeContext, Taken } from './sharded-bucket.js';

/** What of a request says what to charge, and whether somebody still waits for it. */
export type ChargeRequest = Pick<AcquireRequest, 'entity' | 'resource' | 'limits'> & { readonly signal?: Abandonment };

/** How the entities of a request were charged. */
export interface Charged {
  readonly admitted: boolean;
  /** Every limit of the entity, then of its parent when it is charged too. */
  readonly limits: readonly LimitView[];
  /** What was taken; empty when the request was refused. */
  readonly charges: readonly Charge[];
}

/** One entity that a request charges: the one it names, or that one's parent. */
interface Party {
  readonly entity: string;
  readonly amounts: Amounts;
  readonly bucket: ShardedBucket;
  readonly context: TakeContext;
  /** Newer than the context's when they had to be looked up again. */
  resolved: ResolvedLimits;
  /** Undefined before the bucket was asked, and after what it gave was given back. */
  taken: Taken | undefined;
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
    const parties: Party[] = [];
    try {
      const found = this.childOf(request, amounts);
      const child = found instanceof Promise ? await found : found; // most often memory has it: no turn is lost then
      parties.push(child);
      const parentId = parentIdOf(request.entity, child.context.lineage);
      const parent = parentId === undefined ? undefined : await this.parentOf(request, amounts, parentId);
      if (parent !== undefined) parties.push(parent);
      return await this.chargeAll(request, parties);
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
    const parties = [this.party(request, entity, amounts, { resolved, lineage })];
    if (parent !== undefined) parties.push(this.party(request, parentId!, amounts, { resolved: parent, lineage: ORPHAN }));
    return this.chargeAll(request, parties.filter((party) => party.amounts.size > 0));
  }

  private childOf(request: ChargeRequest, amounts: Amounts): Party | Promise<Party> {
    const { entity, resource, limits } = request;
    const child = (known: Known): Party => this.party(request, entity, amounts, known);
    if (limits !== undefined) {
      const resolved = overridden(limits);
      const lineage = this.resolver.peekLineage(entity);
      return lineage === undefined ? this.resolver.lineage(entity).then((read) => child({ resolved, lineage: read })) : child({ resolved, lineage });
    }
    const { resolved, lineage = ORPHAN } = this.resolver.peek(entity, resource) ?? {};
    if (resolved === undefined) return this.firstSight(request, entity, amounts);
    return fits(amounts, resolved) ? child({ resolved, lineage }) : this.current(entity, resource, { resolved, lineage }).then(child);
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
      if (party.taken !== undefined) await bucket.complete(party.context);
      return party;
    } catch (error) { // the request is wrong after all: it must change nothing
      await bucket.giveBack(taken?.parts ?? []);
      throw error;
    }
  }

  private party(request: ChargeRequest, entity: string, wanted: Amounts, { resolved, lineage }: Known): Party {
    const { resource, signal } = request;
    const isParent = entity !== request.entity;
    if (!isParent) checkKnown(wanted, resolved.limits);
    const party: Party = {
      entity, resolved,
      amounts: isParent ? sharedWith(resolved, wanted) : wanted,
      bucket: this.buckets.get(entity, resource),
      taken: undefined,
      context: {
        limits: resolved, lineage, signal,
        revalidate: async () => {
          party.resolved = await this.resolver.revalidate(entity, resource);
          if (!isParent) checkKnown(wanted, party.resolved.limits);
          return party.resolved;
        },
      },
    };
    return party;
  }

  private async chargeAll(request: ChargeRequest, parties: readonly Party[]): Promise<Charged> {
    const { resource } = request;
    const admitted = parties.every(({ amounts, resolved }) => fits(amounts, resolved)) && await this.takeFromAll(parties);
    if (!admitted) {
      await giveBack(parties);
      return { admitted, limits: this.refusedViews(parties, resource), charges: [] };
    }
    return new Admission(parties, resource);
  }

  /** False when one refused. One that seems to be short is asked first, alone; otherwise all are asked at once. */
  private async takeFromAll(parties: readonly Party[]): Promise<boolean> {
    const [first] = parties;
    if (parties.length === 1) return first!.taken !== undefined || takeFor(first!);
    const open = parties.filter(({ taken }) => taken === undefined);
    const doubtful = open.find(({ bucket, amounts, resolved }) => bucket.room(amounts, resolved.target) < 1);
    if (doubtful !== undefined && !await takeFor(doubtful)) return false;
    const results = await Promise.allSettled(open.filter((party) => party !== doubtful).map(takeFor));
    if (results.some((result) => result.status === 'fulfilled' && !result.value)) return false;
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    return true;
  }

  /** Every limit of those that were asked; at least one is exceeded. */
  private refusedViews(parties: readonly Party[], resource: string): LimitView[] {
    const now = this.settings.clock.now();
    const views = parties.flatMap((party) => {
      const { bucket, resolved, amounts, taken } = party;
      if (!fits(amounts, resolved)) return viewsOf(party, resource, [{ state: null, place: { index: 0, count: 1 }, now, verdict: 'short' }]);
      return viewsOf(party, resource, taken?.shards ?? bucket.standings());
    });
    if (views.some(({ exceeded }) => exceeded)) return views;
    // Tokens came back between the refusal and now.
    return parties.flatMap((party) => viewsOf(party, resource, (party.taken?.shards ?? []).map((shard): Standing => ({ ...shard, verdict: 'scattered' }))));
  }
}

/** A request that was admitted. */
class Admission implements Charged {
  readonly admitted = true;
  readonly charges: readonly Charge[];
  private views: LimitView[] | undefined;

  constructor(private readonly parties: readonly Party[], private readonly resource: string) {
    this.charges = parties.flatMap((party) => party.taken!.parts.map((part) => new PartCharge(party, resource, part)));
  }

  /** Made when somebody looks at them. */
  get limits(): readonly LimitView[] {
    return this.views ??= this.parties.flatMap((party) => viewsOf(party, this.resource, party.taken!.shards));
  }
}

/** What one shard gave. */
class PartCharge implements Charge {
  readonly entity: string;
  readonly amounts: Amounts;
  private readonly limits: readonly Limit[];
  private readonly writer: BucketWriter;
  private readonly state: BucketState | null | undefined;

  constructor({ entity, resolved }: Party, readonly resource: string, { writer, amounts }: Part) {
    this.entity = entity;
    this.amounts = amounts;
    this.limits = resolved.limits;
    this.writer = writer;
    this.state = writer.lastSeen;
  }

  get limitNames(): readonly string[] {
    const stored = this.state ? applicationLimits(this.state).map(([name]) => name) : [];
    return [...new Set([...stored, ...this.limits.map(({ name }) => name)])];
  }

  settle(amounts: Amounts): Promise<unknown> {
    return this.writer.settle(amounts);
  }
}

/** Returns what a request that is not admitted has taken. */
async function giveBack(parties: readonly Party[]): Promise<void> {
  await Promise.all(parties.map(async (party) => {
    const { bucket, taken } = party;
    if (taken?.verdict !== 'admitted') return;
    party.taken = undefined;
    await bucket.giveBack(taken.parts);
  }));
}

async function takeFor(party: Party): Promise<boolean> {
  party.taken = await party.bucket.take(party.amounts, party.context);
  return party.taken.verdict === 'admitted';
}

function viewsOf({ entity, resolved, amounts, taken }: Party, resource: string, shards: readonly Standing[]): LimitView[] {
  if (shards.length === 0) return [];
  return viewShards({ entity, resource, source: resolved.source }, taken?.target ?? resolved.target, amounts, shards);
}

const ORPHAN: Lineage = { cascade: false, parentId: undefined };
const NO_LIMITS = bucketTarget([], true);

function parentIdOf(entity: string, { cascade, parentId }: Lineage): string | undefined {
  return cascade && parentId !== entity ? parentId : undefined;
}

/** The amounts of those limits that a parent has. */
function sharedWith({ target }: ResolvedLimits, amounts: Amounts): Amounts {
  const shared = [...amounts].filter(([name]) => target.limits.has(name));
  return shared.length === amounts.size ? amounts : new Map(shared);
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

/** False when a limit is unknown, or can never hold what is asked of it. */
function fits(amounts: Amounts, { target }: ResolvedLimits): boolean {
  for (const [name, amount] of amounts) if (!(amount <= (target.limits.get(name)?.capacity ?? -1))) return false;
  return true;
}

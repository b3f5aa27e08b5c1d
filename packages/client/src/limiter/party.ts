import type { Amounts } from '../core/bucket.js';
import type { LimitView } from '../core/limit-view.js';
import { viewShards, type Standing } from '../core/views.js';
import type { Lineage } from '../schema/bucket-item.js';
import type { TakeContext } from './bucket-writer.js';
import type { Abandonment } from './deadline.js';
import type { Known, LimitResolver, ResolvedLimits } from './limit-resolver.js';
import { checkKnown, type AcquireRequest } from './request.js';
import type { ShardedBucket, Taken } from './sharded-bucket.js';

/** What of a request says what to charge, and whether somebody still waits for it. */
export type ChargeRequest = Pick<AcquireRequest, 'entity' | 'resource' | 'limits'> & { readonly signal?: Abandonment };

/** One entity that a request charges: the one it names, or that one's parent. */
export class Party implements TakeContext {
  /** What it is asked for, by limit; a parent only those that it has. */
  readonly amounts: Amounts;
  readonly lineage: Lineage;
  readonly signal: Abandonment | undefined;
  /** Replaced when they had to be looked up again. */
  limits: ResolvedLimits;
  /** Undefined before the bucket was asked, and after what it gave was given back. */
  taken: Taken | undefined;

  constructor(
    private readonly resolver: LimitResolver, private readonly request: ChargeRequest, readonly entity: string, private readonly wanted: Amounts,
    { resolved, lineage }: Known, readonly bucket: ShardedBucket,
  ) {
    this.limits = resolved;
    this.lineage = lineage;
    this.signal = request.signal;
    this.amounts = this.isParent ? sharedWith(resolved, wanted) : wanted;
    this.check();
  }

  get resource(): string {
    return this.request.resource;
  }

  /** False when a limit is unknown, or can never hold what is asked of it. */
  get fits(): boolean {
    return fits(this.amounts, this.limits);
  }

  /** Asks the bucket. */
  take(): Promise<boolean> {
    return this.bucket.take(this.amounts, this).then((taken) => {
      this.taken = taken;
      return taken.verdict === 'admitted';
    });
  }

  async revalidate(): Promise<ResolvedLimits> {
    this.limits = await this.resolver.revalidate(this.entity, this.resource);
    this.check();
    return this.limits;
  }

  /** Returns what the bucket gave. */
  async giveBack(): Promise<void> {
    const { taken } = this;
    if (taken?.verdict !== 'admitted') return;
    this.taken = undefined;
    await this.bucket.giveBack(taken.parts);
  }

  /** Every limit, as those shards of its bucket show it. */
  views(shards: readonly Standing[] = []): LimitView[] {
    if (shards.length === 0) return [];
    const { entity, resource, limits: { source, target }, amounts, taken } = this;
    return viewShards({ entity, resource, source }, taken?.target ?? target, amounts, shards);
  }

  private get isParent(): boolean {
    return this.entity !== this.request.entity;
  }

  private check(): void {
    if (!this.isParent) checkKnown(this.wanted, this.limits.limits);
  }
}

/** False when one cannot or does not give what it is asked for. */
export function takeFromAll(parties: readonly Party[]): Promise<boolean> | boolean {
  if (!parties.every((party) => party.fits)) return false;
  const open = parties.filter(({ taken }) => taken === undefined);
  return open.length > 1 ? takeFromSeveral(open) : open[0]?.take() ?? true;
}

/** One that seems to be short is asked first, alone; otherwise all are asked at once. */
async function takeFromSeveral(parties: readonly Party[]): Promise<boolean> {
  const doubtful = parties.find(({ bucket, amounts, limits }) => bucket.room(amounts, limits.target) < 1);
  if (doubtful !== undefined && !await doubtful.take()) return false;
  const results = await Promise.allSettled(parties.filter((party) => party !== doubtful).map((party) => party.take()));
  if (results.some((result) => result.status === 'fulfilled' && !result.value)) return false;
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return true;
}

/** Returns what a request that is not admitted has taken. */
export async function giveBack(parties: readonly Party[]): Promise<void> {
  await Promise.all(parties.map((party) => party.giveBack()));
}

/** The amounts of those limits that a parent has. */
export function sharedWith({ target }: ResolvedLimits, amounts: Amounts): Amounts {
  const shared = [...amounts].filter(([name]) => target.limits.has(name));
  return shared.length === amounts.size ? amounts : new Map(shared);
}

/** False when a limit is unknown, or can never hold what is asked of it. */
export function fits(amounts: Amounts, { target }: ResolvedLimits): boolean {
  for (const [name, amount] of amounts) if (!(amount <= (target.limits.get(name)?.capacity ?? -1))) return false;
  return true;
}

import { negated, type Amounts, type BucketKey, type BucketState, type BucketTarget } from '../core/bucket.js';
import { shareOf } from '../core/plan.js';
import type { Standing, Verdict } from '../core/views.js';
import { parseBucket } from '../schema/bucket-item.js';
import { pk, SK } from '../schema/keys.js';
import { BucketWriter, type TakeContext, type TakeOutcome, type WriterSettings } from './bucket-writer.js';

/** Shards that a bucket is split into at most. */
export const MAX_SHARDS = 32;

/** Shards that a request asks for all that it wants: two at random, and then those that seem to have it. */
const MAX_TRIED = 4;

/** Times that a request is gathered from what the shards are remembered to hold: each refusal shows one as it is. */
const GATHER_ROUNDS = 3;

/** Part of a request, taken from one shard. */
export interface Part {
  readonly writer: BucketWriter;
  readonly amounts: Amounts;
  /** The shard as it was then. */
  readonly state: BucketState | null | undefined;
}

/** How a request for a bucket ended. */
export interface Taken {
  readonly verdict: Verdict;
  /** Where the tokens come from; empty unless the request was admitted. */
  readonly parts: readonly Part[];
  /** Limits that the request was decided with. */
  readonly target: BucketTarget;
  /** Every shard as it stood then. */
  readonly shards: readonly Standing[];
}

export interface ShardedBucketListener {
  split(shards: number): void;
  /** Told when millitokens could not be given back. */
  unsettled(amounts: Amounts, cause: unknown): void;
  clockAhead(aheadMs: number): void;
}

/**
 * The bucket of one entity and resource, over all its shards.
 *
 * Nearly every bucket has one. DynamoDB limits the writes of a partition; a bucket that it goes on throttling is doubled,
 * up to 32 shards, which share capacity and refill, so that the total stays what it was. A request goes to the fuller of
 * two random shards, then to the others; one that no shard can serve alone is gathered from several.
 */
export class ShardedBucket {
  private readonly writers = new Map<number, BucketWriter>();
  private count = 1;
  private splitting = false;

  constructor(
    private readonly settings: WriterSettings, private readonly key: Omit<BucketKey, 'shard'>, private readonly listener: ShardedBucketListener,
  ) {}

  /** True once a write has shown whether the bucket exists. */
  get seen(): boolean {
    return [...this.writers.values()].some(({ lastSeen }) => lastSeen !== undefined);
  }

  /** Takes from the first shard what is stored there, without knowing the limits that apply. 1 call. */
  takeBlindly(amounts: Amounts): Promise<boolean> {
    return this.writer(0).takeBlindly(amounts);
  }

  /** What `takeBlindly` took, now that the limits are known. */
  blindlyTaken(amounts: Amounts, target: BucketTarget): Taken {
    return this.taken([this.part(0, amounts)], target);
  }

  /** Writes limits that the bucket lacks, after a take that did not know them; so that a lease can correct them. */
  async complete(context: TakeContext): Promise<void> {
    const { lastSeen } = this.writer(0);
    const lacking = [...context.limits.target.limits.keys()].filter((name) => lastSeen != null && !lastSeen.limits.has(name));
    if (lacking.length > 0) await this.takeFrom(0, new Map(lacking.map((name) => [name, 0])), context);
  }

  /** Takes all amounts or none. 1 call while the bucket has one shard and is remembered as it is. */
  take(amounts: Amounts, context: TakeContext): Promise<Taken> {
    if (this.count > 1) return this.takeFromShards(amounts, context, context.limits.target, []);
    return this.takeFrom(0, amounts, context).then((outcome) => {
      const { verdict, target } = outcome;
      if (this.count === 1) return this.whole(amounts, outcome);
      return verdict === 'admitted' ? this.taken([this.part(0, amounts)], target) : this.takeFromShards(amounts, context, target, [0]);
    });
  }

  /** @param tried shards that did not give it */
  private async takeFromShards(amounts: Amounts, context: TakeContext, target: BucketTarget, tried: number[]): Promise<Taken> {
    for (let shard = this.choose(tried, amounts, target); shard !== undefined; shard = this.choose(tried, amounts, target)) {
      tried.push(shard);
      if (!this.isWithinShare(shard, amounts, target)) continue;
      const outcome = await this.takeFrom(shard, amounts, context);
      ({ target } = outcome);
      if (this.count === 1 && shard === 0) return this.whole(amounts, outcome);
      if (outcome.verdict === 'admitted') return this.taken([this.part(shard, amounts)], target);
    }
    return this.gather(amounts, context, target);
  }

  /** What the only shard there is decided. */
  private whole(amounts: Amounts, outcome: TakeOutcome): Taken {
    const { verdict, target } = outcome;
    return { verdict, parts: verdict === 'admitted' ? [this.part(0, amounts)] : [], target, shards: [outcome] };
  }

  /** Returns parts to the shards that they came from. Never throws: what cannot be returned is told. */
  async giveBack(parts: readonly Part[]): Promise<void> {
    await Promise.all(parts.map(async ({ writer, amounts }) => {
      const refund = negated(amounts);
      await writer.settle(refund).catch((cause: unknown) => this.listener.unsettled(refund, cause));
    }));
  }

  /** How many times over the bucket could give these amounts, as far as is known; Infinity when it was never seen. */
  room(amounts: Amounts, target: BucketTarget): number {
    return Math.max(...this.shards().map((shard) => this.writer(shard).room(amounts, target, this.count)));
  }

  /** Every shard as it was last seen; none when the bucket never was. */
  standings(verdict: Verdict = 'admitted'): Standing[] {
    if (!this.seen) return [];
    const now = this.settings.clock.now();
    return this.shards().map((index) => ({ state: this.writer(index).lastSeen ?? null, place: { index, count: this.count }, now, verdict }));
  }

  /** The fuller of two random shards first, then the other, then those that seem to have room; undefined when enough were tried. */
  private choose(tried: readonly number[], amounts: Amounts, target: BucketTarget): number | undefined {
    if (this.count === 1) return tried.includes(0) ? undefined : 0;
    if (tried.length >= MAX_TRIED) return undefined;
    const one = this.draw(tried);
    const other = one === undefined ? undefined : this.draw([...tried, one]);
    if (one === undefined || other === undefined) return one;
    const room = (shard: number): number => this.writer(shard).room(amounts, target, this.count);
    const fuller = room(other) > room(one) ? other : one;
    if (tried.length < 2) return fuller;
    return this.shards().filter((shard) => !tried.includes(shard)).find((shard) => room(shard) >= 1);
  }

  private draw(tried: readonly number[]): number | undefined {
    if (tried.filter((shard) => shard < this.count).length === this.count) return undefined;
    let shard = Math.floor(this.settings.random() * this.count);
    while (tried.includes(shard)) shard = (shard + 1) % this.count;
    return shard;
  }

  /** Takes what each shard has until it is enough; gives everything back when it is not. */
  private async gather(amounts: Amounts, context: TakeContext, target: BucketTarget): Promise<Taken> {
    const shards = this.shards();
    const parts: Part[] = [];
    const left = new Map(amounts);
    for (let round = 0; round < GATHER_ROUNDS && this.isEnough(shards, left, target); round++) {
      const wanted = this.divide(shards, left, target);
      const results = await Promise.allSettled(wanted.map(([shard, part]) => this.takeFrom(shard, part, context)));
      for (const [at, [shard, part]] of wanted.entries()) {
        const result = results[at]!;
        if (result.status === 'rejected' || result.value.verdict !== 'admitted') continue;
        parts.push(this.part(shard, part));
        for (const [name, amount] of part) left.set(name, left.get(name)! - amount);
      }
      if ([...left.values()].every((amount) => amount === 0)) return this.taken(parts, target);
      const failed = results.find((result) => result.status === 'rejected');
      if (failed === undefined) continue;
      await this.giveBack(parts);
      throw failed.reason;
    }
    await this.giveBack(parts);
    const verdict = this.isEnough(shards, amounts, target) ? 'scattered' : 'short';
    return { verdict, parts: [], target, shards: this.standings(verdict) };
  }

  /** Which shard gives how much, fullest first, so that few are asked. */
  private divide(shards: readonly number[], amounts: Amounts, target: BucketTarget): [shard: number, part: Amounts][] {
    const left = new Map([...amounts].filter(([, amount]) => amount > 0));
    const room = (shard: number): number => Math.min(...[...left].map(([name, amount]) => this.most(shard, name, target) / amount));
    return [...shards].sort((a, b) => room(b) - room(a)).flatMap((shard): [number, Amounts][] => {
      const part = new Map([...left].map(([name, amount]): [string, number] => [name, Math.min(amount, this.most(shard, name, target))])
        .filter(([, amount]) => amount > 0));
      for (const [name, amount] of part) left.set(name, left.get(name)! - amount);
      return part.size === 0 ? [] : [[shard, part]];
    });
  }

  private isEnough(shards: readonly number[], amounts: Amounts, target: BucketTarget): boolean {
    return [...amounts].every(([name, amount]) => amount <= shards.reduce((sum, shard) => sum + this.most(shard, name, target), 0));
  }

  /** Most millitokens that a shard may give of a limit: what it has, or its share where memory cannot tell. */
  private most(shard: number, name: string, target: BucketTarget): number {
    const writer = this.writer(shard);
    const known = writer.fresh ? writer.lastSeen : undefined;
    if (known === undefined || (known !== null && !known.limits.has(name))) return this.shareOfLimit(shard, name, target);
    return Math.max(0, writer.available(target, this.count).get(name) ?? 0);
  }

  private isWithinShare(shard: number, amounts: Amounts, target: BucketTarget): boolean {
    return [...amounts].every(([name, amount]) => amount <= this.shareOfLimit(shard, name, target));
  }

  private shareOfLimit(shard: number, name: string, { limits }: BucketTarget): number {
    const limit = limits.get(name);
    return limit === undefined ? 0 : shareOf({ ...limit, tokens: 0 }, shard, this.count).capacity;
  }

  private takeFrom(shard: number, amounts: Amounts, context: TakeContext): Promise<TakeOutcome> {
    return this.writer(shard).take(amounts, this.count, context);
  }

  /** The first shard says how many there are; the others follow it. */
  private learn(shard: number, { shardCount }: BucketState): void {
    this.count = shard === 0 ? shardCount : Math.max(this.count, shardCount);
  }

  /** A further shard that is missing may be new, or gone because an operator joined the shards: the first one knows. 1 read. */
  private async hasShard(shard: number): Promise<boolean> {
    const { store, timeoutMs } = this.settings;
    const first = await store.get({ pk: pk.bucket({ ...this.key, shard: 0 }), sk: SK.bucket }, { consistent: true, timeoutMs });
    if (first !== undefined) this.count = parseBucket(first).shardCount;
    return shard < this.count;
  }

  private async split(): Promise<void> {
    const shards = this.count;
    if (this.splitting || 2 * shards > MAX_SHARDS) return;
    this.splitting = true;
    try {
      if (await this.writer(0).split(shards)) this.listener.split(this.count);
    } catch {
      // The bucket is throttled; the next throttles ask again.
    } finally {
      this.splitting = false;
    }
  }

  private part(shard: number, amounts: Amounts): Part {
    const writer = this.writer(shard);
    return { writer, amounts, state: writer.lastSeen };
  }

  private taken(parts: readonly Part[], target: BucketTarget): Taken {
    return { verdict: 'admitted', parts, target, shards: this.standings() };
  }

  /** Never more than we would make: a count that ran away (W1) is honoured for the shares, and random shards are tried. */
  private shards(): number[] {
    return Array.from({ length: Math.min(this.count, MAX_SHARDS) }, (_, shard) => shard);
  }

  private writer(shard: number): BucketWriter {
    const known = this.writers.get(shard);
    if (known !== undefined) return known;
    const writer = new BucketWriter(this.settings, { ...this.key, shard }, {
      seen: (state) => this.learn(shard, state), hasShard: (index) => this.hasShard(index),
      tooHot: () => void this.split(), clockAhead: this.listener.clockAhead,
    });
    this.writers.set(shard, writer);
    if (this.writers.size > 2 * MAX_SHARDS) this.writers.delete([...this.writers.keys()].find((index) => index >= MAX_SHARDS)!); // W1
    return writer;
  }
}

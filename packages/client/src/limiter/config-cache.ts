import type { Clock } from '../core/clock.js';
import type { Item } from '../schema/attributes.js';
import type { PrimaryKey } from '../schema/keys.js';
import type { RequestStore } from '../store/store.js';

/** What the cache did since it was made. */
export interface CacheStats {
  /** Items that were served from memory. */
  readonly hits: number;
  /** Items that had to be read. */
  readonly misses: number;
  /** Items in memory, stale ones included. */
  readonly size: number;
  readonly ttlMs: number;
}

export interface CacheOptions {
  /** How long an item is served without looking again; 0 keeps nothing. */
  readonly ttlMs: number;
  /** Items in memory at most; the oldest go first. */
  readonly maxEntries: number;
  /** Longest wait for a read in milliseconds. @default the store's own */
  readonly timeoutMs: number | undefined;
}

/** A key that is looked up often carries what the cache finds it by: to make that takes longer than to look. */
export interface CacheKey extends PrimaryKey {
  readonly id?: string;
}

/** The key with what the cache finds it by. */
export const cacheKey = (key: PrimaryKey): CacheKey => ({ ...key, id: textOf(key) });

interface Slot<T> {
  readonly value: T;
  readonly expiresAt: number;
}

/**
 * Small items that rarely change, kept for a while. A missing item is remembered too.
 *
 * Each item is read once however many callers ask for it at the same time, and a slow read holds up only those who
 * need it (W29).
 */
export class ConfigCache<T> {
  private readonly slots = new Map<string, Slot<T>>();
  private readonly reads = new Map<string, Promise<T>>();
  private hits = 0;
  private misses = 0;

  /**
   * @param parse makes what is kept of an item; called with undefined for a missing one
   */
  constructor(
    private readonly store: RequestStore,
    private readonly clock: Clock,
    private readonly parse: (key: PrimaryKey, item: Item | undefined) => T,
    private readonly options: CacheOptions,
  ) {}

  get stats(): CacheStats {
    return { hits: this.hits, misses: this.misses, size: this.slots.size, ttlMs: this.options.ttlMs };
  }

  /** The items in the order of their keys; those not in memory are read together, with 1 call. */
  async read(keys: readonly PrimaryKey[]): Promise<readonly T[]> {
    const missing = keys.filter((key) => this.fresh(key) === undefined);
    this.hits += keys.length - missing.length;
    this.misses += missing.length;
    const values = new Map(keys.map((key) => [identity(key), this.fresh(key)?.value]));
    const fetched = await Promise.all(this.fetch(missing));
    missing.forEach((key, at) => values.set(identity(key), fetched[at]!));
    return keys.map((key) => values.get(identity(key))!);
  }

  /** Like `read`, but looks at every item again, consistently. What is in memory stays there when that fails. */
  async reread(keys: readonly PrimaryKey[]): Promise<readonly T[]> {
    const items = await this.store.getMany(keys, { consistent: true, timeoutMs: this.options.timeoutMs });
    return keys.map((key, at) => {
      const value = this.parse(key, items[at]);
      this.reads.delete(identity(key)); // a read that is under way may be older
      this.remember(identity(key), value);
      return value;
    });
  }

  /** The items from memory, also when they are stale; undefined when one is not there. Makes no call. */
  peek(keys: readonly CacheKey[]): { readonly values: readonly T[]; readonly stale: boolean } | undefined {
    const now = this.clock.now();
    const values: T[] = [];
    let stale = false;
    for (const key of keys) {
      const slot = this.slots.get(identity(key));
      if (slot === undefined) return undefined;
      values.push(slot.value);
      stale ||= now > slot.expiresAt;
    }
    this.hits += keys.length;
    return { values, stale };
  }

  /** Forgets some items, or all. What a read that is under way brings is not kept: it may be older than the eviction. */
  evict(keys?: readonly PrimaryKey[]): void {
    for (const id of keys?.map(identity) ?? [...this.slots.keys(), ...this.reads.keys()]) {
      this.slots.delete(id);
      this.reads.delete(id);
    }
  }

  private fresh(key: PrimaryKey): Slot<T> | undefined {
    const slot = this.slots.get(identity(key));
    return slot !== undefined && this.clock.now() <= slot.expiresAt ? slot : undefined;
  }

  /** One read for the keys that nobody reads yet; the others wait for the read that is under way. */
  private fetch(keys: readonly PrimaryKey[]): Promise<T>[] {
    const mine = keys.filter((key) => !this.reads.has(identity(key)));
    if (mine.length > 0) {
      const batch = this.store.getMany(mine, { timeoutMs: this.options.timeoutMs });
      mine.forEach((key, at) => {
        const id = identity(key);
        const read: Promise<T> = batch.then((items) => {
          const value = this.parse(key, items[at]);
          if (this.reads.get(id) === read) this.remember(id, value);
          return value;
        }).finally(() => {
          if (this.reads.get(id) === read) this.reads.delete(id);
        });
        this.reads.set(id, read);
      });
    }
    return keys.map((key) => this.reads.get(identity(key))!);
  }

  private remember(id: string, value: T): void {
    const { ttlMs, maxEntries } = this.options;
    if (ttlMs === 0) return;
    this.slots.delete(id); // so that the oldest entry stays first
    this.slots.set(id, { value, expiresAt: this.clock.now() + ttlMs });
    if (this.slots.size > maxEntries) this.slots.delete(this.slots.keys().next().value!);
  }
}

const identity = (key: CacheKey): string => key.id ?? textOf(key);

function textOf({ pk, sk }: PrimaryKey): string {
  return `${pk}\0${sk}`;
}

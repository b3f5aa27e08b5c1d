import type { Clock } from '../core/clock.js';
import { LimiterUnavailableError } from '../core/errors.js';
import type { Item } from '../schema/attributes.js';
import type { PrimaryKey } from '../schema/keys.js';
import type { ItemUpdate, ItemWrite } from '../schema/update.js';
import type { Query, ReadOptions, Store, TableDescription, UpdateOptions, UpdateOutcome } from '../store/store.js';

/**
 * What goes wrong with a call.
 *
 * `throttled` and `conflict`: refused at once, nothing done. `denied`: refused for good. `lost`: the call never arrives.
 * `unanswered`: it is carried out, and its answer is lost. `down`: the connection fails at once.
 */
export type Fault = 'throttled' | 'conflict' | 'denied' | 'lost' | 'unanswered' | 'down';

/** Decides for each update what goes wrong, if anything. May also throw, or do something first. */
export type FaultPlan = (update: ItemUpdate) => Fault | undefined | void | Promise<Fault | undefined | void>;

/**
 * A store whose calls take time and can be disturbed; without either it behaves as the store behind it.
 *
 * @example
 * ```ts
 * const clock = new FakeClock();
 * const store = new FaultyStore(new MemoryStore(), clock);
 * store.fault = () => 'throttled';
 * ```
 */
export class FaultyStore implements Store {
  /** Asked before each update. */
  fault: FaultPlan | undefined;
  /** Fails every read and transaction like this. */
  readFault: Fault | undefined;
  /** Milliseconds that a call takes, half of them before it is carried out. */
  latencyMs = 0;
  /** Updates that were sent. */
  updates = 0;
  /** Reads and transactions that were sent. */
  others = 0;

  constructor(private readonly store: Store, private readonly clock: Clock) {}

  get tableName(): string {
    return this.store.tableName;
  }

  async update(update: ItemUpdate, options: UpdateOptions = {}): Promise<UpdateOutcome> {
    this.updates++;
    const fault = await this.fault?.(update) ?? undefined;
    if (fault !== undefined && fault !== 'unanswered') return this.fail(fault, options.timeoutMs);
    await this.travel();
    const outcome = await this.store.update(update, options);
    if (fault === 'unanswered') return this.fail(fault, options.timeoutMs);
    await this.travel();
    return outcome;
  }

  get(key: PrimaryKey, options?: ReadOptions): Promise<Item | undefined> {
    return this.read(() => this.store.get(key, options), options?.timeoutMs);
  }

  getMany(keys: readonly PrimaryKey[], options?: ReadOptions): Promise<readonly (Item | undefined)[]> {
    return this.read(() => this.store.getMany(keys, options), options?.timeoutMs);
  }

  query(query: Query): AsyncIterable<Item> {
    return this.store.query(query);
  }

  transact(writes: readonly ItemWrite[]): Promise<boolean> {
    return this.read(() => this.store.transact(writes));
  }

  deleteMany(keys: readonly PrimaryKey[]): Promise<void> {
    return this.read(() => this.store.deleteMany(keys));
  }

  describe(): Promise<TableDescription> {
    return this.read(() => this.store.describe());
  }

  private async read<T>(call: () => Promise<T>, timeoutMs?: number): Promise<T> {
    this.others++;
    if (this.readFault !== undefined) return this.fail(this.readFault, timeoutMs);
    await this.travel();
    const answer = await call();
    await this.travel();
    return answer;
  }

  private async travel(): Promise<void> {
    if (this.latencyMs > 0) await this.clock.sleep(this.latencyMs / 2);
  }

  private async fail(fault: Fault, timeoutMs = 1000): Promise<never> {
    if (fault === 'lost' || fault === 'unanswered') await this.clock.sleep(timeoutMs);
    throw new LimiterUnavailableError(`table '${this.tableName}': ${fault}`, fault !== 'denied', { reason: REASONS[fault] });
  }
}

const REASONS = {
  throttled: 'throttled', conflict: 'conflict', denied: 'rejected', lost: 'unanswered', unanswered: 'unanswered', down: 'unanswered',
} as const;

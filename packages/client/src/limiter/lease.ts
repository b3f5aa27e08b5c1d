import type { Amounts } from '../core/bucket.js';
import { LeaseExpiredError, UnknownLimitError } from '../core/errors.js';
import { MILLI } from '../core/token-bucket.js';
import { checkAmounts } from './request.js';

/** Writes a lease's corrections to the bucket that was charged. */
export interface Charge {
  readonly entity: string;
  readonly resource: string;
  /** Limits of the bucket, whether or not the request named them. */
  readonly limitNames: readonly string[];
  settle(amounts: Amounts): Promise<unknown>;
}

type Tokens = Readonly<Record<string, number>>;

/**
 * Tokens that a request took. They are already gone from the bucket; the lease corrects how many.
 *
 * Amounts are whole tokens per limit name. Corrections are kept in memory until `commit`, which writes them together.
 */
export class Lease implements AsyncDisposable {
  private state: 'open' | 'committed' | 'rolled back' = 'open';
  private readonly taken: Map<string, number>;
  private readonly pending = new Map<string, number>();

  /**
   * @internal
   * @param charge  the bucket that was charged; undefined for a lease that was granted without the store
   * @param taken   millitokens that were taken when the lease was granted
   * @param onError told when the lease could not be settled, with the tokens that were not written
   */
  constructor(private readonly charge: Charge | undefined, taken: Amounts, private readonly onError: (cause: unknown, amounts: Tokens) => void) {
    this.taken = new Map(taken);
  }

  /** True when the lease was granted without the store: nothing was taken, and corrections are dropped. */
  get degraded(): boolean {
    return this.charge === undefined;
  }

  /** True after `commit` or `rollback`: the amounts can no longer change. */
  get closed(): boolean {
    return this.state !== 'open';
  }

  /** Tokens per limit that this lease stands for now, corrections included. */
  get consumed(): Tokens {
    const names = new Set([...this.taken.keys(), ...this.pending.keys()]);
    return Object.fromEntries([...names].map((name) => [name, this.millitokens(name) / MILLI]));
  }

  /**
   * Adds to what was consumed; negative amounts give back. May take a limit into debt, which later refill pays off.
   * Makes no call: `commit` writes.
   *
   * @throws {UnknownLimitError} the bucket has no such limit
   * @throws {ValidationError} an amount is not an integer
   * @throws {LeaseExpiredError} the lease was committed or rolled back
   */
  adjust(delta: Tokens): void {
    this.correct(delta, 'delta', (name, amount) => (this.pending.get(name) ?? 0) + amount);
  }

  /** Says how much was consumed in the end, instead of by how much it differs. Otherwise like `adjust`. */
  set(actual: Tokens): void {
    this.correct(actual, 'amount', (name, amount) => amount - (this.taken.get(name) ?? 0));
  }

  /**
   * Writes the corrections and closes the lease. 1 call, or none when nothing was corrected.
   *
   * When the write fails the lease stays open and `commit` may be called again.
   *
   * @throws {LeaseExpiredError} the lease was committed or rolled back
   * @throws {LimiterUnavailableError} the store did not answer
   */
  async commit(): Promise<void> {
    await this.close('committed', this.corrections());
  }

  /**
   * Gives everything back and closes the lease; corrections are dropped. 1 call, or none when nothing was taken.
   *
   * @throws {LeaseExpiredError} the lease was committed or rolled back
   * @throws {LimiterUnavailableError} the store did not answer
   */
  async rollback(): Promise<void> {
    await this.close('rolled back', this.refund());
  }

  /**
   * Commits, unless the lease is closed already. A disposer cannot see whether its scope threw: call `rollback` before,
   * or use `limiter.run`, which does see it. A write that fails is reported as event `settlementFailed`, never thrown.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.settle('commit');
  }

  /**
   * Closes the lease unless it is closed. A write that fails is reported and not thrown, so that it hides nothing.
   *
   * @internal
   */
  async settle(how: 'commit' | 'rollback'): Promise<void> {
    if (this.closed) return;
    const amounts = how === 'commit' ? this.corrections() : this.refund();
    const tokens = Object.fromEntries([...amounts].map(([name, amount]) => [name, amount / MILLI]));
    await this[how]().catch((cause: unknown) => this.onError(cause, tokens));
  }

  private corrections(): Amounts {
    return new Map([...this.pending].filter(([, amount]) => amount !== 0));
  }

  private refund(): Amounts {
    return new Map([...this.taken].filter(([, amount]) => amount !== 0).map(([name, amount]) => [name, -amount]));
  }

  private millitokens(name: string): number {
    return (this.taken.get(name) ?? 0) + (this.pending.get(name) ?? 0);
  }

  private correct(tokens: Tokens, kind: 'delta' | 'amount', pending: (name: string, amount: number) => number): void {
    this.demandOpen();
    const amounts = checkAmounts(tokens, kind);
    if (this.charge === undefined) return;
    for (const name of amounts.keys()) {
      if (!this.charge.limitNames.includes(name)) throw new UnknownLimitError(name, this.charge.limitNames);
    }
    for (const [name, amount] of amounts) this.pending.set(name, pending(name, amount));
  }

  private async close(state: 'committed' | 'rolled back', amounts: Amounts): Promise<void> {
    this.demandOpen();
    this.state = state; // at once, so that two closings at the same time write once
    try {
      if (amounts.size > 0) await this.charge?.settle(amounts);
    } catch (error) {
      this.state = 'open';
      throw error;
    }
  }

  private demandOpen(): void {
    if (this.state !== 'open') throw new LeaseExpiredError(`the lease was already ${this.state}`);
  }
}

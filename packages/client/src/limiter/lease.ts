import { addAmounts, negated, type Amounts } from '../core/bucket.js';
import { LeaseExpiredError, LimiterUnavailableError, UnknownLimitError } from '../core/errors.js';
import type { LimitView } from '../core/limit-view.js';
import { MILLI } from '../core/token-bucket.js';
import { checkAmounts } from './request.js';

/** Tokens that were taken from one shard of a bucket. */
export interface Charge {
  readonly entity: string;
  readonly resource: string;
  /** Limits of the bucket, whether or not the request named them. */
  readonly limitNames: readonly string[];
  /** Millitokens that were taken. */
  readonly amounts: Amounts;
  /** Moves tokens of that shard; positive amounts are taken, negative ones given back. */
  settle(amounts: Amounts): Promise<unknown>;
}

/** What a lease needs from its limiter. */
export interface LeaseOwner {
  /** Who asked. */
  readonly entity: string;
  readonly resource: string;
  /** Takes more on the same terms; undefined when the store did not answer and the policy lets requests pass. */
  takeMore(amounts: Amounts): Promise<readonly Charge[] | undefined>;
  /** Told when tokens could not be settled. */
  unsettled(entity: string, amounts: Tokens, cause: unknown): void;
  /** Told when corrections had no bucket to go to, because the lease was granted without the store. */
  dropped(amounts: Tokens): void;
}

/** What a request was charged, made when somebody looks. */
export interface LeaseCharges {
  readonly charges: readonly Charge[];
  /** Every limit of those that were charged, as their buckets stood then. */
  readonly limits: readonly LimitView[];
}

/** Whole tokens by limit name. */
export type Tokens = Readonly<Record<string, number>>;

/** What one entity was charged. */
interface Account {
  readonly entity: string;
  readonly limitNames: readonly string[];
  /** Millitokens that the lease stands for by now, whether or not they are written. */
  readonly wanted: Map<string, number>;
  /** By shard, what is written: refunds go where the tokens came from (W14). */
  readonly parts: { readonly taken: Map<string, number>; readonly settle: Charge['settle'] }[];
}

/** One write of a settlement. */
interface Move {
  readonly account: Account;
  readonly part: Account['parts'][number];
  readonly amounts: Map<string, number>;
}

interface Failure extends Move {
  readonly cause: unknown;
}

/**
 * Tokens that a request took. They are already gone from the bucket; the lease corrects how many.
 *
 * Amounts are whole tokens per limit name. Corrections are kept in memory until `flush` or `commit`, which write them
 * together. With a parent that is charged too, every correction goes to both; limits that the parent lacks stay with the
 * entity.
 */
export class Lease implements AsyncDisposable {
  private state: 'open' | 'committed' | 'rolled back' = 'open';
  /** Made when the lease is looked at or changed, which few are. */
  private booked: Map<string, Account> | undefined;
  /** Stands for the bucket of a lease without a charge. */
  private nobody: Account | undefined;
  /** The writes of a lease happen one after the other: each writes what the one before it left over. */
  private writing: Promise<unknown> = IDLE;
  // Hard private: who logs or serialises a decision must not meet the limiter behind it.
  readonly #owner: LeaseOwner;
  readonly #charged: LeaseCharges | undefined;

  /**
   * @internal
   * @param charged what was taken; undefined for a lease that took nothing
   * @param degraded true when the lease was granted without the store
   */
  constructor(owner: LeaseOwner, charged: LeaseCharges | undefined, readonly degraded: boolean) {
    this.#owner = owner;
    this.#charged = charged;
  }

  /**
   * The limits of the decision that this lease came with.
   *
   * @internal
   */
  limitsAtStart(): readonly LimitView[] {
    return this.#charged?.limits ?? [];
  }

  private get accounts(): Map<string, Account> {
    if (this.booked === undefined) {
      this.booked = new Map();
      for (const charge of this.#charged?.charges ?? []) this.book(charge);
    }
    return this.booked;
  }

  /** True after `commit` or `rollback`: the amounts can no longer change. */
  get closed(): boolean {
    return this.state !== 'open';
  }

  /** Tokens per limit that this lease stands for now, corrections included: those of the entity, without its parent's (W45). */
  get consumed(): Tokens {
    const account = this.accounts.get(this.#owner.entity);
    return account === undefined ? {} : toTokens(account.wanted);
  }

  /** The same for every entity that was charged: the one of the request, and its parent. */
  get byEntity(): ReadonlyMap<string, Tokens> {
    return new Map([...this.accounts].map(([entity, { wanted }]) => [entity, toTokens(wanted)]));
  }

  /**
   * Takes more tokens at once, if there are enough, on the terms of the lease's request: limits, parent, policy for
   * outages. 1 call, like `acquire`. Without a charge of its own (`degraded`, `shadow`) the lease takes nothing more.
   *
   * @throws {RateLimitExceededError} a limit is short; nothing more was taken, and the lease stays as it is
   * @throws {LimiterUnavailableError} the store did not answer and the policy is `block`
   * @throws {UnknownLimitError} the amounts name a limit that does not apply
   * @throws {ValidationError} an amount is not a whole number of tokens
   * @throws {LeaseExpiredError} the lease was committed or rolled back, also while this call was under way
   */
  async consume(more: Tokens): Promise<void> {
    this.demandOpen();
    const amounts = checkAmounts(more, 'amount');
    if (this.accounts.size === 0) return;
    const charges = await this.#owner.takeMore(amounts) ?? [];
    if (!this.closed) return charges.forEach((charge) => this.book(charge));
    this.report(await settle(charges.map((charge) => refundOf(this.accountOf(charge), charge))));
    throw this.expired();
  }

  /**
   * Adds to what was consumed; negative amounts give back. May take a limit into debt, which later refill pays off.
   * Makes no call: `flush` and `commit` write.
   *
   * @throws {UnknownLimitError} the bucket has no such limit
   * @throws {ValidationError} an amount is not an integer
   * @throws {LeaseExpiredError} the lease was committed or rolled back
   */
  adjust(delta: Tokens): void {
    this.correct(checkAmounts(delta, 'delta'), (before, amount) => before + amount);
  }

  /** Says how much was consumed in the end, instead of by how much it differs. Otherwise like `adjust`. */
  set(actual: Tokens): void {
    this.correct(checkAmounts(actual, 'amount'), (_, amount) => amount);
  }

  /** Gives a part back: `adjust` with the signs turned, for amounts of 0 or more. */
  release(part: Tokens): void {
    this.correct(checkAmounts(part, 'amount'), (before, amount) => before - amount);
  }

  /**
   * Writes the corrections so far and leaves the lease open: for work that takes long. 1 call for each entity charged, or
   * none when nothing was corrected.
   *
   * What cannot be written stays to be written later, unless the store may have done it before its answer was lost.
   *
   * @throws {LeaseExpiredError} the lease was committed or rolled back
   * @throws {LimiterUnavailableError} the store did not answer
   */
  async flush(): Promise<void> {
    this.demandOpen();
    raise(await this.inTurn(() => this.writeCorrections()));
  }

  /**
   * Writes the corrections and closes the lease. 1 call for each entity charged, or none when nothing was corrected.
   *
   * When a write fails the lease stays open, and `commit` may be called again for what is left.
   *
   * @throws {LeaseExpiredError} the lease was committed or rolled back
   * @throws {LimiterUnavailableError} the store did not answer
   */
  async commit(): Promise<void> {
    raise(await this.close('committed', () => this.writeCorrections()));
  }

  /**
   * Gives everything back, flushed corrections included, and closes the lease. 1 call for each entity charged, or none when
   * nothing was taken.
   *
   * When a write fails the lease stays open, and `rollback` may be called again for what is left.
   *
   * @throws {LeaseExpiredError} the lease was committed or rolled back
   * @throws {LimiterUnavailableError} the store did not answer
   */
  async rollback(): Promise<void> {
    raise(await this.close('rolled back', () => this.writeRefund()));
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
    this.report(how === 'commit'
      ? await this.close('committed', () => this.writeCorrections())
      : await this.close('rolled back', () => this.writeRefund()));
  }

  private async close(state: 'committed' | 'rolled back', write: () => Promise<readonly Failure[]>): Promise<readonly Failure[]> {
    this.demandOpen();
    this.state = state; // at once, so that two closings at the same time write once
    const failures = await this.inTurn(write);
    if (failures.length > 0) this.state = 'open';
    return failures;
  }

  private inTurn<T>(write: () => Promise<T>): Promise<T> {
    const turn = this.writing.then(write);
    this.writing = turn.catch(() => undefined);
    return turn;
  }

  private async writeCorrections(): Promise<readonly Failure[]> {
    if (this.booked === undefined) return []; // nobody looked, so nothing was corrected
    const dropped = nonZero(this.nobody?.wanted ?? new Map());
    this.nobody = undefined;
    if (this.degraded && dropped.size > 0) this.#owner.dropped(toTokens(dropped));
    return settle([...this.accounts.values()].flatMap(corrections));
  }

  private async writeRefund(): Promise<readonly Failure[]> {
    const accounts = [...this.accounts.values()];
    const failures = await settle(accounts.flatMap((account) =>
      account.parts.map((part): Move => ({ account, part, amounts: negated(part.taken) }))));
    if (failures.length > 0) return failures;
    for (const { wanted } of accounts) {
      for (const name of wanted.keys()) wanted.set(name, 0);
    }
    return [];
  }

  private report(failures: readonly Failure[]): void {
    for (const { account, amounts, cause } of failures) this.#owner.unsettled(account.entity, toTokens(amounts), cause);
  }

  private correct(amounts: Amounts, change: (before: number, amount: number) => number): void {
    this.demandOpen();
    const own = this.accounts.get(this.#owner.entity);
    for (const name of amounts.keys()) {
      if (own !== undefined && !own.limitNames.includes(name)) throw new UnknownLimitError(name, own.limitNames);
    }
    for (const { wanted, limitNames } of own === undefined ? [this.nobody ??= newAccount('', [])] : this.accounts.values()) {
      for (const [name, amount] of amounts) {
        if (own === undefined || limitNames.includes(name)) wanted.set(name, change(wanted.get(name) ?? 0, amount));
      }
    }
  }

  private book(charge: Charge): void {
    const account = this.accountOf(charge);
    this.accounts.set(charge.entity, account);
    account.parts.push({ taken: new Map(charge.amounts), settle: (amounts) => charge.settle(amounts) });
    addAmounts(account.wanted, charge.amounts);
  }

  private accountOf({ entity, limitNames }: Charge): Account {
    return this.accounts.get(entity) ?? newAccount(entity, limitNames);
  }

  private demandOpen(): void {
    if (this.closed) throw this.expired();
  }

  private expired(): LeaseExpiredError {
    return new LeaseExpiredError(`the lease was already ${this.state}`);
  }
}

const IDLE = Promise.resolve();

const newAccount = (entity: string, limitNames: readonly string[]): Account => ({ entity, limitNames, wanted: new Map(), parts: [] });

/** Sends every move, also when another fails: one entity's failure must not cost another its tokens (W23). */
async function settle(moves: readonly Move[]): Promise<readonly Failure[]> {
  const due = moves.map((move) => ({ ...move, amounts: nonZero(move.amounts) })).filter(({ amounts }) => amounts.size > 0);
  const results = await Promise.allSettled(due.map(({ part, amounts }) => part.settle(amounts)));
  return due.flatMap((move, at): Failure[] => {
    const result = results[at]!;
    // What may have been done counts as done: doing it again could return more than was taken.
    if (result.status === 'fulfilled' || mayBeDone(result.reason)) addAmounts(move.part.taken, move.amounts);
    return result.status === 'fulfilled' ? [] : [{ ...move, cause: result.reason }];
  });
}

/**
 * What is wanted and not written. A charge goes to the first shard; a refund to those that were charged, none of which gets
 * back more than it gave.
 */
function corrections(account: Account): Move[] {
  const moves = account.parts.map((part): Move => ({ account, part, amounts: new Map() }));
  for (const [name, wanted] of account.wanted) {
    let left = wanted - takenBy(account, name);
    for (const { part, amounts } of left < 0 ? moves : []) {
      const refund = Math.max(left, -(part.taken.get(name) ?? 0));
      amounts.set(name, refund);
      left -= refund;
    }
    const [first] = moves as [Move];
    first.amounts.set(name, (first.amounts.get(name) ?? 0) + left);
  }
  return moves;
}

function refundOf(account: Account, charge: Charge): Move {
  return { account, part: { taken: new Map(), settle: (amounts) => charge.settle(amounts) }, amounts: negated(charge.amounts) };
}

function takenBy({ parts }: Account, name: string): number {
  return parts.reduce((sum, { taken }) => sum + (taken.get(name) ?? 0), 0);
}

const mayBeDone = (cause: unknown): boolean => LimiterUnavailableError.is(cause) && cause.reason === 'unanswered';

function raise([failure]: readonly Failure[]): void {
  if (failure !== undefined) throw failure.cause;
}

const nonZero = (amounts: Amounts): Map<string, number> => new Map([...amounts].filter(([, amount]) => amount !== 0));

/** Millitokens as whole tokens. */
export const toTokens = (amounts: Amounts): Tokens => Object.fromEntries([...amounts].map(([name, amount]) => [name, amount / MILLI]));

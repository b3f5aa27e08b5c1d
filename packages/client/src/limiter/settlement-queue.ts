import { addAmounts, type Amounts } from '../core/bucket.js';

/** Corrections that share the next write. */
interface Waiting {
  readonly amounts: Map<string, number>;
  readonly done: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

/** Corrections of one bucket: those that come while one is written share the next write. */
export class SettlementQueue {
  private waiting: Waiting | undefined;
  private writing = false;

  constructor(private readonly write: (amounts: Amounts) => Promise<void>) {}

  /** Resolves when the amounts are written, with those of others or alone. */
  async settle(amounts: Amounts): Promise<void> {
    if (!this.writing) return this.settleNow(amounts);
    this.waiting ??= newWaiting();
    addAmounts(this.waiting.amounts, amounts);
    return this.waiting.done;
  }

  private async settleNow(amounts: Amounts): Promise<void> {
    this.writing = true;
    try {
      await this.write(amounts);
    } finally {
      this.writing = false;
      const next = this.waiting;
      this.waiting = undefined;
      if (next !== undefined) this.settleNow(next.amounts).then(next.resolve, next.reject);
    }
  }
}

function newWaiting(): Waiting {
  let settle!: Pick<Waiting, 'resolve' | 'reject'>;
  const done = new Promise<void>((resolve, reject) => { settle = { resolve, reject }; });
  return { amounts: new Map(), done, ...settle };
}

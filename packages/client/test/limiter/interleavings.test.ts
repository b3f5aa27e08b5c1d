import { Limit, MemoryStore, RateLimiter, type Store } from '@zae-limiter/client';
import { parseBucket } from '@zae-limiter/client/schema/bucket-item';
import { pk, SK } from '@zae-limiter/client/schema/keys';
import { FakeClock } from '@zae-limiter/client/testing';

/**
 * Every order in which the calls of several clients can reach the table and be answered.
 *
 * A call waits at a gate before it is carried out. Whenever nothing moves, the schedule says whose gate opens next;
 * schedules are walked depth first until there is none left. A client with one call under way does nothing until it is
 * answered, so for it the moment of the answer makes no difference; where a client has several, answers have gates too.
 */
class Scheduler {
  private readonly gates = new Map<string, () => void>();
  /** Choices of this run, each with the number of alternatives that there were. */
  readonly choices: { readonly taken: number; readonly of: number }[] = [];

  constructor(private readonly schedule: readonly number[]) {}

  gate(call: string): Promise<void> {
    return new Promise((open) => this.gates.set(call, open));
  }

  async run(work: Promise<unknown>): Promise<void> {
    let done = false;
    const end = (): void => { done = true; };
    work.then(end, end);
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (done) break;
      const waiting = [...this.gates.keys()].sort();
      const taken = this.schedule[this.choices.length] ?? 0;
      this.choices.push({ taken, of: waiting.length });
      const open = this.gates.get(waiting[taken]!)!;
      this.gates.delete(waiting[taken]!);
      open();
    }
    await work;
  }

  /** The schedule after this one; undefined when it was the last. */
  next(): number[] | undefined {
    let last = this.choices.length - 1;
    while (last >= 0 && this.choices[last]!.taken + 1 === this.choices[last]!.of) last--;
    if (last < 0) return undefined;
    return [...this.choices.slice(0, last).map(({ taken }) => taken), this.choices[last]!.taken + 1];
  }
}

/** A store whose calls stop at the gates of a client. */
function gated(store: Store, scheduler: Scheduler, client: number, gateAnswers: boolean): Store {
  let calls = 0;
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    const id = `${client}.${calls++}`;
    await scheduler.gate(id);
    const answer = await work();
    if (gateAnswers) await scheduler.gate(id);
    return answer;
  };
  return {
    tableName: store.tableName,
    update: (...args) => call(() => store.update(...args)),
    get: (...args) => store.get(...args),
    getMany: (...args) => store.getMany(...args),
    query: (...args) => store.query(...args),
    transact: (...args) => store.transact(...args),
  } as Store;
}

const CAPACITY = 10;
const limits = [Limit.custom('l', { capacity: CAPACITY, refillAmount: 1, refillPeriodSeconds: 1 })];
const KEY = { pk: pk.bucket({ namespaceId: 'ns1', entity: 'user-1', resource: 'api', shard: 0 }), sk: SK.bucket };

/** What a caller does, one after the other: takes, and gives back what it took where `back` says so. */
type Script = readonly { readonly take: number; readonly back?: boolean }[];

interface Setting {
  /** What is in the bucket, and how long ago it was credited; undefined when there is none. */
  readonly bucket: { readonly tokens: number; readonly idleSeconds: number } | undefined;
  /** By client; those of one client's callers run at the same time. */
  readonly clients: readonly (readonly Script[])[];
}

/** The balance that the bucket would have, were nothing taken. */
function due({ bucket }: Setting): number {
  return bucket === undefined ? CAPACITY : Math.min(CAPACITY, bucket.tokens + bucket.idleSeconds);
}

async function runOnce(setting: Setting, schedule: readonly number[]): Promise<Scheduler> {
  const scheduler = new Scheduler(schedule);
  const clock = new FakeClock();
  const table = new MemoryStore();
  if (setting.bucket !== undefined) {
    const opener = new RateLimiter({ store: table, namespaceId: 'ns1', clock });
    await opener.acquire({ entity: 'user-1', resource: 'api', consume: { l: CAPACITY - setting.bucket.tokens }, limits });
    clock.advance(setting.bucket.idleSeconds * 1000);
  }
  const kept: number[] = [];
  const refused: number[] = [];
  await scheduler.run(Promise.all(setting.clients.flatMap((callers, client) => {
    const limiter = new RateLimiter({ store: gated(table, scheduler, client, callers.length > 1), namespaceId: 'ns1', clock, denyTtlMs: 0 });
    return callers.map(async (script) => {
      for (const { take, back } of script) {
        const decision = await limiter.tryAcquire({ entity: 'user-1', resource: 'api', consume: { l: take }, limits });
        if (!decision.allowed) refused.push(take);
        else if (back) await decision.lease.rollback();
        else kept.push(take);
      }
    });
  })));

  const left = parseBucket((await table.get(KEY))!);
  const now = { tokens: left.limits.get('l')!.tokens / 1000, creditedTo: (clock.now() - left.refilledAt!) / 1000 };
  const available = Math.min(CAPACITY, now.tokens + now.creditedTo);
  const total = kept.reduce((sum, take) => sum + take, 0);
  // The sequential model: whatever the order, what was admitted and kept is gone, nothing else is, and who was refused would not fit.
  expect({ schedule, available }).toEqual({ schedule, available: due(setting) - total });
  expect(now.tokens).toBeGreaterThanOrEqual(0);
  expect(now.tokens).toBeLessThanOrEqual(CAPACITY);
  const returns = setting.clients.flat(2).some(({ back }) => back);
  if (!returns) for (const take of refused) expect(take).toBeGreaterThan(available);
  return scheduler;
}

async function runAll(setting: Setting): Promise<number> {
  let runs = 0;
  for (let schedule: number[] | undefined = []; schedule !== undefined; runs++) schedule = (await runOnce(setting, schedule)).next();
  return runs;
}

const one = (take: number): Script => [{ take }];
const back = (take: number): Script => [{ take, back: true }];

describe('in every order in which their calls can happen', () => {
  test.each<[string, Setting, number]>([
    ['two clients on a bucket with enough for both', { bucket: { tokens: 10, idleSeconds: 0 }, clients: [[one(4)], [one(5)]] }, 2],
    ['two clients on a bucket with enough for one', { bucket: { tokens: 6, idleSeconds: 0 }, clients: [[one(4)], [one(5)]] }, 2],
    ['two clients on a bucket that has to be credited', { bucket: { tokens: 0, idleSeconds: 6 }, clients: [[one(3)], [one(3)]] }, 6],
    ['two clients on an idle bucket that is full by now', { bucket: { tokens: 2, idleSeconds: 60 }, clients: [[one(7)], [one(6)]] }, 6],
    ['two clients on a bucket that has to be created', { bucket: undefined, clients: [[one(6)], [one(5)]] }, 6],
    ['two clients that take twice', { bucket: { tokens: 3, idleSeconds: 4 }, clients: [[[{ take: 2 }, { take: 3 }]], [one(4)]] }, 6],
    ['a client that gives back and one that takes', { bucket: { tokens: 3, idleSeconds: 4 }, clients: [[back(5)], [one(4)]] }, 6],
    ['two clients that give back', { bucket: { tokens: 5, idleSeconds: 0 }, clients: [[back(5)], [back(3)]] }, 4],
    ['three clients on a bucket with enough for two', { bucket: { tokens: 9, idleSeconds: 0 }, clients: [[one(4)], [one(4)], [one(4)]] }, 6],
    ['three clients on a bucket that has to be credited', { bucket: { tokens: 1, idleSeconds: 3 }, clients: [[one(2)], [one(2)], [one(1)]] }, 90],
    ['three clients on a bucket that has to be created', { bucket: undefined, clients: [[one(6)], [one(5)], [one(4)]] }, 90],
    ['three clients, one of which gives back', { bucket: { tokens: 1, idleSeconds: 3 }, clients: [[back(3)], [one(2)], [one(1)]] }, 90],
    ['two callers of one client', { bucket: { tokens: 1, idleSeconds: 4 }, clients: [[one(2), one(3)]] }, 1],
    ['two callers of one client beside another client', { bucket: { tokens: 1, idleSeconds: 4 }, clients: [[one(2), one(3)], [one(2)]] }, 20],
    ['two callers of one client, one of which gives back, beside another client',
      { bucket: { tokens: 6, idleSeconds: 0 }, clients: [[back(4), one(2)], [one(3)]] }, 20],
  ])('%s admit what fits, and lose and gain nothing', async (_, setting, orders) => {
    expect(await runAll(setting)).toBeGreaterThanOrEqual(orders);
  });
});

import { Limit, RateLimiter, type AcquireRequest, type Store } from '@zae-limiter/client';
import { bucketKey } from '@zae-limiter/client/schema/bucket-item';
import { FakeClock, type CapacityMeter } from '@zae-limiter/client/testing';

/** What requests cost, as AWS bills it: a refused condition like the write, a key that is read like the item. */
export interface PathCost {
  /** Calls of DynamoDB. */
  readonly calls: number;
  /** Calls one after the other: those at the same time count once. */
  readonly roundTrips: number;
  readonly writeUnits: number;
  readonly readUnits: number;
}

/** Where paths are measured: a namespace of a table whose calls are metered. */
export interface CostTable {
  readonly store: Store;
  readonly namespaceId: string;
  readonly meter: Pick<CapacityMeter, 'take'>;
}

/** Sets a situation up, and then sends the requests that are measured, when `measure` is called. Returns how many these were. */
type Path = (kit: Kit) => Promise<number>;

/** Read units of a key that is there or not: no item of ours that is read is larger than 4 kB. */
const UNITS_PER_KEY = 0.5;

/** Callers of a busy bucket, and the requests that each sends one after the other. */
const CALLERS = 256;
const REQUESTS = 20;
/** Children of one parent that ask at the same time. */
const CHILDREN = 20;

const limits = [Limit.perMinute('rpm', 1000), Limit.perMinute('tpm', 100_000)];
const RESOURCE = 'gpt-4';

/** A store that knows what runs at the same time. */
class CountedStore {
  private calls = 0;
  private roundTrips = 0;
  private readUnits = 0;
  private underWay = 0;

  constructor(readonly table: Store) {}

  get counted(): Store {
    const { table } = this;
    return Object.assign(Object.create(table) as Store, {
      update: (...args: Parameters<Store['update']>) => this.count(0, () => table.update(...args)),
      get: (...args: Parameters<Store['get']>) => this.count(args[1]?.consistent ? 2 : 1, () => table.get(...args)),
      getMany: (...args: Parameters<Store['getMany']>) => this.count(args[0].length * (args[1]?.consistent ? 2 : 1), () => table.getMany(...args)),
    });
  }

  take(): Pick<PathCost, 'calls' | 'roundTrips' | 'readUnits'> {
    const { calls, roundTrips, readUnits } = this;
    this.calls = this.roundTrips = this.readUnits = 0;
    return { calls, roundTrips, readUnits };
  }

  /** When nothing is under way any more, also in the background. */
  async rest(): Promise<void> {
    while (this.underWay > 0) await new Promise((resolve) => setImmediate(resolve));
  }

  private async count<T>(keys: number, call: () => Promise<T>): Promise<T> {
    this.calls++;
    this.readUnits += keys * UNITS_PER_KEY;
    if (this.underWay++ === 0) this.roundTrips++;
    try {
      return await call();
    } finally {
      this.underWay--;
    }
  }
}

class Kit {
  readonly clock = new FakeClock();
  readonly limiter: RateLimiter;
  begun = false;

  constructor(private readonly table: CostTable, private readonly store: CountedStore, readonly entity: string) {
    this.limiter = this.newProcess();
  }

  /** A limiter with a memory of its own, as another process has. */
  newProcess(): RateLimiter {
    const { namespaceId } = this.table;
    return new RateLimiter({ store: this.store.counted, namespaceId, clock: this.clock, timeoutMs: 60_000, random: () => 0.5 });
  }

  request(consume: Record<string, number>, more: Partial<AcquireRequest> = {}): AcquireRequest {
    return { entity: this.entity, resource: RESOURCE, consume, ...more };
  }

  /** From here on it counts. */
  measure(): void {
    this.begun = true;
    this.store.take();
    this.table.meter.take();
  }

  /** Splits the entity's bucket, and lets the process find out. */
  async split(): Promise<void> {
    const key = bucketKey({ namespaceId: this.table.namespaceId, entity: this.entity, resource: RESOURCE, shard: 0 });
    await this.table.store.update({ key, changes: new Map([['shard_count', { set: { N: '2' } }]]), conditions: [] });
    for (let sent = 0; sent < 2; sent++) await this.limiter.acquire(this.request({ rpm: 1 }));
  }

  async family(): Promise<void> {
    await this.limiter.admin.entities.create({ id: `${this.entity}-parent` });
    await this.limiter.admin.entities.create({ id: this.entity, parentId: `${this.entity}-parent`, cascade: true });
  }
}

/** A request that is measured after others of the same limiter. */
const after = (setUp: (kit: Kit) => Promise<unknown>, consume: Record<string, number> = { rpm: 1, tpm: 100 }): Path => async (kit) => {
  await setUp(kit);
  kit.measure();
  await kit.limiter.tryAcquire(kit.request(consume));
  return 1;
};
const once = (consume: Record<string, number> = { rpm: 1, tpm: 100 }) => (kit: Kit): Promise<unknown> => kit.limiter.acquire(kit.request(consume));

/** Every way that a request may take, by the name that it has in spec/costs.json. */
export const COST_PATHS: Readonly<Record<string, Path>> = {
  'bucket and limits known to the process': after(once()),
  'the same, when refill has to be credited': after(async (kit) => {
    await once({ rpm: 1000 })(kit);
    kit.clock.advance(30_000);
  }),
  [`one of ${CALLERS} at a time on one bucket`]: async (kit) => {
    await once()(kit);
    kit.measure();
    await Promise.all(Array.from({ length: CALLERS }, async () => {
      for (let sent = 0; sent < REQUESTS; sent++) await kit.limiter.acquire(kit.request({ tpm: 1 }));
    }));
    return CALLERS * REQUESTS;
  },
  'bucket of two shards': after(async (kit) => {
    await once()(kit);
    await kit.split();
  }),
  'limits known for a minute, which are read again': after(async (kit) => {
    await once()(kit);
    kit.clock.advance(61_000);
  }),
  'with limits that come with the request': async (kit) => {
    const request = kit.request({ rpm: 1 }, { limits: [Limit.perMinute('rpm', 10)] });
    await kit.limiter.acquire(request);
    kit.measure();
    await kit.limiter.acquire(request);
    return 1;
  },
  'of an entity whose consumption cascades': after(async (kit) => {
    await kit.family();
    await once()(kit);
  }),
  [`one of ${CHILDREN} at a time, of children that cascade to one parent`]: async (kit) => {
    await kit.limiter.admin.entities.create({ id: `${kit.entity}-parent` });
    const children = Array.from({ length: CHILDREN }, (_, at) => `${kit.entity}-${at}`);
    const takeAll = (): Promise<unknown> => Promise.all(children.map((entity) => kit.limiter.acquire({ ...kit.request({ tpm: 1 }), entity })));
    for (const id of children) await kit.limiter.admin.entities.create({ id, parentId: `${kit.entity}-parent`, cascade: true });
    await takeAll();
    kit.measure();
    await takeAll();
    return CHILDREN;
  },
  'first of a process, bucket in use': async (kit) => {
    await once()(kit);
    const another = kit.newProcess();
    kit.measure();
    await another.acquire(kit.request({ rpm: 1 }));
    return 1;
  },
  'first of a process, bucket idle': async (kit) => {
    await once()(kit);
    kit.clock.advance(10_000);
    const another = kit.newProcess();
    kit.measure();
    await another.acquire(kit.request({ rpm: 1 }));
    return 1;
  },
  'first of a bucket': async (kit) => {
    kit.measure();
    await once()(kit);
    return 1;
  },
  'first of a bucket and of its parent\'s': async (kit) => {
    await kit.family();
    kit.measure();
    await once()(kit);
    return 1;
  },
  'refused by the bucket': after(async (kit) => {
    await once({ rpm: 1000 })(kit);
    kit.clock.advance(300); // longer than memory may refuse; five tokens have come back
  }, { rpm: 900 }),
  'refused within a quarter of a second after the bucket was seen too short': after(once({ rpm: 1000 })),
  'above the capacity of a limit': after(once(), { rpm: 1001 }), // the limits are read again, to be sure
  'above the capacity of a limit, again within two seconds': after(async (kit) => {
    await once()(kit);
    await kit.limiter.tryAcquire(kit.request({ rpm: 1001 }));
  }, { rpm: 1001 }),
  'commit of a lease that was not corrected': async (kit) => {
    const lease = await kit.limiter.acquire(kit.request({ rpm: 1 }));
    kit.measure();
    await lease.commit();
    return 1;
  },
  'correction': async (kit) => {
    const lease = await kit.limiter.acquire(kit.request({ rpm: 1, tpm: 100 }));
    kit.measure();
    lease.set({ tpm: 170 });
    await lease.commit();
    return 1;
  },
  'more for a lease': async (kit) => {
    const lease = await kit.limiter.acquire(kit.request({ rpm: 1, tpm: 100 }));
    kit.measure();
    await lease.consume({ tpm: 70 });
    return 1;
  },
  'refund': async (kit) => {
    const lease = await kit.limiter.acquire(kit.request({ rpm: 1, tpm: 100 }));
    kit.measure();
    await lease.rollback();
    return 1;
  },
};

/** Measures every path, each for an entity of its own. The cost is that of one request. */
export async function measurePaths(table: CostTable): Promise<Record<string, PathCost>> {
  const store = new CountedStore(table.store);
  await new RateLimiter({ store: table.store, namespaceId: table.namespaceId }).admin.limits.set(limits, { resource: RESOURCE });
  const costs: Record<string, PathCost> = {};
  for (const [at, [name, path]] of Object.entries(COST_PATHS).entries()) {
    const kit = new Kit(table, store, `cost-${at}`);
    const requests = await path(kit);
    if (!kit.begun) throw new Error(`path '${name}' never said what is measured`);
    await store.rest();
    const { writeUnits, refused } = table.meter.take();
    const { calls, roundTrips, readUnits } = store.take();
    const each = (total: number): number => Math.round((total / requests) * 10_000) / 10_000;
    costs[name] = { calls: each(calls), roundTrips: each(roundTrips), writeUnits: each(writeUnits + refused), readUnits: each(readUnits) };
  }
  return costs;
}

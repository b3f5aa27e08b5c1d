import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RateLimiter, type AcquireRequest, type OpenOptions } from '@zae-limiter/client';
import { ampleLimits } from '../limits';
import type { Load, Request } from '../load';
import { forEachKey } from '../parallel';
import { seedBuckets } from '../seed';
import { CONSUME, readEnvironment, RESOURCES, type Subject } from './subject';

/** Callers that want to be decided at once: no request of a load may fail because the machine is slow. */
export const PATIENCE_MS = 60_000;

type Case = (limiter: RateLimiter, load: Load) => Request | Promise<Request>;

const request = (key: number, more: Partial<AcquireRequest> = {}): AcquireRequest => ({ entity: `key-${key}`, resource: RESOURCES.ample, consume: CONSUME, ...more });

function expect(expected: boolean, outcome: string): void {
  if (!expected) throw new Error(`unexpected outcome: ${outcome}`);
}

async function take(limiter: RateLimiter, of: AcquireRequest): Promise<void> {
  const { allowed, outcome } = await limiter.tryAcquire(of);
  expect(allowed, outcome);
}

async function refuse(limiter: RateLimiter, of: AcquireRequest): Promise<void> {
  const { outcome } = await limiter.tryAcquire(of);
  expect(outcome === 'limited', outcome);
}

const short = (key: number): AcquireRequest => request(key, { resource: RESOURCES.short, consume: { rpm: 1 } });

let firsts = 0;

/** What may be asked of a limiter, by name. */
const CASES: Record<string, Case> = {
  'tryAcquire': (limiter) => (key) => take(limiter, request(key)),
  'acquire and commit': (limiter) => async (key) => (await limiter.acquire(request(key))).commit(),
  'acquire and correct': (limiter) => async (key) => {
    const lease = await limiter.acquire(request(key));
    lease.set({ tpm: 7 });
    await lease.commit();
  },
  'run': (limiter) => (key) => limiter.run(request(key), () => undefined),
  'cascade': async (limiter, { keys }) => {
    const children = typeof keys === 'number' ? keys : 1000;
    const create = (id: string, parentId?: string): Promise<unknown> =>
      limiter.admin.entities.create({ id, parentId, cascade: parentId !== undefined }).catch((error: { code: string }) => expect(error.code === 'ENTITY_EXISTS', error.code));
    await create('parent');
    await forEachKey(children, (key) => create(`child-${key}`, 'parent'));
    return (key) => take(limiter, request(key, { entity: `child-${key}` }));
  },
  'refusal from memory': async (limiter) => {
    await limiter.tryAcquire(short(0));
    return (key) => refuse(limiter, short(key));
  },
  'refusal by the bucket': async () => {
    const asking = await open({ denyTtlMs: 0 });
    await asking.tryAcquire(short(0));
    return (key) => refuse(asking, short(key));
  },
  'refill': (limiter) => async (key) => {
    const refilling = request(key, { resource: RESOURCES.refilling });
    while (!(await limiter.tryAcquire(refilling)).allowed) await sleep(1); // it came a moment too soon: what counts is what is let through
  },
  'first of a bucket': (limiter) => () => take(limiter, request(0, { entity: `first-${process.pid}-${firsts++}` })),
  'tryAcquire, one limiter for each caller': async (_, { callers }) => {
    const limiters = await Promise.all(Array.from({ length: callers }, () => open()));
    let at = 0;
    return (key) => take(limiters[at++ % callers]!, request(key));
  },
  'tryAcquire, seeded': async (limiter, { keys }) => {
    await seedBuckets(readEnvironment(), new DynamoDBClient({}), limiter, 'seed', keys as number);
    return (key) => take(limiter, request(key, { entity: `seed-${key}` }));
  },
  'tryAcquire, many limits': (limiter, { limits = 1 }) => {
    const list = ampleLimits(Array.from({ length: limits }, (_, at) => `limit-${at}`));
    const consume = Object.fromEntries(list.map(({ name }) => [name, 1]));
    return (key) => take(limiter, { entity: `key-${key}`, resource: `limits-${limits}`, consume, limits: list });
  },
};

async function open(more: Partial<OpenOptions> = {}): Promise<RateLimiter> {
  const { table, namespace } = readEnvironment();
  return RateLimiter.open({ stack: table, namespace, timeoutMs: PATIENCE_MS, ...more });
}

/** The client of this repository. */
export async function ours(): Promise<Subject> {
  const limiter = await open();
  return { remembers: true, prepare: async (load) => CASES[load.name]!(limiter, load) };
}

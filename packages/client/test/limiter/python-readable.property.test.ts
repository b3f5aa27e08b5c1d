import { Limit, RateLimiter, type Lease } from '@zae-limiter/client';
import fc from 'fast-check';
import { Registry } from '@zae-limiter/client/admin/registry';
import type { AttributeValue, Item } from '@zae-limiter/client/schema/attributes';
import { bucketAttribute, pk, SK } from '@zae-limiter/client/schema/keys';
import { SCHEMA_VERSION } from '@zae-limiter/client/schema/table';
import type { Change, Condition } from '@zae-limiter/client/schema/update';
import { FakeClock } from '@zae-limiter/client/testing';
import { ObservedStore, type ObservedWrite } from '../support/observed-store';
import { pythonReadable } from '../support/python-readable';

const WHO = { entity: 'user-1', resource: 'api' };
const PARENT = 'team-1';

/** Clocks of the processes, in milliseconds off the right time. */
const SKEWS = [0, 0, -40];

type Tokens = Readonly<Record<string, number>>;

/** What happens next. Requests of one step are made at the same time. */
type Step =
  | { readonly requests: readonly { readonly process: number; readonly take: Tokens; readonly end: 'keep' | 'rollback' | { readonly adjust: Tokens } }[] }
  | { readonly limits: readonly Limit[] }
  | { readonly python: number }
  | { readonly wait: number };

const tokens = (range: { min: number; max: number }) => fc.record({ a: fc.integer(range), b: fc.integer(range) }, { requiredKeys: ['a'] });

const rule = fc.record({
  capacity: fc.integer({ min: 1, max: 200 }), refillAmount: fc.integer({ min: 1, max: 200 }), refillPeriodSeconds: fc.integer({ min: 1, max: 100 }),
});
/** `a` is always there; `b` comes and goes. */
const limits = fc.record({ a: rule, b: rule }, { requiredKeys: ['a'] })
  .map((rules) => Object.entries(rules).map(([name, fields]) => Limit.custom(name, fields)));

const anyRequest = fc.record({
  process: fc.nat(SKEWS.length - 1),
  take: tokens({ min: 0, max: 30 }),
  end: fc.oneof(fc.constantFrom('keep' as const, 'rollback' as const), fc.record({ adjust: tokens({ min: -30, max: 30 }) })),
});

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ requests: fc.array(anyRequest, { minLength: 1, maxLength: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ wait: fc.integer({ min: 0, max: 20_000 }) }) },
  { weight: 1, arbitrary: fc.record({ limits }) },
  { weight: 1, arbitrary: fc.record({ python: fc.integer({ min: 1, max: 30 }) }) },
);

/**
 * Several processes on one bucket, whose limits are those of its entity, and a Python client that takes in one write.
 *
 * @param cascades whether every request is charged to a parent too, which has room for all
 */
async function setUp(first: readonly Limit[], cascades: boolean) {
  const store = new ObservedStore();
  const clock = new FakeClock();
  const registry = new Registry(store, clock);
  await registry.recordVersion(SCHEMA_VERSION, 'test');
  const namespaceId = await registry.registerNamespace('default');
  const limiters = SKEWS.map((skew) => new RateLimiter({ store, namespaceId, clock: clock.skewed(skew), denyTtlMs: 0 }));
  await limiters[0]!.admin.limits.set(first, WHO);
  await limiters[0]!.admin.limits.set([Limit.perMinute('a', 10_000), Limit.perMinute('b', 10_000)], { entity: PARENT });
  const child: Item = { entity_id: { S: WHO.entity }, cascade: { BOOL: true }, parent_id: { S: PARENT } };
  const key: Item = { PK: { S: pk.entity(namespaceId, WHO.entity) }, SK: { S: SK.entity } };
  if (cascades) await store.transact([{ put: { ...key, ...child } }]);

  async function takeInPython(amount: number): Promise<void> {
    const amounts = [['a', amount * 1000], ['wcu', 1000]] as const;
    await store.update({
      key: { pk: pk.bucket({ ...WHO, namespaceId, shard: 0 }), sk: SK.bucket },
      changes: new Map(amounts.flatMap(([limit, by]): [string, Change][] =>
        [[bucketAttribute(limit, 'tk'), { add: -by }], [bucketAttribute(limit, 'tc'), { add: by }]])),
      conditions: amounts.map(([limit, by]): Condition => ({ atLeast: [bucketAttribute(limit, 'tk'), by] })),
    });
  }

  async function request({ process, take, end }: Extract<Step, { requests: unknown }>['requests'][number]): Promise<void> {
    let lease: Lease;
    try {
      lease = await limiters[process]!.acquire({ ...WHO, consume: take });
    } catch {
      return; // refused, or for a limit that does not apply now
    }
    if (end === 'rollback') return lease.rollback();
    if (end !== 'keep') {
      try {
        lease.adjust(end.adjust);
      } catch {
        // the bucket does not have the limit now
      }
    }
    return lease.commit();
  }

  async function carryOut(step: Step): Promise<void> {
    if ('wait' in step) clock.advance(step.wait);
    else if ('limits' in step) await limiters[0]!.admin.limits.set(step.limits, WHO);
    else if ('python' in step) await takeInPython(step.python);
    else await Promise.all(step.requests.map(request));
  }
  return { store, carryOut };
}

const number = (item: Item, name: string): number => Number((item[name] as Extract<AttributeValue, { N: string }>).N);
const sortKey = (item: Item): string => (item.SK as { S: string }).S;
const isBucket = ({ after }: ObservedWrite): boolean => sortKey(after!) === SK.bucket;
const limitsOf = (item: Item): string[] => Object.keys(item).flatMap((name) => /^b_(.+)_tk$/.exec(name)?.[1] ?? []).filter((name) => name !== 'wcu');

type Parameters = readonly [capacity: number, amount: number, period: number];

/** Parameters that each limit of the bucket has had: a process that knows older ones than the bucket may write once more by them. */
class History {
  private readonly known = new Map<string, Parameters[]>();

  note(item: Item): void {
    for (const limit of limitsOf(item)) this.of(limit).push(['cp', 'ra', 'rp'].map((field) => number(item, `b_${limit}_${field}`)) as unknown as Parameters);
  }

  of(limit: string): Parameters[] {
    if (!this.known.has(limit)) this.known.set(limit, []);
    return this.known.get(limit)!;
  }
}

/** Millitokens that are due from one refill time to another, counted from the epoch on. */
function due([, amount, period]: Parameters, from: number, to: number): number {
  const until = (time: number) => (BigInt(time) * BigInt(amount)) / BigInt(period);
  return Number(until(to) - until(from));
}

/** What a write credited beside what it took, when that is not what was due: more, or less although the limit is not full. */
function wrongCredits(before: Item, after: Item, history: History): string[] {
  return limitsOf(before).filter((limit) => after[`b_${limit}_tk`] !== undefined).flatMap((limit) => {
    const moved = (field: 'tk' | 'tc') => number(after, `b_${limit}_${field}`) - number(before, `b_${limit}_${field}`);
    const credit = moved('tk') + moved('tc');
    const owed = history.of(limit).map((parameters) => due(parameters, number(before, 'rf'), number(after, 'rf')));
    const full = history.of(limit).some(([capacity]) => number(before, `b_${limit}_tk`) + credit === capacity);
    return owed.includes(credit) || (full && credit <= Math.max(...owed)) ? [] : [`${limit} was credited ${credit} and not ${owed.join(' or ')}`];
  });
}

describe('whatever several processes do on a bucket that Python clients share', () => {
  const anyRun = fc.tuple(limits, fc.boolean(), fc.array(anyStep, { minLength: 8, maxLength: 25 }));
  let refills = 0;
  let charged = 0;

  test('every record that they leave, at every moment, is one that Python clients read', async () => {
    await fc.assert(fc.asyncProperty(anyRun, async ([first, cascades, steps]) => {
      const { store, carryOut } = await setUp(first, cascades);
      for (const step of steps) await carryOut(step);

      const records = store.writes.map(({ after }) => after!).filter((item) => !/^#(VERSION|META)$/.test(sortKey(item)));
      expect(records.flatMap(pythonReadable)).toEqual([]);
      if (records.some(({ parent_id: parent }) => parent !== undefined)) charged++;
    }), { numRuns: 150 });
    expect(charged).toBeGreaterThan(20); // buckets with a parent are among them
  });

  test('W8, W10, W11: the refill time never goes back, and moves only with the credit that it accounts for, for every limit', async () => {
    await fc.assert(fc.asyncProperty(anyRun, async ([first, cascades, steps]) => {
      const { store, carryOut } = await setUp(first, cascades);
      for (const step of steps) await carryOut(step);

      const histories = new Map<string, History>();
      for (const { before, after } of store.writes.filter(isBucket)) {
        const bucket = (after!.PK as { S: string }).S;
        const history = histories.get(bucket) ?? new History();
        histories.set(bucket, history);
        history.note(after!);
        if (before === undefined) continue;
        expect(number(after!, 'rf')).toBeGreaterThanOrEqual(number(before, 'rf'));
        expect(wrongCredits(before, after!, history)).toEqual([]);
        if (number(after!, 'rf') > number(before, 'rf')) refills++;
      }
    }), { numRuns: 150 });
    expect(refills).toBeGreaterThan(50); // the runs are not about takes alone
  });

  test('the internal limit of Python clients is full whenever the refill time moves', async () => {
    await fc.assert(fc.asyncProperty(anyRun, async ([first, cascades, steps]) => {
      const { store, carryOut } = await setUp(first, cascades);
      for (const step of steps) await carryOut(step);

      for (const { before, after } of store.writes.filter(isBucket)) {
        const moved = before === undefined || number(before, 'rf') !== number(after!, 'rf');
        if (moved) expect(after!.b_wcu_tk).toEqual({ N: '1000000' });
        expect(number(after!, 'b_wcu_tc') - (before === undefined ? 0 : number(before, 'b_wcu_tc'))).toBe(isParameterChange(before, after!) ? 0 : 1000);
      }
    }), { numRuns: 200 });
  });
});

/** True for the write that follows a change of limits: it moves no token. */
function isParameterChange(before: Item | undefined, after: Item): boolean {
  const kept = before === undefined ? [] : limitsOf(before).filter((limit) => limitsOf(after).includes(limit));
  return before !== undefined && ['tk', 'tc'].every((field) => [...kept, 'wcu'].every((limit) =>
    number(before, `b_${limit}_${field}`) === number(after, `b_${limit}_${field}`)));
}

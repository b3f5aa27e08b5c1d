import costs from '../../../../spec/costs.json';
import type { TestTable } from '../../../../test/support/table';
import { connectWithLimits } from '../support/acquire';
import { storedBucket, tamper } from '../support/bucket';
import { measurePaths } from '../support/cost-paths';

let table: TestTable;
let setUp: Awaited<ReturnType<typeof connectWithLimits>>['setUp'];

beforeAll(async () => { ({ table, setUp } = await connectWithLimits()); });

describe('the cost of every path', () => {
  test('is what spec/costs.json promises, from which the documentation has its tables', async () => {
    const thousandths = (_: string, value: unknown): unknown => (typeof value === 'number' ? Math.round(value * 1000) / 1000 : value);

    expect(JSON.parse(JSON.stringify(await measurePaths(table), thousandths))).toEqual(costs);
  });
});

describe('the cost of acquire', () => {
  test('a warm one is 1 call, 1 write unit with indexes counted, 0 read units', async () => {
    const { limiter, request } = setUp();
    await limiter.acquire(request({ rpm: 1 }));
    table.meter.take();

    await limiter.acquire(request({ rpm: 1, tpm: 100 }));

    expect(table.meter.take()).toEqual({ calls: 1, operations: ['UpdateItem'], writeUnits: 1, readUnits: 0, refused: 0 });
  });

  test('one that credits refill is 1 call and 1 write unit too', async () => {
    const { limiter, clock, request } = setUp();
    await limiter.acquire(request({ rpm: 100 }));
    clock.advance(30_000);
    table.meter.take();

    await limiter.acquire(request({ rpm: 50 }));

    expect(table.meter.take()).toMatchObject({ calls: 1, writeUnits: 1, readUnits: 0, refused: 0 });
  });

  test('the first of a bucket reads limits and entity once and writes twice', async () => {
    const { limiter, request } = setUp();

    await limiter.acquire(request({ rpm: 1 }));

    const { operations, refused, writeUnits } = table.meter.take();
    expect([...operations].sort()).toEqual(['BatchGetItem', 'UpdateItem', 'UpdateItem']);
    expect({ refused, writeUnits }).toEqual({ refused: 1, writeUnits: 3 }); // the item itself, and its entries in GSI3 and GSI4
  });

  test('the first of a process on an old bucket takes the limits and the tokens at the same time', async () => {
    const { limiter, request, entity } = setUp();
    await limiter.acquire(request({ rpm: 1 }));
    const other = setUp({ entity });
    table.meter.take();

    await other.limiter.acquire(request({ rpm: 1 }));

    expect(table.meter.take()).toMatchObject({ calls: 2, writeUnits: 1, refused: 0 });
  });

  test('the first of a process on an idle bucket learns from a refused write how the bucket looks', async () => {
    const { limiter, request, entity, clock } = setUp();
    await limiter.acquire(request({ rpm: 50 }));
    clock.advance(10_000);
    const other = setUp({ entity, clock });
    table.meter.take();

    await other.limiter.acquire(request({ rpm: 1 }));

    expect(table.meter.take()).toMatchObject({ calls: 3, writeUnits: 1, refused: 1 });
  });

  test('W16: stays 1 call when the internal limit of Python clients is used up', async () => {
    const { limiter, request, entity } = setUp();
    await limiter.acquire(request({ rpm: 1 }));
    await tamper(table, entity, 'gpt-4', { b_wcu_tk: { N: '0' } });
    table.meter.take();

    await limiter.acquire(request({ rpm: 1 }));

    expect(table.meter.take().calls).toBe(1);
    expect((await storedBucket(table, entity, 'gpt-4')).shardCount).toBe(1);
  });
});

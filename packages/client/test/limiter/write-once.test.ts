import { MemoryStore } from '@zae-limiter/client';
import { writeOnce } from '@zae-limiter/client/limiter/write-once';
import { readNumber } from '@zae-limiter/client/schema/attributes';
import type { ItemUpdate } from '@zae-limiter/client/schema/update';
import { FakeClock, FaultyStore, type Fault } from '@zae-limiter/client/testing';

const key = { pk: 'bucket', sk: '#STATE' };

async function setUp(...faults: (Fault | undefined)[]) {
  const clock = new FakeClock();
  const table = new MemoryStore();
  const store = new FaultyStore(table, clock);
  /** Another client sets the balance, and does not say who it is. */
  const setBalance = (balance: number) => table.update({ key, changes: new Map([['n', { set: { N: String(balance) } }]]), conditions: [] });
  await setBalance(10);
  store.fault = () => faults.shift();
  const sleeps: number[] = [];
  const recorded = { now: () => clock.now(), sleep: (ms: number) => { sleeps.push(ms); return clock.sleep(ms); } };
  const takeTen: ItemUpdate = { key, changes: new Map([['n', { add: -10 }]]), conditions: [{ atLeast: ['n', 10] }] };
  const onThrottle = jest.fn();
  const write = (attempts = 5, random = 0) => clock.drive(writeOnce(store, takeTen, {
    previous: undefined, attempts, timeoutMs: 100, clock: recorded, random: () => random, onThrottle,
  }));
  const balance = async () => readNumber((await table.get(key))!, 'n');
  return { store, setBalance, sleeps, write, balance, onThrottle };
}

describe('a write that is sent once more', () => {
  test('because it never arrived, and finds nothing left, was refused', async () => {
    const { store, setBalance, write } = await setUp();
    await setBalance(9);
    let calls = 0;
    store.fault = () => (calls++ === 0 ? 'lost' : undefined);

    expect(await write()).toMatchObject({ result: 'refused', item: { n: { N: '9' } } });
  });

  test('because it was throttled, and finds that others of ours took the tokens, was refused: nothing was done the first time', async () => {
    const { store, write } = await setUp();
    let calls = 0;
    store.fault = async () => {
      if (calls++ > 0) return undefined;
      await writeOther(store);
      return 'throttled';
    };

    expect(await write()).toMatchObject({ result: 'refused' });
  });

  test('after its answer was lost and somebody else of ours wrote, may have been done', async () => {
    const { store, write } = await setUp();
    let calls = 0;
    store.fault = async () => {
      if (calls++ > 0) return undefined;
      await writeOther(store);
      return 'lost';
    };

    expect(await write()).toMatchObject({ result: 'unknown' });
  });

  test('waits longer each time, from half of the span to all of it', async () => {
    const faults = Array.from<Fault>({ length: 5 }).fill('throttled');
    const shortest = await setUp(...faults);
    const middle = await setUp(...faults);

    await shortest.write(6, 0);
    await middle.write(6, 0.5);

    expect(shortest.sleeps).toEqual([10, 20, 40, 80, 80]);
    expect(middle.sleeps).toEqual([15, 30, 60, 120, 120]);
    expect(await middle.balance()).toBe(0);
    expect(middle.onThrottle).toHaveBeenCalledTimes(5);
  });

  async function writeOther(store: FaultyStore) {
    const { fault } = store;
    store.fault = undefined;
    await writeOnce(store, { key, changes: new Map([['n', { set: { N: '3' } }]]), conditions: [] }, {
      previous: undefined, attempts: 1, timeoutMs: 100, clock: new FakeClock(), random: () => 0, onThrottle: () => undefined,
    });
    store.fault = fault;
  }
});

import { getEventListeners } from 'node:events';
import { Alarms } from '@zae-limiter/client/limiter/alarms';
import { ConfigCache } from '@zae-limiter/client/limiter/config-cache';
import { withDeadline } from '@zae-limiter/client/limiter/deadline';
import type { LimitedDecision } from '@zae-limiter/client/limiter/decision';
import { EventHub } from '@zae-limiter/client/limiter/events';
import { WaitingLines } from '@zae-limiter/client/limiter/waiting-line';
import { readNumber } from '@zae-limiter/client/schema/attributes';
import type { PrimaryKey } from '@zae-limiter/client/schema/keys';
import type { ReadOptions, RequestStore } from '@zae-limiter/client/store/store';
import { FakeClock } from '@zae-limiter/client/testing';

describe('a line', () => {
  const refusal = { outcome: 'limited' } as LimitedDecision;

  test('goes on when its first leaves: who comes then is behind those who wait', () => {
    const lines = new WaitingLines();
    const first = lines.join('user-1#api');
    const second = lines.join('user-1#api');

    first.leave();

    expect([second.position, lines.join('user-1#api').position]).toEqual([0, 1]);
  });

  test('starts anew when all have left, without what the last one was told', () => {
    const lines = new WaitingLines();
    const first = lines.join('user-1#api');
    first.refuse(refusal);
    const second = lines.join('user-1#api');
    expect(second.refusal).toBe(refusal);

    first.leave();
    second.leave();

    expect(lines.join('user-1#api')).toMatchObject({ position: 0, refusal: undefined });
  });
});

describe('a deadline', () => {
  const wait = (work: () => Promise<string>) => {
    const clock = new FakeClock();
    const { signal } = new AbortController();
    const late = jest.fn();
    const sleeping = jest.spyOn(clock, 'sleep');
    const result = withDeadline(work, { alarms: new Alarms(clock), ms: 100, signal, tooLate: () => new Error('too late'), late });
    const timer = () => sleeping.mock.calls[0]![1]!;
    return { clock, signal, late, result, timer };
  };

  test.each([
    ['brings a result', () => Promise.resolve('done')],
    ['fails', () => Promise.reject<string>(new Error('failed'))],
  ])('leaves neither a timer nor a listener behind when the work %s', async (_, work) => {
    const { signal, result, timer } = wait(work);

    await Promise.allSettled([result]);

    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(timer().aborted).toBe(true);
  });
});

describe('a listener', () => {
  test('hears nothing once it was taken away, and the others still do', () => {
    const hub = new EventHub();
    const [one, two] = [jest.fn(), jest.fn()];
    const away = hub.on('recovered', one);
    hub.on('recovered', two);

    away();
    hub.emit('recovered', { table: 'limits' });

    expect(one).not.toHaveBeenCalled();
    expect(two).toHaveBeenCalledWith({ table: 'limits' });
  });
});

describe('what is kept of stored items', () => {
  const keys: PrimaryKey[] = [{ pk: 'a', sk: 'x' }, { pk: 'b', sk: 'x' }];
  const setUp = () => {
    const clock = new FakeClock();
    const reads: (ReadOptions | undefined)[] = [];
    const store = {
      getMany: async (asked: readonly PrimaryKey[], options?: ReadOptions) => {
        reads.push(options);
        return asked.map(() => ({ n: { N: String(reads.length) } }));
      },
    } as unknown as RequestStore;
    const cache = new ConfigCache(store, clock, (_, item) => readNumber(item!, 'n')!, { ttlMs: 1000, maxEntries: 10, timeoutMs: 77 });
    return { clock, cache, reads };
  };

  test('is read within the time that a read may take, and consistently when memory was wrong', async () => {
    const { cache, reads } = setUp();

    expect(await cache.read(keys)).toEqual([1, 1]);
    expect(await cache.reread(keys)).toEqual([2, 2]);

    expect(reads).toEqual([{ timeoutMs: 77 }, { timeoutMs: 77, consistent: true }]);
  });

  test('is served for its time, and called stale a millisecond later', async () => {
    const { clock, cache } = setUp();
    await cache.read(keys);

    clock.advance(1000);
    expect(cache.peek(keys)).toEqual({ values: [1, 1], stale: false });
    clock.advance(1);
    expect(cache.peek(keys)).toEqual({ values: [1, 1], stale: true });
  });

  test('is counted: each item that memory served, and each that had to be read', async () => {
    const { cache } = setUp();

    await cache.read(keys);
    cache.peek(keys);
    await cache.read(keys.slice(1));

    expect(cache.stats).toMatchObject({ hits: 3, misses: 2, size: 2 });
  });
});

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AcquireRequest } from '@zae-limiter/client';
import { FakeClock } from '@zae-limiter/client/testing';
import { runLoad, type LoadOptions } from '../src/loadtest/load';
import { Measurements, summaryLines, type Summary } from '../src/loadtest/measurements';
import { readScenario, type UserClass } from '../src/loadtest/scenario';
import { recommend, tune } from '../src/loadtest/tuning';

const ANSWER_MS = 10;

const classNamed = (name: string, other: Partial<UserClass> = {}): UserClass =>
  ({ name, weight: 1, pauseMs: 0, request: ({ user }) => ({ entity: `${name}-${user}`, resource: 'gpt-4', consume: { rpm: 1 } }), ...other });

/** A load whose answers take 10 milliseconds of a clock that only it moves. */
async function load(options: Partial<LoadOptions> = {}): Promise<{ summary: Summary; sent: AcquireRequest[]; clock: FakeClock }> {
  const clock = new FakeClock();
  const sent: AcquireRequest[] = [];
  const summary = await clock.drive(runLoad({
    classes: [classNamed('user')], users: 1, spawnRate: 1000, durationMs: 1000, clock, watch: () => clock.now(), breathe: async () => {}, signal: new AbortController().signal,
    send: async (request) => {
      sent.push(request);
      await clock.sleep(ANSWER_MS);
      return true;
    },
    ...options,
  }));
  return { summary, sent, clock };
}

describe('a load', () => {
  test('sends one request of a user after the other until the time is over', async () => {
    expect((await load()).summary).toEqual({
      requests: 100, denied: 0, failures: 0, requestsPerSecond: 100, averageMs: 10,
      minMs: 10, maxMs: 10, p50Ms: 10, p95Ms: 10, p99Ms: 10, seconds: 1, errors: {},
    });
  });

  test('begins users at the spawn rate', async () => {
    const { sent } = await load({ users: 3, spawnRate: 2 }); // at 0, 500 and 1000 milliseconds

    expect(sent.filter(({ entity }) => entity === 'user-0')).toHaveLength(100);
    expect(sent.filter(({ entity }) => entity === 'user-1')).toHaveLength(50);
    expect(sent.filter(({ entity }) => entity === 'user-2')).toHaveLength(0);
  });

  test('pauses between an answer and the next request', async () => {
    expect((await load({ classes: [classNamed('user', { pauseMs: 90 })] })).summary.requests).toBe(10);
  });

  test('gives classes their parts of the users', async () => {
    const { sent } = await load({ classes: [classNamed('a', { weight: 3 }), classNamed('b')], users: 8, durationMs: 10 });

    expect(sent.map(({ entity }) => entity).sort()).toEqual(['a-0', 'a-1', 'a-2', 'a-4', 'a-5', 'a-6', 'b-3', 'b-7']);
  });

  test('counts denials and failures, and goes on', async () => {
    let turn = 0;
    const { summary } = await load({
      send: async () => {
        turn++;
        if (turn === 3) throw new Error('no answer');
        if (turn === 4) throw 'odd'; // eslint-disable-line @typescript-eslint/only-throw-error
        return turn !== 2;
      },
      classes: [classNamed('user', { pauseMs: 100 })],
    });

    expect(summary).toMatchObject({ requests: 10, denied: 1, failures: 2, errors: { 'no answer': 1, 'odd': 1 } });
  });

  test('ends early when it is told to, and sums up what was done', async () => {
    const interruption = new AbortController();
    let turn = 0;
    const { summary } = await load({
      signal: interruption.signal, classes: [classNamed('user', { pauseMs: 100 })], users: 2, spawnRate: 1,
      send: async () => {
        if (++turn === 3) interruption.abort();
        return true;
      },
    });

    expect(summary.requests).toBe(3);
  });

  test('ends for all users when a scenario makes no request', async () => {
    const broken = classNamed('user', { request: ({ user }) => { if (user === 1) throw new Error('oops'); return { entity: 'a', resource: 'b', consume: {} }; } });

    await expect(load({ classes: [broken], users: 3, durationMs: 1e9 })).rejects.toMatchObject({ exitCode: 2, message: 'the scenario made no request: oops' });
  });

  test('tells every second what has been done', async () => {
    const told: object[] = [];
    await load({ durationMs: 2500, onProgress: (progress) => told.push(progress) });

    expect(told).toEqual([{ requests: 0, part: 0 }, { requests: expect.any(Number), part: 0.4 }, { requests: expect.any(Number), part: 0.8 }]);
  });
});

describe('measurements', () => {
  test('have percentiles by nearest rank', () => {
    const measurements = new Measurements();
    for (let ms = 100; ms >= 1; ms--) measurements.add('allowed', ms);

    expect(measurements.summary(10_000)).toMatchObject({
      requests: 100, requestsPerSecond: 10, averageMs: 50.5, minMs: 1, maxMs: 100, p50Ms: 50, p95Ms: 95, p99Ms: 99,
    });
  });

  test('have no times without requests', () => {
    expect(summaryLines(new Measurements().summary(0))).toEqual([
      'Requests: 0', 'RPS:      0.0', 'Failures: 0 (0.0%)', 'Denied:   0 (0.0%)', 'Avg:      -', 'Min/Max:  - / -', 'p50:      -', 'p95:      -', 'p99:      -',
    ]);
  });
});

describe('tuning', () => {
  /** A process whose answers slow down beyond so many users. */
  const saturatingAt = (knee: number) => async (users: number): Promise<Summary> => {
    const ms = users <= knee ? 10 : 10 * (users / knee);
    const measurements = new Measurements();
    for (let request = 0; request < users * 10; request++) measurements.add('allowed', ms);
    return measurements.summary(1000);
  };

  test.each([
    ['the most users when all are served well', 100, 40, [1, 40]],
    ['the users up to which answers are fast enough', 20, 25, [1, 40, 20, 30, 25, 27]],
    ['one user when two are too many', 1, 1, [1, 40, 20, 10, 5, 3]],
  ])('finds %s', async (_, knee, users, tried) => {
    const tuning = (await tune({ maxUsers: 40, threshold: 0.8 }, saturatingAt(knee)))!;

    expect(tuning.steps.map((step) => step.users)).toEqual(tried);
    expect(tuning.optimum.users).toBe(users);
  });

  test('takes failures for slow', async () => {
    const failing = async (users: number): Promise<Summary> => ({ ...await saturatingAt(100)(users), failures: users > 1 ? 1 : 0 });

    expect((await tune({ maxUsers: 2, threshold: 0.5 }, failing))!.steps.map(({ efficiency }) => efficiency)).toEqual([1, 0]);
  });

  test.each([['at once', 0, undefined], ['later', 2, 2]])('ends when it is interrupted %s', async (_, after, steps) => {
    let made = 0;
    const tuning = await tune({ maxUsers: 40, threshold: 0.8 }, async (users) => (made++ < after ? saturatingAt(10)(users) : undefined));

    expect(tuning?.steps.length).toBe(steps);
  });

  test('has answers that take no time for fast', async () => {
    const instant = async (): Promise<Summary> => { const one = new Measurements(); one.add('allowed', 0); return one.summary(1000); };

    expect((await tune({ maxUsers: 2, threshold: 1 }, instant))!.optimum.users).toBe(2);
  });

  test('recommends processes for more users', async () => {
    const { optimum } = (await tune({ maxUsers: 40, threshold: 0.8 }, saturatingAt(100)))!;

    expect(recommend(optimum, 500)).toEqual({ users: 500, processes: 13, requestsPerSecond: 5000 });
  });
});

describe('a scenario', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zae-limiter-load-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return name;
  };
  const YAML = `
users:
  Chat:
    weight: 3
    pause: 100ms
    requests:
      - { entity: 'user-{user}', resource: gpt-4, consume: { rpm: 1 }, weight: 2 }
      - { entity: 'shared', resource: gpt-4, consume: { rpm: 2 }, limits: ['rpm:100'] }
  Batch:
    requests: [{ entity: 'job-{iteration}', resource: gpt-4, consume: { rpm: 5 } }]
`;

  test('is read from YAML', async () => {
    const [chat, batch] = await readScenario(folder, file('load.yaml', YAML), []);

    expect(chat).toMatchObject({ name: 'Chat', weight: 3, pauseMs: 100 });
    expect([0, 1, 2].map((iteration) => chat!.request({ user: 7, iteration }))).toEqual([
      { entity: 'user-7', resource: 'gpt-4', consume: { rpm: 1 } }, // the eighth turn of three
      { entity: 'shared', resource: 'gpt-4', consume: { rpm: 2 }, limits: [expect.objectContaining({ name: 'rpm', capacity: 100 })] },
      { entity: 'user-7', resource: 'gpt-4', consume: { rpm: 1 } },
    ]);
    expect(batch!.request({ user: 0, iteration: 4 })).toMatchObject({ entity: 'job-4' });
  });

  test('is cut to the classes that are wanted', async () => {
    expect((await readScenario(folder, file('load.yaml', YAML), ['Batch'])).map(({ name }) => name)).toEqual(['Batch']);
  });

  test.each([
    ['a function', 'module.exports = function chat({ user }) { return { entity: `u-${user}`, resource: "r", consume: { rpm: 1 } }; };', ['chat']],
    ['a function without a name', 'module.exports.default = ({ user }) => ({ entity: `u-${user}`, resource: "r", consume: { rpm: 1 } });', ['default']],
    ['functions by class', 'module.exports = { a: ({ user }) => ({ entity: `u-${user}`, resource: "r", consume: { rpm: 1 } }), b: () => 0, other: 1 };', ['a', 'b']],
  ])('is read from a module that exports %s', async (what, text, names) => {
    const classes = await readScenario(folder, file(`${what.replaceAll(' ', '-')}.cjs`, text), []);

    expect(classes.map(({ name }) => name)).toEqual(names);
    expect(classes[0]!.request({ user: 3, iteration: 0 })).toMatchObject({ entity: 'u-3' });
  });

  test.each([
    ['a file that is not there', () => 'missing.yaml', /cannot be read/],
    ['YAML that is none', () => file('bad.yaml', 'users: ['), /cannot be read/],
    ['an unknown key', () => file('unknown.yaml', 'users: { a: { requests: [{ entity: a, resource: r, consume: {}, cost: 1 }] } }'), /requests\/0\/cost/],
    ['no users', () => file('empty.yaml', ''), /is no scenario/],
    ['limits that are none', () => file('limits.yaml', 'users: { a: { requests: [{ entity: a, resource: r, consume: {}, limits: [many] }] } }'), /name:rate/],
    ['a pause that is none', () => file('pause.yaml', 'users: { a: { pause: long, requests: [{ entity: a, resource: r, consume: {} }] } }'), /length of time/],
    ['a module that is broken', () => file('broken.cjs', 'throw new Error("oops")'), /cannot be loaded: oops/],
    ['a module without functions', () => file('nothing.cjs', 'module.exports = { a: 1 };'), /exports no function/],
  ])('refuses %s', async (_, name, message) => {
    await expect(readScenario(folder, name(), [])).rejects.toThrow(message);
  });

  test('refuses a class that it does not have', async () => {
    await expect(readScenario(folder, file('load.yaml', YAML), ['Chat', 'Other'])).rejects.toMatchObject({ exitCode: 2, hints: ['it has: Chat, Batch'] });
  });
});

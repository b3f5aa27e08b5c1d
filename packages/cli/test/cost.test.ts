import { estimate } from '../src/cost/estimate';
import { measureWrites } from '../src/cost/measure';
import { PRICES } from '../src/cost/prices';
import { invoke, invokeJson } from './support/cli';
import { expectGolden } from './support/golden';

const MONTH = 730 * 3600;
const WRITES = { request: 1, cascading: 2, correction: 1, bucketBytes: 1000 };
const QUIET = { rps: 1, cascade: 0, corrected: 0, entities: 1, windows: 0 };

describe('what requests write', () => {
  // With 20 limits the item of a child, which names its parent, is one of three kilobytes.
  test.each([[1, 1, 2], [4, 1, 2], [20, 2, 5]])('with %d limits is measured: %d unit(s), and %d with a parent', async (limits, request, cascading) => {
    const measured = await measureWrites(limits);

    expect(measured).toMatchObject({ request, cascading, correction: request });
    expect(measured.bucketBytes).toBeGreaterThan(100 + limits * 60);
  });
});

describe('an estimate', () => {
  test('counts a write unit for each request', () => {
    expect(estimate(QUIET, WRITES, PRICES)).toEqual([
      { part: 'Requests', amount: MONTH, unit: 'write units', usd: MONTH * 0.625e-6 }, { part: 'Corrections', amount: 0, unit: 'write units', usd: 0 },
      { part: 'Buckets stored', amount: 1e-6, unit: 'GB', usd: 0.25e-6 },
    ]);
  });

  test.each([
    ['a parent for those that cascade', { cascade: 0.5 }, 'Requests', 1.5 * MONTH],
    ['corrections', { corrected: 0.25 }, 'Corrections', 0.25 * MONTH],
    ['corrections of the parent', { corrected: 0.25, cascade: 1 }, 'Corrections', 0.5 * MONTH],
    ['usage of one entity once a batch, in each window', { windows: 2, rps: 100 }, 'Usage', 0.2 * 2 * 2 * MONTH],
    ['full batches beyond a thousand records in five seconds', { windows: 1, rps: 10_000 }, 'Aggregator calls', 10 * MONTH],
    ['no more batches than records', { windows: 1, rps: 0.1 }, 'Aggregator calls', 0.1 * MONTH],
    ['nothing for nothing', { windows: 1, rps: 0 }, 'Usage', 0],
  ])('counts %s', (_, workload, part, amount) => {
    expect(estimate({ ...QUIET, ...workload }, WRITES, PRICES).find((item) => item.part === part)!.amount).toBeCloseTo(amount, 3);
  });
});

describe('cost', () => {
  test('shows parts and their sum on a terminal', async () => {
    const { code, stdout } = await invoke(['cost', '--rps', '100', '--limits', '2', '--cascade', '0.5', '--corrected', '0.1'], { tty: true });

    expect(code).toBe(0);
    expectGolden('cost', stdout);
  });

  test('has the numbers as JSON', async () => {
    const { items, totalUsd } = await invokeJson(['cost', '--rps', '10', '--windows', '0']) as { items: { usd: number }[]; totalUsd: number };

    expect(items).toHaveLength(3);
    expect(totalUsd).toBeCloseTo(items.reduce((sum, { usd }) => sum + usd, 0), 3);
  });

  test('is nothing for each million of no requests', async () => {
    expect(await invokeJson(['cost', '--rps', '0'])).toMatchObject({ usdPerMillionRequests: null });
    expect((await invoke(['cost', '--rps', '0'])).stdout).toContain('Total: $0.00 a month\n');
  });

  test.each([[[]], [['--rps', '-1']], [['--rps', 'many']], [['--rps', '1', '--cascade', '2']], [['--rps', '1', '--limits', '0']]])('refuses %j', async (argv) => {
    expect(await invoke(['cost', ...argv])).toMatchObject({ code: 2, stdout: '' });
  });
});

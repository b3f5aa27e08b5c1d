import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BLOCKS } from '../bench/report/blocks';
import { curvesOf } from '../bench/report/curves';
import { blocksOf, pages, withBlocks, withoutBlocks } from '../bench/report/pages';
import { median, ratio, readResults } from '../bench/report/results';
import { isMet, targets, type Target } from '../bench/report/targets';
import type { Measured } from '../bench/rounds';

const ROOT = resolve(__dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const results = readResults(ROOT);

/** Figures of speed and cost, which nobody may write by hand. What a partition takes is DynamoDB's, and not one of them. */
const FIGURE = new RegExp([
  /\$\s?\d[\d.,]*(?![\d.,"])/, /\d\s?µs/, /\b\d[\d.,]*\s?(x|times) (as|faster|slower|cheaper|less|more)\b/,
  /\d[\d.,]* (requests|updates|operations)(\/s| (a|per) second)/, /\d (write|read) units?\b/, /costs? (twice|half)\b/,
].map(({ source }) => source).join('|'));

describe('measurements', () => {
  const parts = [results.speed, results.profile, results.growth, results.cost];

  test('are of one run, of five rounds at least', () => {
    expect(new Set(parts.map(({ machine }) => machine.began)).size).toBe(1);
    for (const { settings } of parts) expect([settings.quick, settings.rounds >= 5]).toEqual([false, true]);
  });

  test('meet every target', () => {
    expect(targets(results).filter((target) => !isMet(target))).toEqual([]);
  });

  test.each<[Target['bound'], number, boolean]>([
    [{ atMost: 1 }, 1, true], [{ atMost: 1 }, 1.01, false], [{ atLeast: 100 }, 100, true], [{ atLeast: 100 }, 99, false],
    [{ below: 1 }, 1, false], [{ below: 1 }, 0.9, true],
  ])('that are %j and show %d: %s', (bound, measured, met) => {
    expect(isMet({ what: '', unit: 'times', bound, measured })).toBe(met);
  });
});

describe('tables of measurements', () => {
  test.each(pages(ROOT))('%s has what the results give; `npm run bench -- --report` writes it', (path) => {
    expect(withBlocks(read(path), results)).toBe(read(path));
  });

  test('are all on some page', () => {
    expect([...new Set(pages(ROOT).flatMap((path) => blocksOf(read(path))))].sort()).toEqual(Object.keys(BLOCKS).sort());
  });

  test('change with the results', () => {
    const dearer = { ...results, prices: { ...results.prices, dynamodb: { millionWriteUnits: 12.5, millionReadUnits: 1 } } };

    expect(withBlocks(read('docs/operations/cost.md'), dearer)).toContain('$12.5');
  });

  test('may not be asked for under a name that there is not', () => {
    expect(() => withBlocks('<!-- bench:nothing -->\n<!-- /bench -->', results)).toThrow("no block is called 'nothing'");
  });
});

describe('curves of measurements', () => {
  const folder = 'docs/operations/performance';

  test('are all there', () => {
    expect(readdirSync(join(ROOT, folder)).sort()).toEqual(curvesOf(results).map(({ name }) => `${name}.svg`).sort());
  });

  test.each(readdirSync(join(ROOT, folder)))('%s is drawn from the results', (name) => {
    expect(read(join(folder, name)).split('\n')[0]).toBe(`<!-- ${results.growthDigest} -->`);
  });
});

describe('figures of speed and cost', () => {
  // A decision keeps the figure that it was made with.
  test.each(pages(ROOT).filter((path) => !path.startsWith('docs/adr/')))('%s has none that is written by hand', (path) => {
    const lines = withoutBlocks(read(path)).split('\n').filter((line) => FIGURE.test(line));

    expect(lines).toEqual([]);
  });

  test.each([
    'it costs $0.625', '$0.625/million', '**$5**', 'is 2 write units', 'two cost twice as much', 'takes 120 µs', 'is 150x faster', '3 times as fast', 'at 1,000 requests a second', '0.04 write units a request',
  ])('"%s" would be seen', (text) => {
    expect(text).toMatch(FIGURE);
  });
});

describe('figures of several rounds', () => {
  const measured = (...windows: [operations: number, ms: number][]): Measured => ({
    subject: 's', name: 'n', keys: 1, callers: 1, processes: 1, failures: 0,
    rounds: windows.map(([operations, ms]) => ({ operations, ms, p50Ms: 1, p99Ms: 1, cpuUs: 1, othersCores: 0 })),
  });

  test.each<[number[], number]>([[[3], 3], [[3, 1], 2], [[9, 1, 2], 2]])('the median of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  test('a ratio is that of the rounds, so that a slow round is slow for both', () => {
    expect(ratio(measured([100, 1000], [10, 1000], [100, 1000]), measured([50, 1000], [5, 1000], [25, 1000]), 'perSecond')).toBe(2);
  });
});

import { FakeClock } from '@zae-limiter/client/testing';
import { arrange, count, type Counted } from './support/arrange';
import { expectGolden } from './support/golden';
import { newNamespace, type TestNamespace } from './support/namespace';

const COUNTED: readonly Counted[] = [
  { start: '2026-01-01T00:00:00Z', events: 3, counters: { rpm: 3, tpm: 1500 } },
  { start: '2026-01-01T01:00:00Z', events: 42, counters: { rpm: 42, tpm: 15_000 } },
  { start: '2026-01-01T02:00:00Z', events: 5, counters: { rpm: 5, tpm: 700 } },
  { start: '2026-01-01T00:00:00Z', window: 'daily', events: 50, counters: { rpm: 50, tpm: 17_200 } },
  { start: '2026-02-01T00:00:00Z', window: 'monthly', events: 7, counters: { rpm: 7 } },
  { start: '2026-01-01T01:00:00Z', entity: 'user-2', events: 9, counters: { rpm: 9 } },
];

let ns: TestNamespace;
beforeAll(async () => {
  ns = await newNamespace();
  const arranged = await arrange(ns);
  for (const one of COUNTED) await count(arranged, one);
});

const starts = async (argv: readonly string[]): Promise<string[]> =>
  ((await ns.json(['usage', 'list', ...argv], { clock: new FakeClock(Date.UTC(2026, 0, 1, 3)) })).snapshots as { windowStart: string }[])
    .map(({ windowStart }) => windowStart.slice(5, 13));

describe('usage list', () => {
  test('shows snapshots on a terminal', async () => {
    const { code, stdout } = await ns.invoke(['usage', 'list', '-e', 'user-1', '-r', 'gpt-4'], { tty: true });

    expect(code).toBe(0);
    expectGolden('usage-list', stdout);
  });

  test('separates cells by tabs in a pipe', async () => {
    const { stdout } = await ns.invoke(['usage', 'list', '-e', 'user-2', '-r', 'gpt-4']);

    expect(stdout).toBe('Window Start\tType\tResource\tEntity\tEvents\tCounters\n2026-01-01T01:00:00Z\thourly\tgpt-4\tuser-2\t9\trpm=9\n\nTotal: 1 snapshot\n');
  });

  test('has the numbers as JSON', async () => {
    expect(await ns.json(['usage', 'list', '-e', 'user-2'])).toMatchObject({
      snapshots: [{ entity: 'user-2', resource: 'gpt-4', window: 'hourly', windowEnd: '2026-01-01T01:59:59Z', totalEvents: 9, counters: { rpm: 9 } }], cursor: null,
    });
  });

  test.each([
    ['--window', ['-w', 'daily'], ['01-01T00']],
    ['--window-type, as another document has it', ['--window-type', 'monthly'], ['02-01T00']],
    ['--start and --end', ['-w', 'hourly', '--start', '2026-01-01T00:30:00Z', '--end', '2026-01-01T01:30:00Z'], ['01-01T01']],
    ['--start-time and --end-time, as another document has it', ['--start-time', '2026-01-01T02:00:00Z', '--end-time', '2026-01-01T02:00:00Z'], ['01-01T02']],
    ['--since', ['-w', 'hourly', '--since', '90m'], ['01-01T02']],
    ['--limit', ['-w', 'hourly', '-l', '1'], ['01-01T02']],
    ['--all', ['-w', 'hourly', '--all'], ['01-01T02', '01-01T01', '01-01T00']],
    ['--top', ['-w', 'hourly', '--top', '2'], ['01-01T01', '01-01T02']],
  ])('honours %s', async (_, argv, expected) => {
    expect(await starts(['-e', 'user-1', '-r', 'gpt-4', ...argv])).toEqual(expected);
  });

  test('goes on behind a page with its cursor', async () => {
    const first = ['usage', 'list', '-e', 'user-1', '-r', 'gpt-4', '-w', 'hourly', '-l', '2'];
    const { cursor } = await ns.json(first);

    expect((await ns.invoke(first)).stdout).toContain(`There are more: --cursor ${String(cursor)} goes on, --all lists every one`);
    expect(await starts([...first.slice(2), '--cursor', String(cursor)])).toEqual(['01-01T00']);
  });

  test('is a table for bills with --csv, and says so when it is not complete', async () => {
    const { stdout, stderr } = await ns.invoke(['usage', 'list', '-e', 'user-1', '-r', 'gpt-4', '-w', 'hourly', '-l', '2', '--csv']);

    expect(stdout).toBe([
      'windowStart,windowEnd,window,resource,entity,totalEvents,counters.rpm,counters.tpm',
      '2026-01-01T02:00:00Z,2026-01-01T02:59:59Z,hourly,gpt-4,user-1,5,5,700',
      '2026-01-01T01:00:00Z,2026-01-01T01:59:59Z,hourly,gpt-4,user-1,42,42,15000', '',
    ].join('\n'));
    expect(stderr).toContain('There are more');
    expect(await ns.invoke(['usage', 'list', '-e', 'user-1', '-r', 'gpt-4', '-w', 'hourly', '-l', '2', '-o', 'csv'])).toEqual({ code: 0, stdout, stderr });
  });

  test.each([
    ['lines of JSON', ['-o', 'ndjson'], true], ['what a query found', ['--query', 'snapshots[].entity'], true],
    ['JSON, which holds the cursor', ['-o', 'json'], false], ['a table, below which it stands', [], false], ['nothing but results', ['-o', 'ndjson', '--quiet'], false],
  ])('says that there are more only where standard output does not: %s', async (_, argv, said) => {
    const { stderr } = await ns.invoke(['usage', 'list', '-e', 'user-1', '-r', 'gpt-4', '-w', 'hourly', '-l', '2', ...argv]);

    expect(stderr).toMatch(said ? /^There are more: --cursor \S+ goes on, --all lists every one\n$/ : /^$/);
  });

  test.each([
    ['two in a row on a wide terminal', ['-w', 'hourly'], 120, 'usage-list-plot'],
    ['below each other on a narrow one, without other characters', ['-w', 'hourly', '--ascii'], 40, 'usage-list-plot-ascii'],
    ['a single value too', ['-w', 'monthly'], 120, 'usage-list-plot-single'],
  ])('draws charts, %s', async (_, argv, columns, golden) => {
    expectGolden(golden, (await ns.invoke(['usage', 'list', '-r', 'gpt-4', '--plot', ...argv], { tty: true, columns })).stdout);
  });

  test('draws the latest 60 windows of many', async () => {
    const many = await newNamespace();
    const arranged = await arrange(many);
    for (let hour = 0; hour < 61; hour++) await count(arranged, { start: new Date(Date.UTC(2026, 0, 1, hour)).toISOString().replace('.000', ''), counters: { rpm: hour } });

    expect((await many.invoke(['usage', 'list', '-e', 'user-1', '-p'])).stdout).toContain('rpm (hourly): 2026-01-01T01:00:00Z to 2026-01-03T12:00:00Z, latest 60 of 61');
  });

  test('says when there is none', async () => {
    const { code, stdout } = await ns.invoke(['usage', 'list', '-e', 'nobody']);

    expect([code, stdout]).toEqual([0, 'No usage snapshots found\n']);
  });

  test.each([
    ['neither an entity nor a resource', []],
    ['a window that is none', ['-e', 'a', '-w', 'weekly']],
    ['a time that is none', ['-e', 'a', '--start', 'yesterday']],
    ['both --since and --start', ['-e', 'a', '--since', '1d', '--start', '2026-01-01']],
    ['a time range that is empty', ['-e', 'a', '--start', '2026-01-02', '--end', '2026-01-01']],
    ['--all with --limit', ['-e', 'a', '--all', '-l', '5']],
    ['--top with --all', ['-e', 'a', '--top', '5', '--all']],
    ['a limit that is too large', ['-e', 'a', '-l', '1001']],
    ['a cursor of something else', ['-e', 'a', '--cursor', 'abc']],
    ['--csv with --plot', ['-e', 'a', '--csv', '--plot']],
    ['--csv with another format', ['-e', 'a', '--csv', '-o', 'json']],
    ['a plot as JSON', ['-e', 'a', '--plot', '-o', 'json']],
  ])('refuses %s', async (_, argv) => {
    const { code, stdout } = await ns.invoke(['usage', 'list', ...argv]);

    expect([code, stdout]).toEqual([2, '']);
  });
});

describe('usage summary', () => {
  test('shows totals and averages on a terminal', async () => {
    const { code, stdout } = await ns.invoke(['usage', 'summary', '-e', 'user-1', '-r', 'gpt-4'], { tty: true });

    expect(code).toBe(0);
    expectGolden('usage-summary', stdout);
  });

  test.each([
    ['the windows that are asked for', ['-e', 'user-1', '-w', 'daily'], 'daily', [{ name: 'rpm', total: 50, average: 50 }, { name: 'tpm', total: 17_200, average: 17_200 }]],
    ['the shortest windows that there are', ['-e', 'user-1', '--start', '2026-02-01'], 'monthly', [{ name: 'rpm', total: 7, average: 7 }]],
    ['every entity of a resource', ['-r', 'gpt-4', '--start', '2026-01-01T01:00:00Z', '--end', '2026-01-01T01:00:00Z'], 'hourly',
      [{ name: 'rpm', total: 51, average: 25.5 }, { name: 'tpm', total: 15_000, average: 15_000 }]],
    ['nothing', ['-e', 'nobody'], 'hourly', []],
  ])('adds up %s', async (_, argv, window, limits) => {
    expect(await ns.json(['usage', 'summary', ...argv])).toMatchObject({ window, limits });
  });

  test('says when there is none', async () => {
    expect((await ns.invoke(['usage', 'summary', '-e', 'nobody'])).stdout).toBe('No usage snapshots found\n');
  });

  test('refuses neither an entity nor a resource', async () => {
    expect(await ns.invoke(['usage', 'summary'])).toMatchObject({ code: 2, stdout: '' });
  });
});

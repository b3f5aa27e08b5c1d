import type { Format } from '../src/command/global-options';
import { printable } from '../src/output/printable';
import { render } from '../src/output/render';
import { fields, right, table, type Result } from '../src/output/result';
import { styleFor } from '../src/output/style';
import { about, bytes, count, time } from '../src/output/text';
import { newNamespace, type TestNamespace } from './support/namespace';

const RESULT: Result = {
  data: { names: [{ name: 'a', limit: { rpm: 5 } }, { name: '=1+1', tags: ['x'] }], cursor: undefined, wait: Infinity },
  rows: 'names',
  human: ({ bold }) => [bold('Names'), table(['Name', right('Limit')], [['a', '5'], ['b', '1,000']]), 'Total: 2'],
};
const plain = styleFor({ write: () => {} }, {}, { noColor: false, ascii: false });

const rendered = async (format: Format, options: Partial<Parameters<typeof render>[1]> = {}) =>
  render(RESULT, { format, schema: 'zae-limiter.names/1', style: plain, pretty: false, ...options });

describe('a result', () => {
  test('as a table has a rule below its titles and numbers on the right', async () => {
    expect(await rendered('table')).toBe('Names\nName  Limit\n───────────\na         5\nb     1,000\nTotal: 2\n');
  });

  test('as plain text has its cells between tabs', async () => {
    expect(await rendered('plain')).toBe('Names\nName\tLimit\na\t5\nb\t1,000\nTotal: 2\n');
  });

  test('as JSON names its schema, and is one line for programs', async () => {
    expect(await rendered('json')).toBe('{"schema":"zae-limiter.names/1","names":[{"name":"a","limit":{"rpm":5}},{"name":"=1+1","tags":["x"]}],"wait":null}\n');
    expect(await rendered('json', { pretty: true })).toContain('\n  "names"');
  });

  test('as NDJSON is a line for each entry of its list', async () => {
    expect(await rendered('ndjson')).toBe('{"name":"a","limit":{"rpm":5}}\n{"name":"=1+1","tags":["x"]}\n');
  });

  test.each([
    ['ndjson', '{"schema":"s/1","name":"a","children":["b"]}\n'],
    ['csv', 'schema,name,children\ns/1,a,"[""b""]"\n'],
  ] as const)('that is no list is one row as %s, whatever it holds', async (format, text) => {
    const lone: Result = { data: { name: 'a', children: ['b'] }, human: () => [] };
    expect(await render(lone, { format, schema: 's/1', style: plain, pretty: false })).toBe(text);
  });

  test('as YAML', async () => {
    expect(await rendered('yaml')).toBe('schema: zae-limiter.names/1\nnames:\n  - name: a\n    limit:\n      rpm: 5\n  - name: =1+1\n    tags:\n      - x\nwait: null\n');
  });

  test('as CSV has a column for every nested value, and no cell that a spreadsheet would run', async () => {
    expect(await rendered('csv')).toBe('name,limit.rpm,tags\na,5,\n\'=1+1,,"[""x""]"\n');
  });

  test.each([
    ['names[].name', 'plain', 'a\n=1+1\n'], ['names[0]', 'json', '{"name":"a","limit":{"rpm":5}}\n'], ['length(names)', 'table', '2\n'],
    ['names[0].limit.rpm', 'yaml', '5\n'], ['nothing', 'json', 'null\n'], ['names[].name', 'csv', "value\na\n'=1+1\n"],
  ] as const)('answers the query %s as %s', async (query, format, text) => {
    expect(await rendered(format, { query })).toBe(text);
  });

  test('refuses a query that is none', async () => {
    await expect(rendered('json', { query: '[' })).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe('a row of NDJSON', () => {
  let ns: TestNamespace;
  beforeAll(async () => {
    ns = await newNamespace();
    for (const argv of [
      ['entity', 'create', 'org-1'], ['entity', 'create', 'user-1', '--parent', 'org-1', '--cascade'],
      ['resource', 'set-defaults', 'gpt-4', '-l', 'rpm:5'], ['entity', 'set-limits', 'user-1', '-r', 'gpt-4', '-l', 'rpm:9'],
    ]) expect(await ns.invoke(argv)).toMatchObject({ code: 0 });
  });

  const rows = async (argv: readonly string[]): Promise<unknown[]> => {
    const { stdout, stderr } = await ns.invoke([...argv, '-o', 'ndjson']);
    if (stdout === '') throw new Error(stderr);
    return stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as unknown);
  };

  test.each<[argv: string[], row: unknown]>([
    [['entity', 'list', '--prefix', 'user'], expect.objectContaining({ id: 'user-1' })],
    [['entity', 'list-resources'], 'gpt-4'],
    [['entity', 'get-limits', 'user-1', '-r', 'gpt-4'], expect.objectContaining({ name: 'rpm', capacity: 9 })],
    [['resource', 'list'], 'gpt-4'],
    [['resource', 'get-defaults', 'gpt-4'], expect.objectContaining({ name: 'rpm', capacity: 5 })],
    [['audit', 'list', '--resource', 'gpt-4'], expect.objectContaining({ action: 'limits_set' })],
    [['limits', 'history', '-l', '1'], expect.objectContaining({ action: 'limits_set', level: 'entity' })],
  ])('is an entry of what %j lists', async (argv, row) => {
    expect(await rows(argv)).toEqual([row]);
  });

  test.each<[argv: string[], data: object]>([
    [['explain', 'user-1', 'gpt-4'], { entity: 'user-1', limits: [expect.anything()], parent: expect.anything() }],
    [['system', 'get-defaults'], { limits: [], onUnavailable: null }],
    [['entity', 'unblock', 'user-1'], { entity: 'user-1', unblocked: [] }],
    [['entity', 'erase', 'org-1', '--yes'], { entity: 'org-1', removed: 1, children: ['user-1'] }],
  ])('is all that %j says', async (argv, data) => {
    expect(await rows(argv)).toEqual([expect.objectContaining(data)]);
  });
});

describe('a table on a narrow terminal', () => {
  test.each([20, 40, 60])('of %i columns has no longer line, and loses no character', async (columns) => {
    const style = styleFor({ write: () => {}, columns }, {}, { noColor: true, ascii: true });
    const long = 'x'.repeat(70);
    const text = await render({ data: {}, human: () => [table(['Name', 'Resource'], [[long, 'gpt-4']])] }, { format: 'table', schema: 's/1', style, pretty: false });

    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(columns);
    expect(text.match(/x/g)).toHaveLength(70);
  });
});

describe('colours and signs', () => {
  const ESC = '\u001b[';
  test.each([
    ['a terminal', { isTTY: true }, {}, {}, true], ['a pipe', {}, {}, {}, false], ['NO_COLOR', { isTTY: true }, { NO_COLOR: '1' }, {}, false],
    ['TERM=dumb', { isTTY: true }, { TERM: 'dumb' }, {}, false], ['FORCE_COLOR in a pipe', {}, { FORCE_COLOR: '1' }, {}, true],
    ['FORCE_COLOR=0', { isTTY: true }, { FORCE_COLOR: '0' }, {}, false], ['--no-color', { isTTY: true }, { FORCE_COLOR: '1' }, { noColor: true }, false],
  ])('with %s', (_, output, env, flags, coloured) => {
    const { red } = styleFor({ write: () => {}, ...output }, env, { noColor: false, ascii: false, ...flags });
    expect(red('x').startsWith(ESC)).toBe(coloured);
  });

  test('are plain characters with --ascii', () => {
    const { ok, failed, warning, pending, arrow, rule } = styleFor({ write: () => {} }, {}, { noColor: true, ascii: true });
    expect([ok, failed, warning, pending, arrow, rule(3)]).toEqual(['[ok]', '[failed]', '[warning]', '[pending]', '->', '---']);
  });

  test('stay, but nothing else that moves the cursor', () => {
    expect(printable(`${ESC}31mred${ESC}39m${ESC}2Jgone\u0007\tx\u009b1A`)).toBe(`${ESC}31mred${ESC}39m [2Jgone  x 1A`);
  });
});

describe('numbers for people', () => {
  test.each([
    [count(1234567), '1,234,567'], [time(0), '0 ms'], [time(999.2), '1000 ms'], [time(1000), '1 s'], [time(41_980), '42 s'], [time(90_000), '1.5 min'],
    [time(6 * 3_600_000), '6 h'], [time(Infinity), 'never'], [about(999), '999'], [about(1234), '~1.2K'], [about(5_600_000), '~5.6M'],
    [bytes(0), '0 B'], [bytes(1023), '1023 B'], [bytes(262_144), '~256.0 KB'], [bytes(3 * 2 ** 30), '~3.0 GB'],
  ])('%s', (text, expected) => {
    expect(text).toBe(expected);
  });

  test('stand below each other', () => {
    expect(fields([['Name', 'a'], ['Parent', undefined], ['Cascade', 'no']], '  ')).toEqual(['  Name:    a', '  Cascade: no']);
  });
});

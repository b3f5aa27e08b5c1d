import { isLogLevel, Logger, type LogLevel } from '../../lambda-src/shared/logger';

const LEVELS: LogLevel[] = ['DEBUG', 'INFO', 'WARN', 'ERROR'];

/** What a logger of this level writes when it is called at every level. */
function written(level?: LogLevel): string[] {
  const lines: string[] = [];
  const logger = new Logger('aggregator', { level, write: (line) => lines.push(line) });
  logger.debug('d');
  logger.info('i');
  logger.warn('w');
  logger.error('e');
  return lines;
}

describe('Logger', () => {
  test.each<[LogLevel | undefined, string[]]>([
    ['DEBUG', ['d', 'i', 'w', 'e']],
    ['INFO', ['i', 'w', 'e']],
    ['WARN', ['w', 'e']],
    ['ERROR', ['e']],
    [undefined, ['i', 'w', 'e']],
  ])('F-36: with the level %s writes that level and what is worse', (level, messages) => {
    expect(written(level).map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(messages);
  });

  test('names the level of each line', () => {
    expect(written('DEBUG').map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(LEVELS);
  });

  test('writes one line of JSON with a time, its name and the fields, whatever the text holds', () => {
    const lines: string[] = [];
    const logger = new Logger('provisioner', { write: (line) => lines.push(line) });

    logger.info('two\nlines', { entity_id: 'u"1', nested: { a: [1] }, missing: undefined });

    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('\n');
    const { timestamp, ...rest } = JSON.parse(lines[0]!) as Record<string, unknown>;
    expect(rest).toEqual({ level: 'INFO', logger: 'provisioner', message: 'two\nlines', entity_id: 'u"1', nested: { a: [1] } });
    expect(new Date(timestamp as string).toISOString()).toBe(timestamp);
  });

  test('writes to standard output unless it is told otherwise, one line each', () => {
    const stdout = jest.spyOn(process.stdout, 'write').mockReturnValue(true);

    new Logger('aggregator').info('hello');

    const output = stdout.mock.calls.map(([chunk]) => String(chunk)).join('');
    stdout.mockRestore();
    expect(JSON.parse(output)).toMatchObject({ message: 'hello' });
    expect(output.endsWith('}\n')).toBe(true);
  });
});

describe('isLogLevel', () => {
  test.each([...LEVELS.map((level) => [level, true] as const), ['debug', false], ['WARNING', false], ['', false]] as const)('%s: %s', (word, known) => {
    expect(isLogLevel(word)).toBe(known);
  });
});

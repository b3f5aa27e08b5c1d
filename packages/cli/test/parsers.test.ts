import { duration, integer, isoTime, keyValue, number, tokens } from '../src/command/parsers';

describe('text of flags', () => {
  test.each([
    [integer(1, 10), '1', 1], [integer(1, 10), '10', 10], [integer(-5), '-5', -5], [number(0, 1), '0.5', 0.5], [number(0), '12', 12],
    [duration, '500ms', 500], [duration, '30s', 30_000], [duration, '30', 30_000], [duration, '1.5m', 90_000], [duration, '5min', 300_000],
    [duration, '1h', 3_600_000], [duration, '7d', 604_800_000], [duration, '2w', 1_209_600_000],
    [isoTime, '2026-01-31', '2026-01-31T00:00:00.000Z'], [isoTime, '2026-01-31T12:00:00', '2026-01-31T12:00:00.000Z'],
    [isoTime, '2026-01-31T12:00:00+01:00', '2026-01-31T11:00:00.000Z'],
    [keyValue, 'team=a=b', ['team', 'a=b']], [keyValue, 'team=', ['team', '']], [tokens, 'rpm=5', ['rpm', 5]],
  ])('is read: %p of %p is %p', (parse, text, value) => {
    expect((parse as (text: string) => unknown)(text)).toEqual(value);
  });

  test.each([
    [integer(1, 10), '0', 'from 1 to 10'], [integer(1, 10), '11', 'from 1 to 10'], [integer(1), '1.5', 'at least 1'], [integer(1), '', 'at least 1'],
    [integer(1), '1e3', 'at least 1'], [number(0, 1), '2', 'from 0 to 1'], [number(0), 'x', 'at least 0'], [number(0), ' ', 'at least 0'],
    [duration, 'soon', 'such as'], [duration, '-5s', 'such as'], [isoTime, 'yesterday', 'ISO 8601'], [isoTime, '2026-13-01', 'ISO 8601'], [isoTime, '1', 'ISO 8601'],
    [keyValue, 'team', 'KEY=VALUE'], [keyValue, '=a', 'KEY=VALUE'], [tokens, 'rpm=-1', 'at least 0'],
  ])('is refused: %p of %p', (parse, text, rule) => {
    expect(() => (parse as (text: string) => unknown)(text)).toThrow(rule);
  });
});

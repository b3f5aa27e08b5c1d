import { Limit, type AcquireRequest } from '@zae-limiter/client';
import { checkRequest } from '@zae-limiter/client/limiter/request';

const check = (more: object) => checkRequest({ entity: 'user-1', resource: 'gpt-4', consume: { rpm: 1 }, limits: [Limit.perMinute('rpm', 100)], ...more } as AcquireRequest);

describe('a request', () => {
  test('is counted in thousandths of a token', () => {
    expect(check({ consume: { rpm: 2, tpm: 0 } })).toEqual(new Map([['rpm', 2000], ['tpm', 0]]));
  });

  test.each([
    ['not to wait', { wait: false }],
    ['the mode that is the default', { mode: 'enforce' }],
    ['a wait that may be twice as long as computed', { wait: { maxMs: 1, jitter: 1 } }],
    ['a wait without any jitter', { wait: { maxMs: 1, jitter: 0 } }],
  ])('may ask for %s', (_, more) => {
    expect(check(more)).toEqual(new Map([['rpm', 1000]]));
  });

  test.each([
    [{ mode: 'dry-run' }, { field: 'mode', value: 'dry-run', reason: 'unknown', message: expect.stringContaining("must be 'enforce' or 'shadow'") }],
    [{ consume: {} }, { field: 'consume', value: '{}', reason: 'empty', message: expect.stringContaining('must name at least one limit') }],
    [{ consume: null }, { field: 'consume', reason: 'type', message: expect.stringContaining('must be an object of amounts by limit name') }],
    [{ consume: { rpm: 0.5 } }, { field: 'consume.rpm', value: '0.5', reason: 'not_an_integer', message: expect.stringContaining('must be an integer') }],
    [{ consume: { rpm: -1 } }, { field: 'consume.rpm', value: '-1', reason: 'negative', message: expect.stringContaining('must not be negative') }],
    [{ consume: { rpm: 1e15 } }, { field: 'consume.rpm', reason: 'too_large', message: expect.stringMatching(/must be at most \d+/) }],
    [{ wait: { maxMs: 0 } }, { field: 'wait.maxMs', reason: 'not_positive', message: expect.stringContaining('must be more than 0 milliseconds') }],
    [{ wait: { maxMs: 1, jitter: 1.1 } }, { field: 'wait.jitter', reason: 'format', message: expect.stringContaining('must be from 0 to 1') }],
  ])('that is wrong names the parameter and says what would be right: %j', (more, error) => {
    expect(() => check(more)).toThrow(expect.objectContaining(error));
  });
});

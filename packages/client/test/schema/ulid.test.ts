import { ulid } from '@zae-limiter/client/schema/ulid';

const bytes = (value: number) => (size: number) => new Uint8Array(size).fill(value);

describe('a ULID', () => {
  test.each([
    [0, 0, '00000000000000000000000000'],
    [2 ** 48 - 1, 255, '7ZZZZZZZZZZZZZZZZZZZZZZZZZ'],
    [1_469_918_176_385, 0, '01ARYZ6S410000000000000000'], // the time of the specification's example
    [1, 1, '0000000001040G2081040G2081'],
  ])('of %i ms and bytes of %i is %s', (time, value, expected) => {
    expect(ulid(time, bytes(value))).toBe(expected);
  });

  test('sorts by its time, whatever the random part', () => {
    expect(ulid(1000, bytes(255)) < ulid(1001, bytes(0))).toBe(true);
  });

  test('asks for 80 random bits', () => {
    const sizes: number[] = [];

    ulid(0, (size) => { sizes.push(size); return new Uint8Array(size); });

    expect(sizes).toEqual([10]);
  });
});

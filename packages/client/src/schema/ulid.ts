/** Crockford's base 32: no I, L, O or U. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const BASE = 32n;
const RANDOM_BYTES = 10;
const CHARACTERS = 26;

/**
 * A ULID: 26 characters that sort by time. Two of the same millisecond are in no order.
 *
 * @param epochMs     when, up to the year 10889
 * @param randomBytes gives this many random bytes
 */
export function ulid(epochMs: number, randomBytes: (size: number) => Uint8Array): string {
  let rest = randomBytes(RANDOM_BYTES).reduce((number, byte) => number * 256n + BigInt(byte), BigInt(epochMs));
  let characters = '';
  for (let at = 0; at < CHARACTERS; at++, rest /= BASE) characters = ALPHABET[Number(rest % BASE)]! + characters;
  return characters;
}

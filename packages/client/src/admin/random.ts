/** Random bytes that nobody can guess. */
export function cryptoBytes(size: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(size));
}

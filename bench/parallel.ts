const CALLERS = 16;

/** Does work for each key from 0, sixteen at a time. */
export async function forEachKey(keys: number, work: (key: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: CALLERS }, async () => {
    for (let key = next++; key < keys; key = next++) await work(key);
  }));
}

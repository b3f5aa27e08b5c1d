/**
 * Runs a body for every item, a number of them at the same time.
 *
 * @param body must not throw
 */
export async function forEach<T>(items: readonly T[], concurrency: number, body: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await body(item);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
}

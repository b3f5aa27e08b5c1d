import { rmSync } from 'node:fs';
import { dirname } from 'node:path';

export default async function globalTeardown(): Promise<void> {
  await (globalThis as { stopDynamoDb?: () => Promise<void> }).stopDynamoDb?.();
  if (process.env.TEST_TEMPLATE !== undefined) rmSync(dirname(process.env.TEST_TEMPLATE), { recursive: true, force: true });
}

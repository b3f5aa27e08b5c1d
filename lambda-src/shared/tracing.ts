import { flag, type Environment } from './env';

/**
 * The same SDK client, whose calls appear as subsegments in X-Ray when the function is traced. The tracing library is loaded
 * only then, because it costs time at cold start.
 */
export function traced<Client extends object>(client: Client, env: Environment): Client {
  if (!flag(env, 'TRACING_ENABLED', false)) return client;
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded on demand, and bundled
  const { captureAWSv3Client } = require('aws-xray-sdk-core') as typeof import('aws-xray-sdk-core');
  return captureAWSv3Client(client as never) as unknown as Client;
}

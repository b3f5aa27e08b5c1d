import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Context } from 'aws-lambda';
import { bucketRecord } from './support/bucket-record';
import { runFunction } from './support/function';

interface Segment {
  readonly name: string;
  readonly trace_id: string;
  readonly parent_id: string;
  readonly aws?: { readonly operation: string };
}

/**
 * Invokes the aggregator as Lambda does when it is traced, and gives what reached the X-Ray daemon.
 *
 * @param expected segments to wait for
 */
async function traceOf(environment: Readonly<Record<string, string>>, expected: number): Promise<Segment[]> {
  const daemon = createSocket('udp4').bind(0, '127.0.0.1');
  await once(daemon, 'listening');
  const segments: Segment[] = [];
  const complete = new Promise<void>((resolve) => {
    // A header line, then one segment.
    daemon.on('message', (message) => {
      segments.push(JSON.parse(message.toString().split('\n')[1]!) as Segment);
      if (segments.length === expected) resolve();
    });
  });
  const { port } = daemon.address() as AddressInfo;
  await runFunction({
    TABLE_NAME: process.env.TEST_TABLE, LAMBDA_TASK_ROOT: '/var/task', AWS_XRAY_DAEMON_ADDRESS: `127.0.0.1:${port}`,
    _X_AMZN_TRACE_ID: 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1', AWS_XRAY_LOG_LEVEL: 'silent', ...environment,
  }, () => import('../../lambda-src/aggregator/handler'), ({ handler }) =>
    handler({ Records: [bucketRecord({ namespaceId: 'traced' })] }, { getRemainingTimeInMillis: () => 60_000 } as Context));
  if (expected > 0) await complete;
  else await new Promise((resolve) => setTimeout(resolve, 50)); // for datagrams that should not be on their way
  daemon.close();
  return segments;
}

test('F-36: a function that is traced shows its calls to DynamoDB in X-Ray', async () => {
  const segments = await traceOf({ TRACING_ENABLED: 'true' }, 2);

  expect(segments.map(({ name, trace_id, parent_id, aws }) => ({ name, trace_id, parent_id, operation: aws?.operation }))).toEqual(
    Array(2).fill({ name: 'DynamoDB', trace_id: '1-5759e988-bd862e3fe1be46a994272793', parent_id: '53995c3f42cd8ad8', operation: 'UpdateItem' }));
});

test('a function that is not traced sends nothing', async () => {
  expect(await traceOf({}, 0)).toEqual([]);
});

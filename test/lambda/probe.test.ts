import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { NamespacesAdmin, systemClock, type DynamoDbStore } from '@zae-limiter/client';
import { readText } from '@zae-limiter/client/schema/attributes';
import { CANARY, Probe } from '../../lambda-src/probe/probe';
import metricsSpec from '../../spec/probe-metrics.json';
import { recordCalls } from '../support/calls';
import { connectDynamoDbTable, PATIENCE_MS, type TestTable } from '../support/table';
import { runFunction } from './support/function';

const handlerModule = () => import('../../lambda-src/probe/handler');

/** Invocations of one process; the log of each and its metrics. */
async function invoke(variables: Record<string, string | undefined>, times = 1) {
  const environment = { LOG_LEVEL: undefined, PROBE_TIMEOUT_MS: String(PATIENCE_MS), ...variables };
  const { lines } = await runFunction(environment, handlerModule, async ({ handler }) => {
    for (let time = 0; time < times; time += 1) await handler();
  });
  return { log: lines.filter((line) => !('_aws' in line)), metrics: lines.filter((line) => '_aws' in line) };
}

const probeOf = ({ client, name, namespace }: TestTable, now?: () => number): Probe =>
  new Probe({ client, stack: name, namespace, timeoutMs: PATIENCE_MS }, now);

const bucketOf = ({ store, namespaceId }: TestTable) => (store as DynamoDbStore).get(
  { pk: `${namespaceId}/BUCKET#${CANARY}#${CANARY}#0`, sk: '#STATE' }, { consistent: true },
);

describe('an attempt', () => {
  test('takes a token and gives it back', async () => {
    const table = await connectDynamoDbTable();

    const outcome = await probeOf(table).attempt();

    expect(outcome).toEqual({ latencyMs: expect.any(Number) });
    const bucket = await bucketOf(table);
    expect(readText(bucket!, 'entity_id')).toBe(CANARY);
    expect(bucket).toMatchObject({ b_probes_tk: { N: '60000' }, b_probes_tc: { N: '0' } });
    table.client.destroy();
  });

  test('measures the taking, and neither the opening nor the giving back', async () => {
    const table = await connectDynamoDbTable();
    const times = [5000, 5042];
    const probe = probeOf(table, () => times.shift()!);

    expect(await probe.attempt()).toEqual({ latencyMs: 42 });
    expect(times).toEqual([]);
    table.client.destroy();
  });

  test('is two writes once the limiter is open', async () => {
    const table = await connectDynamoDbTable();
    const probe = probeOf(table);
    await probe.attempt();

    const calls = await recordCalls(table.client, [table.namespaceId], () => probe.attempt());

    expect(calls.map(({ action }) => action)).toEqual(['dynamodb:UpdateItem', 'dynamodb:UpdateItem']);
    table.client.destroy();
  });

  test('finds out that its namespace was deleted at the latest when it failed, and that it is back', async () => {
    const table = await connectDynamoDbTable();
    const namespaces = new NamespacesAdmin({ store: table.store, clock: systemClock });
    const probe = probeOf(table);
    await namespaces.delete(table.namespace);

    expect(await probe.attempt()).toMatchObject({ code: 'NAMESPACE_NOT_FOUND' });
    await namespaces.recover(table.namespaceId);
    expect(await probe.attempt()).toEqual({ latencyMs: expect.any(Number) });
    table.client.destroy();
  });

  test('tells of an outage after it worked, and of its end', async () => {
    const table = await connectDynamoDbTable();
    const probe = probeOf(table);
    await probe.attempt();
    table.client.middlewareStack.add(() => () => Promise.reject(Object.assign(new Error('down'), { name: 'InternalServerError', $fault: 'server' })), {
      step: 'initialize', name: 'outage',
    });

    expect(await probe.attempt()).toMatchObject({ code: 'UNAVAILABLE' });
    table.client.middlewareStack.remove('outage');
    expect(await probe.attempt()).toEqual({ latencyMs: expect.any(Number) });
    table.client.destroy();
  });

  test('tells the name of an error that is not the client\'s own', async () => {
    const probe = new Probe({ client: new DynamoDBClient({}), stack: 'some-table', namespace: 'default' });
    jest.spyOn(probe as never, 'takeAndGiveBack').mockRejectedValue(new TypeError('odd') as never);

    expect(await probe.attempt()).toEqual({ code: 'TypeError', reason: 'odd' });
  });
});

describe('the function', () => {
  test.each([['TABLE_NAME', { PROBE_NAMESPACE: 'default' }], ['PROBE_NAMESPACE', { TABLE_NAME: 'some-table' }]])(
    'refuses to load without %s', async (variable, variables) => {
      await expect(invoke({ TABLE_NAME: undefined, PROBE_NAMESPACE: undefined, ...variables })).rejects
        .toMatchObject({ name: 'EnvironmentError', message: `environment variable ${variable} must be set, got nothing` });
    });

  test('writes one line of metrics an invocation, and no log when all is well', async () => {
    const { client, name, namespace } = await connectDynamoDbTable();

    const { log, metrics } = await invoke({ TABLE_NAME: name, PROBE_NAMESPACE: namespace }, 2);

    expect(log).toEqual([]);
    const line = {
      _aws: {
        Timestamp: expect.any(Number),
        CloudWatchMetrics: [{
          Namespace: metricsSpec.namespace, Dimensions: [metricsSpec.dimensions],
          Metrics: metricsSpec.metrics.map((metric) => ({ Name: metric.name, Unit: metric.unit })),
        }],
      },
      TableName: name, ProbeSuccess: 1, ProbeLatency: expect.any(Number),
    };
    expect(metrics).toEqual([line, line]);
    client.destroy();
  });

  test('says at level DEBUG what it measured', async () => {
    const { client, name, namespace } = await connectDynamoDbTable();

    const { log } = await invoke({ TABLE_NAME: name, PROBE_NAMESPACE: namespace, LOG_LEVEL: 'DEBUG' });

    expect(log).toMatchObject([{ level: 'DEBUG', message: 'Probe succeeded', table_name: name, namespace, latency_ms: expect.any(Number) }]);
    client.destroy();
  });

  test('does not fail with the limiter, but says why, and measures no latency', async () => {
    const { log, metrics } = await invoke({ TABLE_NAME: 'no-such-table', PROBE_NAMESPACE: 'default' });

    expect(log).toMatchObject([{ level: 'ERROR', message: 'Probe failed', table_name: 'no-such-table', namespace: 'default', code: 'INFRASTRUCTURE_NOT_FOUND' }]);
    expect(metrics).toMatchObject([{ TableName: 'no-such-table', ProbeSuccess: 0, _aws: { CloudWatchMetrics: [{ Metrics: [{ Name: 'ProbeSuccess' }] }] } }]);
    expect(metrics[0]).not.toHaveProperty('ProbeLatency');
  });
});

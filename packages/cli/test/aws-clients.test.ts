import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { callerArn } from '../src/aws/caller';
import { AwsClients, type AwsCall } from '../src/aws/clients';

const settings = { env: {}, timeoutMs: 5000, mfaCode: async () => '000000' };

/** A server that records what it is asked, and answers the same each time. */
async function recordedServer(status: number, body: string): Promise<{ url: string; authorizations: string[]; stop: () => Promise<unknown> }> {
  const authorizations: string[] = [];
  const server: Server = createServer((request, response) => {
    authorizations.push(String(request.headers.authorization));
    request.resume().on('end', () => response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'R1' }).end(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    authorizations, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => { server.closeAllConnections(); return new Promise((resolve) => server.close(resolve)); },
  };
}

test('one client serves all calls of a service, and another one those with settings of their own', () => {
  const clients = new AwsClients(settings);
  expect(clients.get(DynamoDBClient)).toBe(clients.get(DynamoDBClient));
  expect(clients.get(DynamoDBClient, { maxAttempts: 1 })).not.toBe(clients.get(DynamoDBClient));
  clients.destroy();
});

test('region, and calls with their request ids, on recorded responses', async () => {
  const server = await recordedServer(200, '{"TableNames":[]}');
  const calls: AwsCall[] = [];
  const clients = new AwsClients({ ...settings, endpointUrl: server.url, region: 'eu-central-1', onCall: (call) => calls.push(call) });

  await clients.get(DynamoDBClient).send(new ListTablesCommand({}));

  expect(await clients.region()).toBe('eu-central-1');
  expect(server.authorizations[0]).toContain('/eu-central-1/dynamodb/');
  expect(calls).toEqual([{ service: 'DynamoDB', operation: 'ListTables', requestId: 'R1', attempts: 1, ms: expect.any(Number) as number, error: undefined }]);
  clients.destroy();
  await server.stop();
});

test('a refused call is told with its error, on recorded responses', async () => {
  const server = await recordedServer(400, '{"__type":"AccessDeniedException","message":"no"}');
  const calls: AwsCall[] = [];
  const clients = new AwsClients({ ...settings, endpointUrl: server.url, onCall: (call) => calls.push(call) });

  await expect(clients.get(DynamoDBClient).send(new ListTablesCommand({}))).rejects.toThrow('no');

  expect(calls).toMatchObject([{ operation: 'ListTables', error: 'AccessDeniedException' }]);
  clients.destroy();
  await server.stop();
});

describe('a server of this machine', () => {
  test.each([
    ['http://127.0.0.1:4566', true], ['http://localhost:8000', true], ['http://[::1]:8000', true], ['https://dynamodb.eu-central-1.amazonaws.com', false],
    ['http://127.0.0.1.example.com', false], ['nonsense', false], [undefined, false],
  ])('%s: %s', (endpointUrl, local) => {
    expect(new AwsClients({ ...settings, endpointUrl }).local).toBe(local);
  });

  test('may be named by the environment', () => {
    expect(new AwsClients({ ...settings, env: { AWS_ENDPOINT_URL_DYNAMODB: 'http://localhost:1' } }).local).toBe(true);
  });

  test('takes any credentials and region, and has no callers', async () => {
    const clients = new AwsClients({ ...settings, endpointUrl: 'http://127.0.0.1:1' });
    const { credentials, region } = clients.get(DynamoDBClient).config;

    expect(await credentials()).toMatchObject({ accessKeyId: 'local' });
    expect(await region()).toBe('us-east-1');
    expect(await callerArn(clients)).toBeUndefined();
  });
});

test('who calls is asked of STS; an answer that does not come names the way out', async () => {
  const env = { AWS_ENDPOINT_URL_STS: process.env.AWS_ENDPOINT_URL_STS };
  const server = await recordedServer(403, '<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>');
  process.env.AWS_ENDPOINT_URL_STS = server.url;
  const clients = new AwsClients({ ...settings, region: 'us-east-1' });

  await expect(callerArn(clients)).rejects.toMatchObject({ code: 'UNKNOWN_CALLER', exitCode: 3, hints: ['pass --principal to name somebody'] });

  if (env.AWS_ENDPOINT_URL_STS === undefined) delete process.env.AWS_ENDPOINT_URL_STS;
  await server.stop();
});

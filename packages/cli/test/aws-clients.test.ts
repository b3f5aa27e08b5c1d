import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { STSClient } from '@aws-sdk/client-sts';
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
  expect(clients.get(DynamoDBClient, { maxAttempts: 1 })).toBe(clients.get(DynamoDBClient, { maxAttempts: 1 }));
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

test('a code of a multi-factor device is asked for once, whatever clients there are', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'zae-limiter-aws-'));
  writeFileSync(join(folder, 'config'), '[profile mfa]\nrole_arn = arn:aws:iam::123456789012:role/r\n'
    + 'mfa_serial = arn:aws:iam::123456789012:mfa/m\nsource_profile = base\nregion = us-east-1\n[profile base]\naws_access_key_id = base\naws_secret_access_key = base\n');
  const server = await recordedServer(200, `<AssumeRoleResponse><AssumeRoleResult><Credentials>
    <AccessKeyId>role</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration>
    </Credentials></AssumeRoleResult></AssumeRoleResponse>`);
  const before = { ...process.env };
  Object.assign(process.env, { AWS_CONFIG_FILE: join(folder, 'config'), AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'), AWS_ENDPOINT_URL_STS: server.url });
  let asked = 0;
  const clients = new AwsClients({ ...settings, profile: 'mfa', mfaCode: async () => { asked++; return '000000'; } });

  const made = [clients.get(DynamoDBClient), clients.get(STSClient)];
  const keys = await Promise.all(made.map(async ({ config }) => config.credentials()));

  expect([keys.map(({ accessKeyId }) => accessKeyId), asked]).toEqual([['role', 'role'], 1]);
  for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_ENDPOINT_URL_STS']) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  clients.destroy();
  await server.stop();
  rmSync(folder, { recursive: true });
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

  test('of one service says nothing of the others', async () => {
    const clients = new AwsClients({ ...settings, region: 'eu-central-1', env: { AWS_ENDPOINT_URL_DYNAMODB: 'http://localhost:1' } });

    expect(await clients.get(DynamoDBClient).config.credentials()).toMatchObject({ accessKeyId: 'local' });
    expect(await clients.get(STSClient).config.credentials()).toMatchObject({ accessKeyId: process.env.AWS_ACCESS_KEY_ID });
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

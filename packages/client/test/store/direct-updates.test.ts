import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDbStore, Limit, RateLimiter, type Store } from '@zae-limiter/client';
import type { Change, ItemUpdate } from '@zae-limiter/client/schema/update';
import { connectDynamoDbTable, PATIENCE_MS } from '../../../../test/support/table';

interface Answer {
  readonly status?: number;
  readonly body?: unknown;
}

type Script = (Answer | 'silence')[];

interface Seen {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const DONE: Answer = { body: { Attributes: { n: { N: '1' } } } };
const KEYS: Record<string, string> = { AKIDONE: 'secret-one', AKIDTWO: 'secret-two' };
const update: ItemUpdate = { key: { pk: 'p', sk: 'ä' }, changes: new Map<string, Change>([['n', { add: 1 }]]), conditions: [{ exists: 'n' }] };
const refusal = (name: string, more: object = {}): Answer => ({ status: 400, body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'no', ...more } });

/** A server that answers from a list, and then with success; `seen` holds what it was asked. */
class ScriptedServer {
  readonly seen: Seen[] = [];
  private readonly server: Server;

  constructor(private readonly answers: Script) {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        this.seen.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
        const answer = this.answers.shift() ?? DONE;
        if (answer === 'silence') return;
        const { status = 200, body } = answer;
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(typeof body === 'string' ? body : JSON.stringify(body));
      });
    });
  }

  async client(config: DynamoDBClientConfig = {}): Promise<DynamoDBClient> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    const credentials = { accessKeyId: 'AKIDONE', secretAccessKey: KEYS.AKIDONE! };
    return new DynamoDBClient({ endpoint, region: 'eu-west-1', maxAttempts: 1, credentials, ...config });
  }

  /** Which requests went through the SDK's middleware: it numbers them. */
  get throughSdk(): boolean[] {
    return this.seen.map(({ headers }) => 'amz-sdk-invocation-id' in headers);
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

const servers: ScriptedServer[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

async function connect(answers: Script = [], { direct = true, ...config }: DynamoDBClientConfig & { direct?: boolean } = {}) {
  const server = new ScriptedServer(answers);
  servers.push(server);
  const client = await server.client(config);
  return { server, client, store: new DynamoDbStore(client, 't', { timeoutMs: PATIENCE_MS, direct }) };
}

/** Signature version 4 as AWS documents it, which DynamoDB Local does not check. */
function signatureOf({ headers, body }: Seen): string {
  const pattern = /Credential=(\w+)\/(\d+)\/([\w-]+)\/(\w+)\/aws4_request, SignedHeaders=([\w;-]+),/;
  const [, accessKeyId, day, region, service, names] = pattern.exec(headers.authorization!)!;
  const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
  const canonical = ['POST', '/', '', ...names!.split(';').map((name) => `${name}:${String(headers[name])}`), '', names!, hash(body)].join('\n');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], `${day}/${region}/${service}/aws4_request`, hash(canonical)].join('\n');
  const key = [day!, region!, service!, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${KEYS[accessKeyId!]}`);
  return hmac(key, text).toString('hex');
}

async function updateTimes(store: Store, times: number): Promise<void> {
  for (let at = 0; at < times; at++) await store.update(update).catch(() => undefined);
}

describe('updates past the middleware', () => {
  test('follow the first, which goes through it, and say the same', async () => {
    const { server, store } = await connect();

    await updateTimes(store, 3);

    expect(server.throughSdk).toEqual([true, false, false]);
    const [first, ...later] = server.seen.map(({ headers, body }) => ({
      body: JSON.parse(body) as unknown, host: headers.host, type: headers['content-type'], target: headers['x-amz-target'], agents: [headers['user-agent'], headers['x-amz-user-agent']],
      scope: /Credential=[^,]+/.exec(headers.authorization!)![0],
    }));
    expect(later).toEqual([first, first]);
    expect(first!.scope).toMatch(/^Credential=AKIDONE\/\d{8}\/eu-west-1\/dynamodb\/aws4_request$/);
  });

  test('are signed so that AWS accepts them', async () => {
    const { server, store } = await connect();

    await updateTimes(store, 2);

    const signed = server.seen.map((seen) => /Signature=(\w+)/.exec(seen.headers.authorization!)![1]);
    expect(signed).toEqual(server.seen.map(signatureOf));
    const names = /SignedHeaders=[^,]*content-type[^,]*host[^,]*x-amz-date[^,]*x-amz-target/;
    for (const { headers } of server.seen) expect(headers.authorization).toMatch(names);
  });

  test('have the time that the SDK found out to be right', async () => {
    const { server, store, client } = await connect();
    await store.update(update);
    client.config.systemClockOffset = 3_600_000;

    await store.update(update);

    const [before, after] = server.seen.map(({ headers }) => String(headers['x-amz-date']));
    const milliseconds = (time: string): number => Date.parse(time.replace(/(....)(..)(..T..)(..)/, '$1-$2-$3:$4:'));
    expect(milliseconds(after!) - milliseconds(before!)).toBeGreaterThanOrEqual(3_599_000);
  });

  test('do not repeat the id that a function was traced with when the first was sent', async () => {
    const before = process.env;
    process.env = { ...before, AWS_LAMBDA_FUNCTION_NAME: 'f', _X_AMZN_TRACE_ID: 'Root=1-2-3' };
    const { server, store } = await connect();
    try {
      await updateTimes(store, 2);
    } finally {
      process.env = before;
    }

    expect(server.seen.map(({ headers }) => headers['x-amzn-trace-id'])).toEqual(['Root=1-2-3', undefined]);
  });

  test('go through it once more with new credentials', async () => {
    let accessKeyId = 'AKIDONE';
    const { server, store } = await connect([], {
      credentials: async () => ({ accessKeyId, secretAccessKey: KEYS[accessKeyId]!, sessionToken: `token of ${accessKeyId}`, expiration: new Date() }),
    });
    await updateTimes(store, 2);
    accessKeyId = 'AKIDTWO';
    await updateTimes(store, 2);

    expect(server.throughSdk).toEqual([true, false, true, false]);
    expect(server.seen.map(({ headers }) => headers['x-amz-security-token'])).toEqual(['token of AKIDONE', 'token of AKIDONE', 'token of AKIDTWO', 'token of AKIDTWO']);
    expect(server.seen.map((seen) => seen.headers.authorization!.endsWith(signatureOf(seen)))).toEqual([true, true, true, true]);
  });

  test.each<[string, Answer, boolean]>([
    ['an expired token', refusal('ExpiredTokenException'), true],
    ['a wrong signature', refusal('InvalidSignatureException'), true],
    ['a missing permission', refusal('AccessDeniedException'), true],
    ['a failed condition', refusal('ConditionalCheckFailedException'), false],
    ['an error of the service', { status: 500, body: { __type: 'InternalServerError' } }, false],
  ])('after %s: through it again %#', async (_, answer, again) => {
    const { server, store } = await connect([DONE, answer]);
    await store.update(update);

    const outcome = await store.update(update, { repeat: false }).catch(() => undefined);
    await store.update(update);

    expect(server.throughSdk).toEqual(again ? [true, false, true, false] : [true, false, false]);
    expect(outcome?.applied === true).toBe(again); // nothing was done by the one that was refused
  });

  test('stay with it as long as it refuses them', async () => {
    const { server, store } = await connect([DONE, ...Array.from({ length: 3 }, () => refusal('AccessDeniedException'))]);

    await updateTimes(store, 4);

    expect(server.throughSdk).toEqual([true, false, true, true, true]);
  });

  test('do not leave it in a client that is built in another way than they know', async () => {
    const { server, store, client } = await connect();
    Object.assign(client.config, { streamCollector: undefined });

    await updateTimes(store, 2);

    expect(server.throughSdk).toEqual([true, true]);
  });

  test('end when their time is over', async () => {
    const { store } = await connect([DONE, 'silence']);
    await store.update(update);

    await expect(store.update(update, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'UNAVAILABLE', reason: 'unanswered', retryable: true });
  });
});

describe('an answer means the same past the middleware as through it', () => {
  const outcomeOf = (store: Store): Promise<unknown> => store.update(update, { repeat: false }).catch((error) => {
    const { code, reason, retryable, message, cause: { name, message: text, $fault, $metadata, constructor } } = error;
    return { code, reason, retryable, message, cause: { name, text, $fault, status: $metadata?.httpStatusCode, type: constructor.name } };
  });
  const ATTRIBUTES = {
    PK: { S: 'ä' }, n: { N: '12345678901234567890' }, yes: { BOOL: true }, names: { SS: ['a', 'b'] }, map: { M: { none: { NULL: true } } },
  };

  test.each<[string, Answer]>([
    ['success', { body: { Attributes: ATTRIBUTES } }],
    ['a failed condition', refusal('ConditionalCheckFailedException', { Item: { n: { N: '7' } } })],
    ['a failed condition without an item', refusal('ConditionalCheckFailedException')],
    ['a throttle', refusal('ProvisionedThroughputExceededException')],
    ['a throttle of the service', refusal('ThrottlingException')],
    ['a conflict', refusal('TransactionConflictException')],
    ['a missing table', refusal('ResourceNotFoundException')],
    ['a missing permission', refusal('AccessDeniedException', { message: undefined, Message: 'not allowed' })],
    ['an error that nobody knows', refusal('SomethingElse')],
    ['an error of the service', { status: 500, body: { __type: 'InternalServerError', message: 'sorry' } }],
    ['an outage of the service', { status: 503, body: { __type: 'ServiceUnavailable' } }],
    ['nothing', { status: 500, body: '' }],
  ])('%s', async (_, answer) => {
    const [direct, sdk] = await Promise.all([true, false].map((way) => connect([DONE, answer, answer], { direct: way })));
    await direct!.store.update(update);
    await sdk!.store.update(update);

    expect(await outcomeOf(direct!.store)).toEqual(await outcomeOf(sdk!.store));
    expect([direct!.server.throughSdk[1], sdk!.server.throughSdk[1]]).toEqual([false, true]);
  });
});

describe('an answer that nobody can read', () => {
  test.each([true, false].flatMap((direct) => [
    { direct, status: 504, body: '<html>Gateway Timeout</html>' }, { direct, status: 200, body: '<html>Sign in</html>' },
  ]))('is none: %j', async ({ direct, ...answer }) => {
    const { store } = await connect([DONE, answer], { direct });
    await store.update(update);

    await expect(store.update(update, { repeat: false })).rejects.toMatchObject({ code: 'UNAVAILABLE', reason: 'unanswered', retryable: true });
  });
});

describe('RateLimiter.open', () => {
  const limits = [Limit.perMinute('rpm', 100)];
  const request = { entity: 'user-1', resource: 'api', consume: { rpm: 1 }, limits };

  test('sends updates past the middleware of the client that it makes', async () => {
    const { name, namespace } = await connectDynamoDbTable();
    const sent = jest.spyOn(DynamoDBClient.prototype, 'send');
    const limiter = await RateLimiter.open({ stack: name, namespace, timeoutMs: PATIENCE_MS });
    try {
      await limiter.acquire(request); // an attempt to take, and the creation
      const before = sent.mock.calls.length;

      await limiter.acquire(request);

      expect(sent.mock.calls.length).toBe(before);
      expect((await limiter.available('user-1', 'api').catch(() => []))).toEqual([]); // no limits are stored
    } finally {
      sent.mockRestore();
      await limiter[Symbol.asyncDispose]();
    }
  });

  test('leaves the middleware of a client that it is given in place', async () => {
    const { name, namespace, client, meter } = await connectDynamoDbTable();
    const limiter = await RateLimiter.open({ stack: name, namespace, client, timeoutMs: PATIENCE_MS });
    await limiter.acquire(request);
    meter.take();

    await limiter.acquire(request);

    expect(meter.take().operations).toEqual(['UpdateItem']);
  });
});

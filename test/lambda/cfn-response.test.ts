import { answerBody, respond, type CfnAnswer } from '../../lambda-src/provisioner/cfn-response';
import { answerServer, silentServer, cfnEvent, SECRET } from './support/cloudformation';

const SUCCESS: CfnAnswer = { status: 'SUCCESS', physicalResourceId: 'some-table/bootstrap', data: { SchemaVersion: '0.10.0' } };
const event = cfnEvent('Create');

/** What every answer repeats from the request. */
const COPIED = { StackId: event.StackId, RequestId: event.RequestId, LogicalResourceId: event.LogicalResourceId };

const bodyOf = (answer: CfnAnswer) => JSON.parse(answerBody(event, answer)) as Record<string, unknown>;

describe('the body of an answer', () => {
  test('of a success names the resource and its attributes', () => {
    expect(bodyOf(SUCCESS)).toEqual({
      Status: 'SUCCESS', Reason: '', PhysicalResourceId: 'some-table/bootstrap', ...COPIED, Data: { SchemaVersion: '0.10.0' },
    });
  });

  test('of a failure gives the reason, and has no attributes', () => {
    expect(bodyOf({ status: 'FAILED', physicalResourceId: 'create-failed/request-1', reason: 'no table' })).toEqual({
      Status: 'FAILED', Reason: 'no table', PhysicalResourceId: 'create-failed/request-1', ...COPIED,
    });
  });

  test.each([999, 1000, 1001, 100_000])('holds at most 1000 characters of a reason of %d', (length) => {
    expect(bodyOf({ status: 'FAILED', physicalResourceId: 'x', reason: 'r'.repeat(length) }).Reason).toBe('r'.repeat(Math.min(length, 1000)));
  });
});

describe('F-14: an answer that would be larger than CloudFormation takes', () => {
  /** An answer whose body with data has this many bytes. */
  const sized = (bytes: number): CfnAnswer => {
    const empty = Buffer.byteLength(answerBody(event, { ...SUCCESS, data: { Changes: '' } }));
    return { ...SUCCESS, data: { Changes: 'c'.repeat(bytes - empty) } };
  };

  test('is sent whole with 4096 bytes', () => {
    expect(Buffer.byteLength(answerBody(event, sized(4096)))).toBe(4096);
    expect(bodyOf(sized(4096)).Data).toEqual(sized(4096).data);
  });

  test.each([4097, 10_000])('loses its data with %d bytes, and nothing else', (bytes) => {
    const { Data, ...rest } = bodyOf(sized(bytes));

    expect(Data).toBeUndefined();
    expect(rest).toEqual({ ...bodyOf(SUCCESS), Data: undefined });
  });

  test('is measured in bytes and not in characters', () => {
    const data = { Changes: '€'.repeat(1300) };

    expect(answerBody(event, { ...SUCCESS, data: { Changes: 'e'.repeat(1300) } }).length).toBeLessThan(4096);
    expect(bodyOf({ ...SUCCESS, data }).Data).toBeUndefined();
  });

  test.each([
    ['text of three bytes a character', '€'],
    ['text of four bytes a character', '😀'],
    ['text that JSON escapes with six characters each', '\u0001'],
  ])('keeps a part of a long reason of %s: CloudFormation demands one for a failure', (_, character) => {
    const physicalResourceId = 'x'.repeat(1024);

    const body = answerBody(event, { status: 'FAILED', physicalResourceId, reason: character.repeat(5000), data: { Changes: 'c'.repeat(9000) } });

    const { Reason, ...rest } = JSON.parse(body) as Record<string, unknown>;
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(4096);
    expect(rest).toEqual({ Status: 'FAILED', PhysicalResourceId: physicalResourceId, ...COPIED });
    expect(String(Reason).length).toBeGreaterThanOrEqual(100);
    expect(character.repeat(5000).startsWith(String(Reason))).toBe(true);
  });
});

/** Delivers an answer with waits that end at once, and says how long they would have been. */
async function deliver(ResponseURL: string): Promise<{ waits: (number | undefined)[]; failure: Error | undefined }> {
  const waits: (number | undefined)[] = [];
  const setTimeout = jest.spyOn(globalThis, 'setTimeout').mockImplementation(((callback: () => void, ms?: number) => {
    waits.push(ms);
    setImmediate(callback);
  }) as never);
  const failure = await respond(cfnEvent('Create', { ResponseURL }), SUCCESS).then(() => undefined, (error: Error) => error);
  setTimeout.mockRestore();
  return { waits, failure };
}

describe('the delivery of an answer', () => {
  test('is one PUT with an empty content type, which the signature of the URL covers', async () => {
    await using cloudFormation = await answerServer();

    const { waits, failure } = await deliver(cloudFormation.url);

    expect({ waits, failure }).toEqual({ waits: [], failure: undefined });
    expect(cloudFormation.received).toMatchObject([{ method: 'PUT', body: bodyOf(SUCCESS) }]);
    expect(cloudFormation.received[0]!.headers).toMatchObject({
      'content-type': '', 'content-length': String(Buffer.byteLength(answerBody(event, SUCCESS))),
    });
  });

  test.each([
    ['once', [500], [100]],
    ['three times', [500, 503, 403], [100, 400, 1600]],
  ])('is tried again, with the same answer, when it is refused %s', async (_, statuses, expected) => {
    await using cloudFormation = await answerServer(...statuses);

    const { waits, failure } = await deliver(cloudFormation.url);

    expect({ waits, failure }).toEqual({ waits: expected, failure: undefined });
    expect(cloudFormation.received.map(({ body }) => body)).toEqual(Array(statuses.length + 1).fill(bodyOf(SUCCESS)));
  });

  test('fails after four attempts, with an error that does not show the URL', async () => {
    await using cloudFormation = await answerServer(500, 500, 500, 403, 200);

    const { waits, failure } = await deliver(cloudFormation.url);

    expect(cloudFormation.received).toHaveLength(4);
    expect(waits).toEqual([100, 400, 1600]);
    expect(failure!.message).toBe('CloudFormation did not accept the answer: HTTP 403');
    expect(failure!.cause).toBeUndefined();
  });

  test('gives each attempt its part of the time that is left, and the last one a moment at least', async () => {
    await using silent = await silentServer();
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    const timeouts = jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => timeout(20));
    const left = [30_000, 10_000, 4000, 20];

    const failure = await respond(cfnEvent('Create', { ResponseURL: silent.url }), SUCCESS, () => left.shift()!).catch((error: Error) => error);

    expect(timeouts.mock.calls.flat()).toEqual([5000, 3333, 2000, 1000]);
    expect((failure as Error).message).toContain('CloudFormation did not accept the answer');
    timeouts.mockRestore();
  });

  test('fails with an error that does not show the URL when nobody listens there', async () => {
    const { url, [Symbol.asyncDispose]: stop } = await answerServer();
    await stop();

    const { failure } = await deliver(url);

    expect(failure!.message).toContain('ECONNREFUSED');
    expect(`${failure!.stack} ${JSON.stringify(failure)}`).not.toContain(SECRET);
  });

  test('fails with an error that does not show the URL when it is none', async () => {
    const { failure } = await deliver(`not-a-url?${SECRET}`);

    expect(failure!.message).toContain('Invalid URL');
    expect(`${failure!.stack} ${JSON.stringify(failure)}`).not.toContain(SECRET);
  });
});

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An AWS call as it came in. */
export interface FakeCall {
  /** Name of the operation, such as `DescribeStacks`; method and path for services that have only those. */
  readonly operation: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export type FakeService = (call: FakeCall) => FakeAnswer | undefined | Promise<FakeAnswer | undefined>;

export interface FakeAws {
  readonly url: string;
  readonly calls: FakeCall[];
  close(): Promise<void>;
}

/** A server that answers the SDK with recorded responses, over HTTP. What `answer` does not know is an error of AWS. */
export async function fakeAws(answer: FakeService): Promise<FakeAws> {
  const calls: FakeCall[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const call = callOf(request, await bodyOf(request));
      calls.push(call);
      const { status = 200, headers = {}, body = '' } = await answer(call) ?? { status: 400, body: queryError('AccessDenied', `not recorded: ${call.operation}`) };
      response.writeHead(status, headers).end(body);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An answer of a service that speaks XML. */
export const queryAnswer = (operation: string, result: string): FakeAnswer =>
  ({ headers: { 'content-type': 'text/xml' }, body: `<${operation}Response><${operation}Result>${result}</${operation}Result></${operation}Response>` });

export const queryError = (code: string, message: string): string =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;

/** An answer of a service that speaks JSON. */
export const jsonAnswer = (content: object, status = 200): FakeAnswer =>
  ({ status, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: JSON.stringify(content) });

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

function callOf({ headers, method, url = '/' }: IncomingMessage, body: string): FakeCall {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return { operation: target.split('.').at(-1)!, parameters: body === '' ? {} : JSON.parse(body) as Record<string, unknown> };
  if (headers['content-type']?.includes('urlencoded') === true) {
    const { Action: operation = '', ...parameters } = Object.fromEntries(new URLSearchParams(body));
    return { operation, parameters };
  }
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  return { operation: `${method} ${pathname}`, parameters: Object.fromEntries(searchParams) };
}

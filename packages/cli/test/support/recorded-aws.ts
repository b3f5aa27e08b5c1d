import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Clock } from '@zae-limiter/client';

/** What AWS answers: data, or an error by its code. */
export type Answer = object | { readonly error: string; readonly message?: string; readonly status?: number };

/** What was asked. */
export interface Call {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface RecordedAws {
  readonly endpoint: string;
  readonly calls: readonly Call[];
  close(): Promise<void>;
}

/**
 * Answers as AWS does, from a list for each operation, whose last answer is given again and again. It speaks the protocols of
 * CloudFormation (query and XML), of DynamoDB and CloudWatch (JSON), and of Lambda (REST), with answers as the SDK shows them.
 */
export async function recordedAws(answers: Readonly<Record<string, readonly Answer[]>>): Promise<RecordedAws> {
  const left = new Map(Object.entries(answers).map(([operation, list]) => [operation, [...list]]));
  const calls: Call[] = [];
  const server = createServer((request, response) => void respond(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = callOf(request, await text(request));
    calls.push(call);
    if (isS3(request)) return void response.writeHead(200, { 'content-type': 'text/xml' }).end('<Result></Result>');
    const list = left.get(call.operation) ?? [];
    const answer = list.length > 1 ? list.shift()! : list[0] ?? { error: 'AccessDenied', message: `nothing is recorded for ${call.operation}`, status: 403 };
    const isXml = request.headers['x-amz-target'] === undefined && request.url === '/';
    response.writeHead('error' in answer ? answer.status ?? 400 : 200, { 'content-type': isXml ? 'text/xml' : 'application/x-amz-json-1.0' });
    response.end(isXml ? xmlAnswer(call.operation, answer) : JSON.stringify('error' in answer ? { __type: answer.error, message: answer.message } : answer));
  }

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A clock for which waiting takes no time. */
export const impatient: Clock = { now: () => Date.now(), sleep: async (_, signal) => signal?.throwIfAborted() };

/** Buckets are there, and take everything. */
const isS3 = ({ url }: IncomingMessage): boolean => url!.startsWith('/cdk-');

function callOf({ headers, method, url }: IncomingMessage, body: string): Call {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return { operation: target.split('.')[1]!, input: JSON.parse(body) as Call['input'] };
  if (url !== '/') return { operation: `${method} ${decodeURIComponent(url!)}`, input: {} };
  const { Action, ...input } = Object.fromEntries(new URLSearchParams(body));
  return { operation: Action!, input };
}

function xmlAnswer(operation: string, answer: Answer): string {
  if ('error' in answer) return `<ErrorResponse><Error><Type>Sender</Type><Code>${answer.error}</Code><Message>${answer.message ?? ''}</Message></Error></ErrorResponse>`;
  return `<${operation}Response><${operation}Result>${xml(answer)}</${operation}Result></${operation}Response>`;
}

const xml = (data: object): string => Object.entries(data).map(([key, value]) => `<${key}>${xmlValue(value)}</${key}>`).join('');

function xmlValue(value: unknown): string {
  if (Array.isArray(value)) return value.map((member) => `<member>${xmlValue(member)}</member>`).join('');
  if (typeof value === 'object' && value !== null) return xml(value);
  return String(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';

/** A request that CloudFormation received. */
export interface Received {
  readonly method: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The place where CloudFormation waits for answers. */
export interface AnswerServer extends AsyncDisposable {
  /** Its URL, a credential in real life. */
  readonly url: string;
  /** What arrived, oldest first. */
  readonly received: Received[];
}

/** Part of the URL that nobody may see. */
export const SECRET = 'X-Amz-Signature=do-not-show';

/** Listens for answers. The first ones get the given HTTP statuses, all others 200. */
export async function answerServer(...statuses: number[]): Promise<AnswerServer> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ method: request.method, headers: request.headers, body: JSON.parse(body) as Received['body'] });
      response.writeHead(statuses.shift() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/answer?${SECRET}`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An endpoint that takes requests and never answers any. */
export async function silentServer(): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const PROPERTIES = {
  ServiceToken: 'arn:aws:lambda:us-east-1:123456789012:function:provisioner',
  SchemaVersion: '0.10.0',
  LibraryVersion: '1.2.3',
  AuditRetentionDays: '90',
  Namespaces: ['default'],
};

/** A request of CloudFormation for `Custom::ZaeLimiterBootstrap`. */
export function cfnEvent(
  RequestType: CloudFormationCustomResourceEvent['RequestType'], differences: Readonly<Record<string, unknown>> = {},
): CloudFormationCustomResourceEvent {
  return {
    RequestType,
    ResponseURL: `https://cloudformation.invalid/answer?${SECRET}`,
    ServiceToken: PROPERTIES.ServiceToken,
    StackId: 'arn:aws:cloudformation:us-east-1:123456789012:stack/limiter/guid',
    RequestId: 'request-1',
    LogicalResourceId: 'LimiterBootstrap',
    ResourceType: 'Custom::ZaeLimiterBootstrap',
    ResourceProperties: PROPERTIES,
    ...(RequestType !== 'Create' && { PhysicalResourceId: 'some-table/bootstrap' }),
    ...(RequestType === 'Update' && { OldResourceProperties: PROPERTIES }),
    ...differences,
  } as CloudFormationCustomResourceEvent;
}

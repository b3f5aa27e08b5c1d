import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { systemClock } from '@zae-limiter/client';
import { carryOutCommand } from '../../../../lambda-src/provisioner/command';
import { connectDynamoDbTable } from '../../../../test/support/table';

/** Speaks as Lambda does, and runs the provisioner on the table of the tests. */
export interface LambdaServer {
  readonly url: string;
  /** What was asked for, in order. */
  readonly commands: { readonly action: string }[];
  close(): Promise<void>;
}

/** @param before what the function does first */
export async function lambdaServer(before: (action: string) => Promise<void> = async () => {}): Promise<LambdaServer> {
  const { client, store, name } = await connectDynamoDbTable();
  const commands: LambdaServer['commands'] = [];
  const server: Server = createServer((request, response) => void (async () => {
    const event = JSON.parse(await text(request)) as { action: string };
    if (request.url !== `/2015-03-31/functions/${name}-limits-provisioner/invocations`) {
      response.writeHead(404, { 'x-amzn-errortype': 'ResourceNotFoundException' }).end('{"Message":"Function not found"}');
      return;
    }
    commands.push(event);
    await before(event.action);
    const readObject = async (): Promise<never> => { throw new Error('no file is read'); };
    try {
      response.end(JSON.stringify(await carryOutCommand(event, { store, clock: systemClock, readObject })));
    } catch (error) {
      const { name: errorType, message: errorMessage } = error as Error;
      response.writeHead(200, { 'x-amz-function-error': 'Unhandled' }).end(JSON.stringify({ errorType, errorMessage }));
    }
  })());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    commands,
    close: async () => {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

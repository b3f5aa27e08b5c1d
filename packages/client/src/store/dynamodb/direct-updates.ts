import { UpdateItem$, UpdateItemCommand, type DynamoDBClient, type UpdateItemCommandInput, type UpdateItemCommandOutput } from '@aws-sdk/client-dynamodb';
import { reasonOf } from './classify-error.js';

/** Sends one `UpdateItem`. Rejects with what the SDK rejects with. */
export type SendUpdate = (input: UpdateItemCommandInput, options: SendOptions) => Promise<Pick<UpdateItemCommandOutput, 'Attributes'>>;

interface SendOptions {
  readonly abortSignal: AbortSignal;
}

type Config = DynamoDBClient['config'];
type HttpRequest = Parameters<Config['requestHandler']['handle']>[0];
/** What the SDK makes errors of answers with. Its own type says how it may be configured, not how it is resolved. */
interface Protocol {
  deserializeResponse(operation: object, context: Config, response: object): Promise<never>;
}

/** How the SDK reaches the table: what the requests of all updates have in common, before they are signed. */
interface Route {
  readonly request: HttpRequest;
  readonly signer: Awaited<ReturnType<Config['signer']>>;
  /** Whose route it is: an endpoint may be that of an account. */
  readonly accessKeyId: string;
}

/**
 * Sends updates past the SDK's middleware, which takes most of the CPU time of a call.
 *
 * The first update goes through it, and its request shows where the SDK sends updates and how it signs them: region,
 * endpoint and credentials are resolved by the SDK alone. Later ones differ in their body only; the SDK's signer signs
 * them, and its handler sends them. New credentials start over; so does one that was refused as such, at once.
 */
export function directUpdates(client: DynamoDBClient): SendUpdate {
  const { config } = client;
  let route: Route | undefined;

  const sendAndLearn: SendUpdate = async (input, options) => {
    const command = new UpdateItemCommand(input);
    command.middlewareStack.add((next, context) => async (args) => {
      if (!isAsExpected(config)) return next(args);
      const request = args.request as HttpRequest;
      const { 'content-length': _length, 'X-Amzn-Trace-Id': _trace, ...headers } = request.headers;
      const { accessKeyId } = await config.credentials();
      route = { accessKeyId, request: { ...request, headers }, signer: await config.signer(context.endpointV2?.properties?.authSchemes?.[0]) };
      return next(args);
    }, { step: 'build', priority: 'low' }); // the request is complete, and not signed yet
    try {
      return await client.send(command, options);
    } catch (error) {
      if (mayBeTheRoute(error)) route = undefined;
      throw error;
    }
  };

  return async (input, options) => {
    const { accessKeyId } = await config.credentials();
    if (route?.accessKeyId !== accessKeyId) return sendAndLearn(input, options);
    try {
      return await sendAlong(route, config, input, options);
    } catch (error) {
      if (!mayBeTheRoute(error)) throw error;
      return sendAndLearn(input, options); // nothing was done
    }
  };
}

/** True for a refusal of the request as such: by its signature, credentials or place. */
function mayBeTheRoute(error: unknown): boolean {
  return (error as Error).name !== 'ConditionalCheckFailedException' && reasonOf(error) === 'rejected';
}

/** False for a client that another release of the SDK built otherwise: its updates all go through the middleware. */
function isAsExpected({ protocol, requestHandler, signer, streamCollector }: Config): boolean {
  const readError = (protocol as unknown as Partial<Protocol> | undefined)?.deserializeResponse;
  return [readError, requestHandler?.handle, signer, streamCollector, UpdateItem$?.[5]].every((part) => typeof part === 'function');
}

async function sendAlong({ request, signer }: Route, config: Config, input: UpdateItemCommandInput, options: SendOptions): ReturnType<SendUpdate> {
  const signed = await signer.sign(
    { ...request, body: JSON.stringify(input) }, // the wire form of DynamoDB is JSON already
    { signingDate: new Date(Date.now() + config.systemClockOffset) },
  );
  const { response } = await config.requestHandler.handle(signed as HttpRequest, options);
  if (response.statusCode !== 200) return (config.protocol as unknown as Protocol).deserializeResponse({ output: UpdateItem$[5] }, config, response);
  return JSON.parse(Buffer.from(await config.streamCollector(response.body)).toString()) as UpdateItemCommandOutput;
}

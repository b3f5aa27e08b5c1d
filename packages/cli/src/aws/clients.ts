import { defaultProvider } from '@aws-sdk/credential-provider-node';

export interface AwsSettings {
  readonly profile?: string;
  readonly region?: string;
  readonly endpointUrl?: string;
  /** Of the process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Longest wait for an answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Asks for the code of a multi-factor device. */
  readonly mfaCode: (serial: string) => Promise<string>;
  /** Told of every call that was answered. */
  readonly onCall?: (call: AwsCall) => void;
}

/** An AWS call, without what it said: that may be personal. */
export interface AwsCall {
  readonly service: string;
  readonly operation: string;
  readonly requestId: string | undefined;
  readonly attempts: number | undefined;
  readonly ms: number;
  /** Name of the error that it was answered with. */
  readonly error?: string;
}

/** Part of a client of the SDK that all have. */
interface SdkClient {
  readonly middlewareStack: { add(middleware: unknown, options: object): void };
  destroy(): void;
}

/** Keys of a caller. */
export type Credentials = Awaited<ReturnType<ReturnType<typeof defaultProvider>>>;

type ClientClass<C extends SdkClient> = new (config: never) => C;

export interface ClientOverrides {
  readonly region?: string;
  readonly maxAttempts?: number;
  /** Longest wait for an answer, in milliseconds. */
  readonly timeoutMs?: number;
}

/** What the SDK calls a service in the names of its variables, where that is not the name of its client. */
const SERVICE_NAMES: Readonly<Record<string, string>> = { CloudWatchLogs: 'CLOUDWATCH_LOGS', DynamoDBStreams: 'DYNAMODB_STREAMS' };

/** Makes the clients of AWS services that commands ask for, all with the same region, credentials and endpoint. */
export class AwsClients {
  private readonly made = new Map<string, SdkClient>();
  /** One for all clients: a code of a multi-factor device is good for one use. */
  private readonly provider: ReturnType<typeof defaultProvider>;

  constructor(private readonly settings: AwsSettings) {
    const { profile, mfaCode: mfaCodeProvider } = settings;
    this.provider = defaultProvider({ profile, mfaCodeProvider });
  }

  /** True when DynamoDB is a server of this machine, such as the one of `local up`. */
  get local(): boolean {
    return this.isLocal('DynamoDB');
  }

  /** The client of a service; the same one each time. */
  get<C extends SdkClient>(Client: ClientClass<C>, overrides: ClientOverrides = {}): C {
    const service = Client.name.replace(/Client$/, '');
    const key = JSON.stringify([service, overrides]);
    const known = this.made.get(key);
    if (known !== undefined) return known as C;
    const client = new Client(this.config(service, overrides) as never);
    if (this.settings.onCall !== undefined) watch(client, service, this.settings.onCall);
    this.made.set(key, client);
    return client;
  }

  /** The region of the clients. */
  async region(): Promise<string> {
    const { STSClient } = await import('@aws-sdk/client-sts');
    return this.get(STSClient).config.region();
  }

  /** The credentials of the clients. */
  async credentials(): Promise<Credentials> {
    const { STSClient } = await import('@aws-sdk/client-sts');
    return this.get(STSClient).config.credentials();
  }

  /** Endpoint instead of AWS; undefined for AWS itself. */
  get endpointUrl(): string | undefined {
    return this.settings.endpointUrl ?? this.settings.env.AWS_ENDPOINT_URL;
  }

  destroy(): void {
    for (const client of this.made.values()) client.destroy();
  }

  private isLocal(service: string): boolean {
    const { endpointUrl, env } = this.settings;
    return isLoopback(endpointUrl ?? env[`AWS_ENDPOINT_URL_${SERVICE_NAMES[service] ?? service.toUpperCase()}`] ?? env.AWS_ENDPOINT_URL);
  }

  private config(service: string, { timeoutMs = this.settings.timeoutMs, ...overrides }: ClientOverrides): object {
    const { profile, region, endpointUrl: endpoint, env } = this.settings;
    const local = this.isLocal(service);
    return {
      ...(profile !== undefined && { profile }),
      region: region ?? (local ? env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1' : undefined),
      endpoint,
      requestHandler: { requestTimeout: timeoutMs, connectionTimeout: timeoutMs, throwOnRequestTimeout: true },
      // A server of this machine takes any credentials, so nobody should have to make some up, or sign in.
      credentials: local && profile === undefined && !env.AWS_ACCESS_KEY_ID ? { accessKeyId: 'local', secretAccessKey: 'local' } : this.provider,
      ...overrides,
    };
  }
}

function isLoopback(url: string | undefined): boolean {
  if (url === undefined || !URL.canParse(url)) return false;
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}

function watch(client: SdkClient, service: string, onCall: (call: AwsCall) => void): void {
  const middleware = (next: (args: unknown) => Promise<{ output: { $metadata?: Metadata } }>, { commandName = '' }: { commandName?: string }) => async (args: unknown) => {
    const began = performance.now();
    const report = ({ requestId, attempts }: Metadata = {}, error?: string): void =>
      onCall({ service, operation: commandName.replace(/Command$/, ''), requestId, attempts, ms: performance.now() - began, error });
    try {
      const answer = await next(args);
      report(answer.output.$metadata);
      return answer;
    } catch (error) {
      report((error as { $metadata?: Metadata }).$metadata, (error as Error).name);
      throw error;
    }
  };
  client.middlewareStack.add(middleware, { step: 'initialize', name: 'cliWatch' });
}

interface Metadata {
  readonly requestId?: string;
  readonly attempts?: number;
}

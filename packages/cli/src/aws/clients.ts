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

/** Makes the clients of AWS services that commands ask for, all with the same region, credentials and endpoint. */
export class AwsClients {
  private readonly made = new Map<ClientClass<SdkClient>, SdkClient>();
  /** Clients with settings of their own. */
  private readonly special: SdkClient[] = [];

  constructor(private readonly settings: AwsSettings) {}

  /** True when calls go to a server of this machine, such as the one of `local up`. */
  get local(): boolean {
    return isLoopback(this.settings.endpointUrl ?? this.settings.env.AWS_ENDPOINT_URL_DYNAMODB ?? this.settings.env.AWS_ENDPOINT_URL);
  }

  /** The client of a service; the same one each time. */
  get<C extends SdkClient>(Client: ClientClass<C>, overrides: { readonly region?: string; readonly maxAttempts?: number } = {}): C {
    const plain = Object.keys(overrides).length === 0;
    const known = plain ? this.made.get(Client) : undefined;
    if (known !== undefined) return known as C;
    const client = new Client({ ...this.config(), ...overrides } as never);
    if (this.settings.onCall !== undefined) watch(client, Client.name.replace(/Client$/, ''), this.settings.onCall);
    if (plain) this.made.set(Client, client);
    else this.special.push(client);
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
    for (const client of [...this.made.values(), ...this.special]) client.destroy();
  }

  private config(): object {
    const { profile, region, endpointUrl: endpoint, timeoutMs, mfaCode: mfaCodeProvider } = this.settings;
    return {
      ...(profile !== undefined && { profile }),
      region: region ?? (this.local ? this.settings.env.AWS_REGION ?? this.settings.env.AWS_DEFAULT_REGION ?? 'us-east-1' : undefined),
      endpoint,
      requestHandler: { requestTimeout: timeoutMs, connectionTimeout: timeoutMs, throwOnRequestTimeout: true },
      // A server of this machine takes any credentials, so nobody should have to make some up.
      credentials: this.local && profile === undefined && !this.settings.env.AWS_ACCESS_KEY_ID
        ? { accessKeyId: 'local', secretAccessKey: 'local' }
        : defaultProvider({ profile, mfaCodeProvider }),
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

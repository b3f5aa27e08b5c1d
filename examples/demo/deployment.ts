import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { onlyResource, type Resource, type Template } from '../../tools/template';

/** A synthesised stack: what `cdk deploy` would send to AWS. */
export class Deployment {
  /** Runs an app the way the CDK command line does. */
  static synthesise(app: string, out: string): Deployment {
    const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', app], {
      encoding: 'utf8',
      env: { ...process.env, CDK_OUTDIR: out, TSX_TSCONFIG_PATH: resolve('tsconfig.check.json') },
    });
    if (status !== 0) throw new Error(`the app did not synthesise:\n${stderr}`);
    return new Deployment(out, 'demo-limiter');
  }

  readonly template: Template;

  private constructor(private readonly out: string, readonly stackName: string) {
    this.template = this.read(`${stackName}.template.json`);
  }

  /** Resource types with their number, most frequent first. */
  inventory(): [type: string, count: number][] {
    const counts = new Map<string, number>();
    for (const { Type } of this.resources()) counts.set(Type, (counts.get(Type) ?? 0) + 1);
    return [...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b));
  }

  /** Loads the handler of a function from the asset that would be deployed, with the environment that it would have. */
  handler<Event, Answer>(functionNameSuffix: string, endpoint: string): (event: Event) => Promise<Answer> {
    const properties = this.resources().find(({ Type, Properties: { FunctionName } }) =>
      Type === 'AWS::Lambda::Function' && String(FunctionName).endsWith(functionNameSuffix))!.Properties as unknown as LambdaProperties;
    const variables = Object.entries(properties.Environment.Variables).map(([name, value]) => [name, typeof value === 'string' ? value : this.stackName]);
    Object.assign(process.env, Object.fromEntries(variables), { AWS_ENDPOINT_URL_DYNAMODB: endpoint, LOG_LEVEL: 'ERROR' });
    const load = createRequire(__filename);
    return (load(join(this.assetFolder(properties.Code.S3Key), 'index.js')) as { handler: (event: Event) => Promise<Answer> }).handler;
  }

  /** The properties of a custom resource, as CloudFormation would send them: numbers as text. */
  customResource(type: string): Record<string, unknown> {
    const { ServiceToken, ServiceTimeout, ...properties } = onlyResource(this.template, type);
    return { ...properties, TableName: this.stackName, AuditRetentionDays: String(properties.AuditRetentionDays) };
  }

  /** Records in a batch of the aggregator's event source mapping. */
  batchSize(): number {
    return onlyResource(this.template, 'AWS::Lambda::EventSourceMapping').BatchSize as number;
  }

  private resources(): Resource[] {
    return Object.values(this.template.Resources);
  }

  private assetFolder(key: string): string {
    const { files } = this.read<AssetManifest>(`${this.stackName}.assets.json`);
    const asset = Object.values(files).find(({ destinations }) => Object.values(destinations).some(({ objectKey }) => objectKey === key))!;
    return join(this.out, asset.source.path);
  }

  private read<T>(file: string): T {
    return JSON.parse(readFileSync(join(this.out, file), 'utf8')) as T;
  }
}

interface LambdaProperties {
  readonly Code: { readonly S3Key: string };
  readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> };
}

interface AssetManifest {
  readonly files: Readonly<Record<string, {
    readonly source: { readonly path: string };
    readonly destinations: Readonly<Record<string, { readonly objectKey: string }>>;
  }>>;
}

/** What a custom resource answered. */
export interface CfnAnswer {
  readonly Status: string;
  readonly Reason?: string;
}

/** Calls a function the way CloudFormation creates a custom resource, and waits for its answer. */
export async function createCustomResource(handler: (event: object) => Promise<unknown>, type: string, properties: object): Promise<CfnAnswer> {
  let received: (answer: CfnAnswer) => void;
  const answer = new Promise<CfnAnswer>((done) => { received = done; });
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => { body += chunk; });
    request.on('end', () => {
      received(JSON.parse(body) as CfnAnswer);
      response.end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    await handler({
      RequestType: 'Create', ResourceType: type, ResourceProperties: properties,
      ResponseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      RequestId: 'demo', StackId: 'demo', LogicalResourceId: 'Bootstrap',
    });
    return await answer;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

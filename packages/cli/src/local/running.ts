import type { Context } from '../context.js';
import type { Backend } from './backend.js';
import { InstanceFiles, type BackendName, type Instance } from './instance.js';

/** An instance that runs, and how to speak to it. */
export interface Running {
  readonly instance: Instance;
  readonly backend: Backend;
}

/** @param dockerHost where Docker is, if not where its own settings say */
export async function backendNamed(name: BackendName, context: Context, dockerHost: string | undefined): Promise<Backend> {
  if (name === 'localstack') {
    const { LocalStackBackend } = await import('./localstack-backend.js');
    return new LocalStackBackend(context, dockerHost);
  }
  const { DynamoDbLocalBackend } = await import('./dynamodb-local-backend.js');
  return new DynamoDbLocalBackend(context);
}

/** What runs on a port; undefined when nothing does that `local up` started. */
export async function runningOn(port: number, context: Context, dockerHost: string | undefined): Promise<Running | undefined> {
  const instance = new InstanceFiles(context.io.env, port).read();
  if (instance === undefined) return undefined;
  const backend = await backendNamed(instance.backend, context, dockerHost);
  return await backend.isRunning(instance) ? { instance, backend } : undefined;
}

import { InvokeCommand, ResourceNotFoundException, type LambdaClient } from '@aws-sdk/client-lambda';
import { NamespaceNotFoundError } from '@zae-limiter/client';
import type { LiveSettings, PlannedChange, Settings, Target } from '@zae-limiter/client/admin';
import { CliError, notFound } from '../errors.js';
import type { OpenManifest } from '../manifest/open-manifest.js';
import type { Applied, ApplySettings, LimitsPlan, Provisioning } from './provisioning.js';
import { checkSameChanges } from './same-changes.js';

/** As the function names a change. */
interface Difference {
  readonly action: PlannedChange['action'];
  readonly level: Target['level'];
  readonly target: string | null;
  readonly before: LiveSettings | null;
  readonly after: Settings | null;
}

/** How long the function runs at most, unless its construct says otherwise. To give up earlier would only lose its answer. */
const MAX_RUN_MS = 300_000;

export interface LambdaOptions {
  readonly signal: AbortSignal;
  /** Longest wait for an answer, where that is more than the function usually takes. */
  readonly timeoutMs: number;
}

/**
 * Lets the provisioner's function do it: the caller needs no right to the table, only to invoke. It does not look who changed
 * limits outside the manifest.
 */
export class LambdaProvisioning implements Provisioning {
  constructor(private readonly client: LambdaClient, private readonly name: string, private readonly options: LambdaOptions) {}

  get whenInterrupted(): string {
    return `interrupted; ${this.functionName} goes on in AWS, and limits diff shows what became of it`;
  }

  async plan({ declaration }: OpenManifest): Promise<LimitsPlan> {
    const { changes, unchanged, namespace_id: namespaceId } = await this.invoke({ action: 'diff', manifest: declaration }) as {
      changes: Difference[]; unchanged: number; namespace_id: string | null;
    };
    if (namespaceId === null) throw new NamespaceNotFoundError(declaration.namespace, this.name);
    return {
      namespaceId, unchanged, owner: undefined,
      changes: changes.map(({ action, before, after, ...named }) =>
        ({ action, target: targetOf(named), before: before ?? undefined, after: after ?? undefined })),
    };
  }

  async apply(manifest: OpenManifest, { namespaceId, changes: shown }: LimitsPlan, { adopt }: ApplySettings): Promise<Applied> {
    checkSameChanges(shown, (await this.plan(manifest)).changes);
    const { created, updated, deleted, errors } = await this.invoke({
      action: 'apply', manifest: manifest.declaration, namespace_id: namespaceId, register_namespace: false, adopt_existing: adopt,
    }) as unknown as Applied;
    return { created, updated, deleted, errors };
  }

  private async invoke(command: object): Promise<Record<string, unknown>> {
    const { functionName: FunctionName, options: { signal: abortSignal, timeoutMs } } = this;
    const invocation = new InvokeCommand({ FunctionName, Payload: JSON.stringify({ ...command, table_name: this.name }) });
    const waiting = { abortSignal, requestTimeout: Math.max(timeoutMs, MAX_RUN_MS) };
    const { FunctionError, Payload } = await this.client.send(invocation, waiting).catch((error: unknown) => {
      if (error instanceof ResourceNotFoundException) throw notFound(`there is no function '${FunctionName}'`, `zae-limiter deploy --name ${this.name}   creates it`);
      throw error;
    });
    const answer = JSON.parse(Payload!.transformToString()) as Record<string, unknown>;
    if (FunctionError !== undefined) {
      throw new CliError('PROVISIONER_FAILED', `${FunctionName} failed: ${String(answer.errorMessage)}`, { hints: [`aws logs tail /aws/lambda/${FunctionName}   shows what it says`] });
    }
    return answer;
  }

  private get functionName(): string {
    return `${this.name}-limits-provisioner`;
  }
}

/** Entity ids hold no slash, names of resources may. */
function targetOf({ level, target }: Pick<Difference, 'level' | 'target'>): Target {
  if (level === 'system') return { level };
  if (level === 'resource') return { level, resource: target! };
  const slash = target!.indexOf('/');
  return { level, entity: target!.slice(0, slash), resource: target!.slice(slash + 1) };
}

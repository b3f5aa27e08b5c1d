import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { ValidationError } from '@zae-limiter/client/core/errors';
import { bootstrap, type BootstrapProperties } from './bootstrap';
import type { CfnAnswer } from './cfn-response';
import { applyLimits, deleteLimits, releaseLimits, type Done } from './limits-resource';
import { registerNamespace, removeNamespace } from './namespace-resource';
import type { Tools } from './tools';

/** Physical id of a resource whose creation failed. Its rollback arrives as a Delete that must remove nothing (F-13). */
const FAILED_CREATE = 'create-failed/';
/** The same, from the Python library's function. */
const FAILED_CREATE_OF_PYTHON = 'failed';

/** The answer to a request that failed: a failed creation gets an id that says so, everything else keeps its own. */
export function failure(event: CloudFormationCustomResourceEvent, reason: string): CfnAnswer {
  const physicalResourceId = event.RequestType === 'Create' ? `${FAILED_CREATE}${event.RequestId}` : event.PhysicalResourceId;
  return { status: 'FAILED', physicalResourceId, reason };
}

/** Carries out a request of CloudFormation. Never throws: a failure is an answer too. */
export async function customResource(event: CloudFormationCustomResourceEvent, tools: Tools): Promise<CfnAnswer> {
  try {
    return { status: 'SUCCESS', ...await carryOut(event, tools) };
  } catch (error) {
    return failure(event, (error as Error).message);
  }
}

async function carryOut(event: CloudFormationCustomResourceEvent, tools: Tools): Promise<Done> {
  if (event.RequestType === 'Delete' && isFailedCreate(event.PhysicalResourceId)) {
    return event.ResourceType === 'Custom::ZaeLimiterLimits' ? releaseLimits(event, tools) : { physicalResourceId: event.PhysicalResourceId };
  }
  switch (event.ResourceType) {
    case 'Custom::ZaeLimiterBootstrap': {
      // Deleting the stack keeps the table by default, and with it everything that makes it usable. The answer must carry
      // the id of the request, which names another table after a change of the table's name.
      if (event.RequestType === 'Delete') return { physicalResourceId: event.PhysicalResourceId };
      const { store, clock } = tools;
      const data = await bootstrap(store, clock, event.ResourceProperties as unknown as BootstrapProperties);
      return { physicalResourceId: `${store.tableName}/bootstrap`, data };
    }
    case 'Custom::ZaeLimiterLimits':
      return event.RequestType === 'Delete' ? deleteLimits(event, tools) : applyLimits(event, tools);
    case 'Custom::ZaeLimiterNamespace':
      return event.RequestType === 'Delete' ? removeNamespace(event, tools) : registerNamespace(event, tools);
    default:
      throw new ValidationError('ResourceType', event.ResourceType, 'unknown', 'must be Custom::ZaeLimiterBootstrap, -Limits or -Namespace');
  }
}

function isFailedCreate(physicalId: string): boolean {
  return physicalId.startsWith(FAILED_CREATE) || physicalId === FAILED_CREATE_OF_PYTHON;
}

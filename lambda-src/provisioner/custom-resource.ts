import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { Clock } from '@zae-limiter/client/core/clock';
import { ValidationError } from '@zae-limiter/client/core/errors';
import type { Store } from '@zae-limiter/client/store/store';
import { bootstrap, type BootstrapProperties } from './bootstrap';
import type { CfnAnswer } from './cfn-response';

/** Physical id of a resource whose creation failed. Its rollback arrives as a Delete that must touch nothing (F-13). */
const FAILED_CREATE = 'create-failed/';

/** Carries out a request of CloudFormation. Never throws: a failure is an answer too. */
export async function customResource(event: CloudFormationCustomResourceEvent, store: Store, clock: Clock): Promise<CfnAnswer> {
  const existing = event.RequestType === 'Create' ? undefined : event.PhysicalResourceId;
  try {
    return { status: 'SUCCESS', ...await carryOut(event, existing, store, clock) };
  } catch (error) {
    return { status: 'FAILED', physicalResourceId: existing ?? `${FAILED_CREATE}${event.RequestId}`, reason: (error as Error).message };
  }
}

async function carryOut(
  event: CloudFormationCustomResourceEvent, existing: string | undefined, store: Store, clock: Clock,
): Promise<Pick<CfnAnswer, 'physicalResourceId' | 'data'>> {
  if (existing?.startsWith(FAILED_CREATE) && event.RequestType === 'Delete') return { physicalResourceId: existing };
  switch (event.ResourceType) {
    case 'Custom::ZaeLimiterBootstrap': {
      // Deleting the stack keeps the table by default, and with it everything that makes it usable. The answer must carry
      // the id of the request, which names another table after a change of the table's name.
      if (event.RequestType === 'Delete') return { physicalResourceId: event.PhysicalResourceId };
      const physicalResourceId = `${store.tableName}/bootstrap`;
      return { physicalResourceId, data: await bootstrap(store, clock, event.ResourceProperties as unknown as BootstrapProperties) };
    }
    default:
      throw new ValidationError('ResourceType', event.ResourceType, 'unknown', 'must be Custom::ZaeLimiterBootstrap');
  }
}

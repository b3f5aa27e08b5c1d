import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { systemClock } from '@zae-limiter/client/core/clock';
import { DynamoDbStore } from '@zae-limiter/client/store/dynamodb/dynamodb-store';
import { logLevel, requiredText } from '../shared/env';
import { Logger } from '../shared/logger';
import { respond, type CfnAnswer } from './cfn-response';
import { customResource } from './custom-resource';

const store = new DynamoDbStore(new DynamoDBClient({ maxAttempts: 1 }), requiredText(process.env, 'TABLE_NAME'), { timeoutMs: 5000 });
const logger = new Logger('provisioner', { level: logLevel(process.env) });

/** Time kept for the answer, as a part of what there is and at most: without an answer the stack waits until its own limit. */
const ANSWER_SHARE = 0.25;
const MAX_ANSWER_MS = 10_000;

/** Carries out the requests of CloudFormation's custom resources and answers them. */
export async function handler(event: CloudFormationCustomResourceEvent, context?: Pick<Context, 'getRemainingTimeInMillis'>): Promise<void> {
  if (event.RequestType === undefined || event.ResponseURL === undefined) {
    throw new Error('this function serves custom resources of CloudFormation: RequestType and ResponseURL are missing');
  }
  const { RequestType, ResourceType, LogicalResourceId, RequestId } = event;
  const answer = await Promise.race([customResource(event, store, systemClock), timeIsUp(event, context)]);
  const { status, reason, physicalResourceId } = answer;
  logger[status === 'SUCCESS' ? 'info' : 'error']('Custom resource answered', {
    request_id: RequestId, request_type: RequestType, resource_type: ResourceType, logical_id: LogicalResourceId,
    physical_id: physicalResourceId, status, reason,
  });
  await respond(event, answer);
}

function timeIsUp(event: CloudFormationCustomResourceEvent, context?: Pick<Context, 'getRemainingTimeInMillis'>): Promise<CfnAnswer> {
  const remaining = context?.getRemainingTimeInMillis();
  if (remaining === undefined) return new Promise(() => {});
  const physicalResourceId = event.RequestType === 'Create' ? `create-failed/${event.RequestId}` : event.PhysicalResourceId;
  return new Promise((resolve) => {
    setTimeout(() => resolve({ status: 'FAILED', physicalResourceId, reason: 'the function ran out of time' }), remaining - Math.min(MAX_ANSWER_MS, remaining * ANSWER_SHARE)).unref();
  });
}

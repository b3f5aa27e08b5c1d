import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { systemClock } from '@zae-limiter/client/core/clock';
import { DynamoDbStore } from '@zae-limiter/client/store/dynamodb/dynamodb-store';
import { logLevel, requiredText } from '../shared/env';
import { Logger } from '../shared/logger';
import { traced } from '../shared/tracing';
import { respond, type CfnAnswer } from './cfn-response';
import { carryOutCommand, type Command, type Result } from './command';
import { customResource, failure } from './custom-resource';
import { s3Reader } from './manifest-file';
import type { Tools } from './tools';

const store = new DynamoDbStore(
  traced(new DynamoDBClient({ maxAttempts: 1 }), process.env), requiredText(process.env, 'TABLE_NAME'), { timeoutMs: 5000 },
);
const readObject = s3Reader();
const logger = new Logger('provisioner', { level: logLevel(process.env) });

/** Time kept for the answer, as a part of what there is and at most: without an answer the stack waits until its own limit. */
const ANSWER_SHARE = 0.25;
const MAX_ANSWER_MS = 10_000;

type Timer = Pick<Context, 'getRemainingTimeInMillis'>;

/** Carries out requests of CloudFormation's custom resources, which get their answer over HTTP, and commands, which get it returned. */
export async function handler(event: CloudFormationCustomResourceEvent | Command, context?: Timer): Promise<Result | undefined> {
  const remaining = context?.getRemainingTimeInMillis() ?? Infinity;
  const answerMs = Math.min(MAX_ANSWER_MS, remaining * ANSWER_SHARE);
  const stop = new AbortController();
  // What does not begin any more can be recorded and answered in time.
  after(remaining - 2 * answerMs, () => stop.abort());
  const tools = { store, clock: systemClock, readObject, signal: stop.signal };
  if (!isCloudFormation(event)) return runCommand(event, tools);
  await answerResource(event, tools, remaining - answerMs, () => context?.getRemainingTimeInMillis() ?? Infinity);
  return undefined;
}

function isCloudFormation(event: unknown): event is CloudFormationCustomResourceEvent {
  return typeof event === 'object' && event !== null && 'RequestType' in event;
}

async function answerResource(
  event: CloudFormationCustomResourceEvent, tools: Tools, timeMs: number, timeLeft: () => number,
): Promise<void> {
  if (event.ResponseURL === undefined) throw new Error('a request of CloudFormation must have a ResponseURL');
  const { RequestType, ResourceType, LogicalResourceId, RequestId } = event;
  const timeIsUp = new Promise<CfnAnswer>((resolve) => after(timeMs, () => resolve(failure(event, 'the function ran out of time'))));
  const answer = await Promise.race([customResource(event, tools), timeIsUp]);
  const { status, reason, physicalResourceId } = answer;
  logger[status === 'SUCCESS' ? 'info' : 'error']('Custom resource answered', {
    request_id: RequestId, request_type: RequestType, resource_type: ResourceType, logical_id: LogicalResourceId,
    physical_id: physicalResourceId, status, reason,
  });
  await respond(event, answer, timeLeft);
}

async function runCommand(event: Command, tools: Tools): Promise<Result> {
  const action = (event as Command | null)?.action;
  try {
    const result = await carryOutCommand(event, tools);
    const { status, namespace_id, created, updated, deleted, unchanged, errors } = result;
    logger.info('Command carried out', { action, status, namespace_id, created, updated, deleted, unchanged, error_count: (errors as readonly unknown[] | undefined)?.length });
    return result;
  } catch (error) {
    logger.error('Command failed', { action, error: (error as Error).name, reason: (error as Error).message });
    throw error;
  }
}

function after(ms: number, act: () => void): void {
  if (ms !== Infinity) setTimeout(act, ms).unref();
}

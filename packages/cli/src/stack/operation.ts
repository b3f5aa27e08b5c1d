import { paginateDescribeStackEvents, type CloudFormationClient, type StackEvent } from '@aws-sdk/client-cloudformation';
import type { Clock } from '@zae-limiter/client';
import { CliError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { findStack } from './stacks.js';

const POLL_MS = 2000;

export interface OperationOptions {
  readonly client: CloudFormationClient;
  /** Id, not the name: a stack that is gone can be asked for by its id only. */
  readonly stackId: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Id of the newest event before the operation began. */
  readonly after: string | undefined;
  /** Told of every event, once, the oldest first. */
  readonly onEvent: (line: string) => void;
}

/**
 * Waits until CloudFormation is done with a stack.
 *
 * @returns the status that it ended with; `DELETE_COMPLETE` for a stack that is gone
 * @throws {CliError} the operation failed or was rolled back; with what failed first
 */
export async function waitForStack({ client, stackId, clock, signal, after, onEvent }: OperationOptions): Promise<string> {
  let last = after;
  const failures: StackEvent[] = [];
  for (;;) {
    // The status first: an event that comes after it belongs to the next round, and none is missed at the end.
    const stack = await findStack(client, stackId);
    const status = stack?.StackStatus ?? 'DELETE_COMPLETE';
    const events = stack === undefined ? [] : await eventsAfter(client, stackId, last);
    for (const event of events) {
      onEvent(eventLine(event));
      if (event.ResourceStatus?.endsWith('_FAILED')) failures.push(event);
    }
    last = events.at(-1)?.EventId ?? last;
    if (!status.endsWith('_IN_PROGRESS')) {
      if (/^(CREATE|UPDATE|IMPORT|DELETE)_COMPLETE$/.test(status)) return status;
      throw operationFailed(status, failures, stack?.StackStatusReason);
    }
    await clock.sleep(POLL_MS, signal);
  }
}

/** Id of the newest event of a stack; undefined for one without events. 1 call. */
export async function newestEvent(client: CloudFormationClient, stackId: string): Promise<string | undefined> {
  for await (const { StackEvents: [newest] = [] } of paginateDescribeStackEvents({ client }, { StackName: stackId })) return newest?.EventId;
  return undefined;
}

/** Events of a stack that came after one of them, the oldest first. */
async function eventsAfter(client: CloudFormationClient, stackId: string, last: string | undefined): Promise<StackEvent[]> {
  const found: StackEvent[] = [];
  for await (const { StackEvents = [] } of paginateDescribeStackEvents({ client }, { StackName: stackId })) {
    const known = StackEvents.findIndex(({ EventId }) => EventId === last);
    found.push(...(known === -1 ? StackEvents : StackEvents.slice(0, known)));
    if (known !== -1) break;
  }
  return found.reverse();
}

function eventLine({ Timestamp, ResourceStatus, ResourceType, LogicalResourceId, ResourceStatusReason }: StackEvent): string {
  const time = Timestamp?.toISOString().slice(11, 19);
  const parts = [time, ResourceStatus?.padEnd(20), ResourceType?.padEnd(28), LogicalResourceId, ResourceStatusReason];
  return parts.filter(Boolean).join('  ').trimEnd();
}

/** What failed first is the cause; what was cancelled because of it says nothing. */
function operationFailed(status: string, failures: readonly StackEvent[], reason: string | undefined): CliError {
  const causes = failures.filter(({ ResourceStatusReason = '' }) => !/cancelled/i.test(ResourceStatusReason));
  return new CliError('STACK_FAILED', `the stack ended in ${status}${reason === undefined ? '' : `: ${reason}`}`, {
    exitCode: EXIT.aws,
    hints: causes.slice(0, 5).map(({ LogicalResourceId, ResourceType, ResourceStatusReason = 'no reason given' }) =>
      `${LogicalResourceId} (${ResourceType}): ${ResourceStatusReason}`),
  });
}

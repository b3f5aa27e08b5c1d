import type { CloudFormationCustomResourceEvent } from 'aws-lambda';

/** What a custom resource answers. */
export interface CfnAnswer {
  readonly status: 'SUCCESS' | 'FAILED';
  readonly physicalResourceId: string;
  readonly reason?: string;
  /** Attributes of the resource; text only. */
  readonly data?: Readonly<Record<string, string>>;
}

/** CloudFormation takes no larger answer. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html */
const MAX_BODY_BYTES = 4096;
/** Characters of the reason that are sent, the first number that fits. The last always does; a failure must have a reason. */
const REASON_LENGTHS = [1000, 500, 250] as const;
/** Waits between attempts to deliver the answer, in milliseconds. Without an answer the stack waits for an hour. */
const BACKOFF_MS = [100, 400, 1600];
/** Longest wait for CloudFormation to take the answer. */
const ATTEMPT_MS = 5000;
/** Less is of no use to an attempt; a function that has not even this is ended by Lambda. */
const MIN_ATTEMPT_MS = 1000;

/** The body of an answer, never above the size that CloudFormation takes: first the data go, then the reason shrinks. */
export function answerBody(event: CloudFormationCustomResourceEvent, { status, physicalResourceId, reason = '', data }: CfnAnswer): string {
  const { StackId, RequestId, LogicalResourceId } = event;
  const body = (text: string, attributes?: object): string => JSON.stringify({
    Status: status, Reason: text, PhysicalResourceId: physicalResourceId, StackId, RequestId, LogicalResourceId, Data: attributes,
  });
  const candidates = [body(reason.slice(0, REASON_LENGTHS[0]), data), ...REASON_LENGTHS.map((length) => body(reason.slice(0, length)))];
  return candidates.find((text) => Buffer.byteLength(text) <= MAX_BODY_BYTES) ?? candidates.at(-1)!;
}

/**
 * Delivers an answer to the URL of the request. The URL is a credential: it is never logged nor part of an error.
 *
 * @param timeLeft milliseconds that all attempts may take
 * @throws when no attempt was accepted
 */
export async function respond(event: CloudFormationCustomResourceEvent, answer: CfnAnswer, timeLeft: () => number = () => Infinity): Promise<void> {
  const body = answerBody(event, answer);
  let failure = '';
  for (const [attempt, wait] of [...BACKOFF_MS, undefined].entries()) {
    try {
      // Each attempt gets its part of what is left, so that the last one is made at all.
      const share = Math.min(ATTEMPT_MS, Math.max(MIN_ATTEMPT_MS, timeLeft() / (BACKOFF_MS.length + 1 - attempt)));
      const signal = AbortSignal.timeout(Math.floor(share));
      const { ok, status } = await fetch(event.ResponseURL, { method: 'PUT', body, headers: { 'content-type': '' }, signal });
      if (ok) return;
      failure = `HTTP ${status}`;
    } catch (error) {
      failure = String((error as Error).cause ?? (error as Error).name);
    }
    if (wait !== undefined) await new Promise((resolve) => setTimeout(resolve, wait));
  }
  throw new Error(`CloudFormation did not accept the answer: ${failure}`);
}

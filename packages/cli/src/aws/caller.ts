import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { CliError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import type { AwsClients } from './clients.js';

/**
 * ARN of the caller; undefined on a server of this machine, which has no callers. 1 call.
 *
 * @throws {CliError} AWS did not tell
 */
export async function callerArn(clients: AwsClients): Promise<string | undefined> {
  if (clients.local) return undefined;
  try {
    return (await clients.get(STSClient).send(new GetCallerIdentityCommand({}))).Arn;
  } catch (cause) {
    throw new CliError('UNKNOWN_CALLER', `who makes the change could not be told: ${(cause as Error).message}`, {
      exitCode: EXIT.aws, cause, hints: ['pass --principal to name somebody'],
    });
  }
}

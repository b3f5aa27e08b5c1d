import type { IIoHost, Toolkit } from '@aws-cdk/toolkit-lib';
import type { Context } from '../context.js';
import { CliError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import type { Progress } from '../ui/progress.js';

/**
 * Lends the CDK's toolkit, with the credentials, region and endpoint of the command line.
 *
 * The toolkit makes its own clients and takes an endpoint from the environment only, so AWS_ENDPOINT_URL is set meanwhile.
 */
export async function withToolkit<T>(context: Context, progress: Progress, use: (toolkit: Toolkit) => Promise<T>): Promise<T> {
  const { BaseCredentials, Toolkit } = await import('@aws-cdk/toolkit-lib');
  const clients = await context.aws();
  const before = process.env.AWS_ENDPOINT_URL;
  if (clients.endpointUrl !== undefined) process.env.AWS_ENDPOINT_URL = clients.endpointUrl;
  try {
    return await use(new Toolkit({
      ioHost: ioHost(context, progress), emojis: false, color: false,
      sdkConfig: { baseCredentials: BaseCredentials.custom({ provider: async () => clients.credentials(), region: await clients.region() }) },
    }));
  } catch (error) {
    if (/bootstrap/i.test((error as Error).message)) throw notBootstrapped(error as Error);
    throw error;
  } finally {
    if (before === undefined) delete process.env.AWS_ENDPOINT_URL;
    else process.env.AWS_ENDPOINT_URL = before;
  }
}

/** The toolkit talks a lot: people see what it does now and what it warns of, the rest is for `--verbose`. Questions get its default answer. */
function ioHost(context: Context, progress: Progress): IIoHost {
  return {
    async notify({ level, code, message }) {
      if (level === 'warn' || level === 'error') context.say(message);
      else if (code?.startsWith('CDK_ASSETS') === true) progress.update(message);
      else if (level !== 'trace') context.note(message);
    },
    requestResponse: async ({ defaultResponse }) => defaultResponse,
  };
}

const notBootstrapped = (cause: Error): CliError => new CliError('NOT_BOOTSTRAPPED', `the account and region are not ready for the CDK: ${cause.message}`, {
  exitCode: EXIT.notFound, cause,
  hints: ['zae-limiter deploy --bootstrap   makes them ready, once', 'npx cdk bootstrap   does the same'],
});

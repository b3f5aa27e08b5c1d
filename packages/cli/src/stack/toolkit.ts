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
  const problems: string[] = [];
  if (clients.endpointUrl !== undefined) process.env.AWS_ENDPOINT_URL = clients.endpointUrl;
  try {
    return await use(new Toolkit({
      ioHost: ioHost(context, progress, problems), emojis: false, color: false,
      sdkConfig: { baseCredentials: BaseCredentials.custom({ provider: async () => clients.credentials(), region: await clients.region() }) },
    }));
  } catch (error) {
    throw explained(error as Error, problems);
  } finally {
    if (before === undefined) delete process.env.AWS_ENDPOINT_URL;
    else process.env.AWS_ENDPOINT_URL = before;
  }
}

/** The toolkit talks a lot: people see what it uploads, the rest is for `--verbose`. Questions get its default answer. */
function ioHost(context: Context, progress: Progress, problems: string[]): IIoHost {
  return {
    async notify({ level, code, message }) {
      if (code === 'CDK_ASSETS_E5279') problems.push(message);
      if (code === 'CDK_ASSETS_I5270') progress.update(message);
      else if (level !== 'trace') context.note(message);
    },
    requestResponse: async ({ defaultResponse }) => defaultResponse,
  };
}

/** How the toolkit, the upload of assets and CloudFormation say that the account lacks what `cdk bootstrap` makes. */
const NOT_BOOTSTRAPPED = /bootstrapped\?|cdk bootstrap|\/cdk-bootstrap\//;

/** Where a construct was made, as the toolkit adds it to the error of a resource: lines of this program, which tell nobody anything. */
const SOURCE_LOCATION = /\s*Source Location:[^]*$/;

/** The toolkit's error says that something failed, and what it said before says why. */
function explained(cause: Error, problems: readonly string[]): CliError {
  const [reason] = problems.filter((problem) => problem !== cause.message);
  const said = (text: string): string => text.replace(SOURCE_LOCATION, '');
  if (NOT_BOOTSTRAPPED.test(`${cause.message} ${reason}`)) {
    return new CliError('NOT_BOOTSTRAPPED', `the account and region are not ready for the CDK: ${said(reason ?? cause.message)}`, {
      exitCode: EXIT.notFound, cause,
      hints: ['zae-limiter deploy --bootstrap   makes them ready, once', 'npx cdk bootstrap   does the same'],
    });
  }
  return new CliError('DEPLOYMENT_FAILED', [cause.message, ...reason === undefined ? [] : [reason]].map(said).join(': '), { exitCode: EXIT.aws, cause });
}

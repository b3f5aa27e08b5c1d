import { endpointOf } from './instance.js';

/** Variables that lead every client of AWS, and of the limiter, to what runs on this machine. */
export function clientEnvironment(port: number, name: string): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: endpointOf(port), // of every service, so that nothing reaches AWS by mistake
    AWS_ENDPOINT_URL_DYNAMODB: endpointOf(port), // wins over the other one where it is set already
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_REGION: 'us-east-1',
    ZAEL_STACK: name,
  };
}

/** A profile of the shell would win over the credentials, and sign in to AWS. */
export const CLEARED = 'AWS_PROFILE';

export const SHELLS = ['eval', 'direnv', 'powershell'] as const;
export type Shell = typeof SHELLS[number];

/** A line that takes a variable away. */
export const removal = (shell: Shell, name: string): string =>
  (shell === 'powershell' ? `Remove-Item Env:${name} -ErrorAction SilentlyContinue` : `unset ${name}`);

/** A line that sets a variable, whatever its value holds. */
export function assignment(shell: Shell, name: string, value: string): string {
  return shell === 'powershell' ? `$env:${name} = '${value.replaceAll("'", "''")}'` : `export ${name}='${value.replaceAll("'", "'\\''")}'`;
}

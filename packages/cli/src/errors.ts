import { EXIT, EXIT_OF_ERROR, type ExitCode } from './exit-codes.js';

/** Ends a command with a message for people, and a hint what to do about it. */
export class CliError extends Error {
  readonly code: string;
  readonly exitCode: ExitCode;
  /** What to do, each as a line; a command to type stands in it as it is typed. */
  readonly hints: readonly string[];

  /** @param code stable, machine-readable; in upper case like those of the client */
  constructor(code: string, message: string, { exitCode = EXIT.failed, hints = [], cause }: {
    readonly exitCode?: ExitCode; readonly hints?: readonly string[]; readonly cause?: unknown;
  } = {}) {
    super(message, { cause });
    this.name = 'CliError';
    this.code = code;
    this.exitCode = exitCode;
    this.hints = hints;
  }
}

/** The arguments, a file or the configuration are not valid. */
export const invalid = (message: string, ...hints: string[]): CliError => new CliError('INVALID_ARGUMENT', message, { exitCode: EXIT.invalid, hints });

/** What the command is about is not there. */
export const notFound = (message: string, ...hints: string[]): CliError => new CliError('NOT_FOUND', message, { exitCode: EXIT.notFound, hints });

/** A confirmation was needed and not given. Nothing was changed. */
export const refused = (message: string, ...hints: string[]): CliError => new CliError('REFUSED', message, { exitCode: EXIT.refused, hints });

/** The user pressed Ctrl-C. */
export const interrupted = (message = 'interrupted'): CliError => new CliError('INTERRUPTED', message, { exitCode: EXIT.interrupted });

/** Any error as the CLI reports it. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly exitCode: ExitCode;
  readonly hints: readonly string[];
}

/**
 * What to say about an error, and how to exit.
 *
 * @param program how the user called us, for hints
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof CliError) return error;
  if (!(error instanceof Error)) return { code: 'FAILED', message: String(error), exitCode: EXIT.failed, hints: [] };
  const code = (error as { code?: unknown }).code;
  const known = typeof code === 'string' ? EXIT_OF_ERROR[code] : undefined;
  if (known !== undefined) return { code: code as string, message: error.message, exitCode: known, hints: HINTS[code as string] ?? [] };
  if (isAwsError(error)) return { code: error.name, message: `${error.name}: ${error.message}`, exitCode: EXIT.aws, hints: awsHints(error) };
  return { code: 'FAILED', message: error.message, exitCode: EXIT.failed, hints: [] };
}

const HINTS: Readonly<Record<string, readonly string[]>> = {
  INFRASTRUCTURE_NOT_FOUND: ['zae-limiter list   shows what is deployed', 'zae-limiter deploy --name NAME   creates it'],
  NAMESPACE_NOT_FOUND: ['zae-limiter namespace list   shows what is registered', 'zae-limiter namespace register NAME   creates it'],
  ENTITY_NOT_FOUND: ['zae-limiter entity create ID   creates it'],
  NO_LIMITS_CONFIGURED: ['zae-limiter system set-defaults -l rpm:100   stores limits for all'],
};

/** Errors of the SDK carry `$metadata`; those of its credentials and of the network have names of their own. */
function isAwsError(error: Error): boolean {
  return '$metadata' in error || /^(CredentialsProviderError|TimeoutError|ProviderError|TokenProviderError)$/.test(error.name)
    || /^(ECONNREFUSED|ENOTFOUND|ECONNRESET|ETIMEDOUT|EAI_AGAIN)$/.test(String((error as NodeJS.ErrnoException).code))
    || error.message === 'Region is missing';
}

function awsHints(error: Error): string[] {
  if (error.message === 'Region is missing') return ['pass --region, or set AWS_REGION'];
  if (error.name === 'CredentialsProviderError') return ['pass --profile, or sign in: aws sso login'];
  return [];
}

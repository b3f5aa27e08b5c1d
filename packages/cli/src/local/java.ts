import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { CliError } from '../errors.js';

/** What DynamoDB Local needs. */
const MIN_JAVA = 17;

/**
 * Path of a Java that can run DynamoDB Local: that of JAVA_HOME, or the one on the path.
 *
 * @throws {CliError} there is none, or it is too old
 */
export async function findJava(env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const java = env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : 'java';
  const said = await new Promise<string>((resolve) => execFile(java, ['-version'], { env }, (_, stdout, stderr) => resolve(`${stderr}${stdout}`)));
  const version = /version "(?:1\.)?(\d+)/.exec(said)?.[1];
  if (version === undefined) throw missing(`'${java}' is not there`);
  if (Number(version) < MIN_JAVA) throw missing(`'${java}' is Java ${version}`);
  return java;
}

const missing = (found: string): CliError => new CliError('JAVA_MISSING', `DynamoDB Local needs Java ${MIN_JAVA} or newer, and ${found}`, {
  hints: [
    'Debian, Ubuntu: apt-get install openjdk-17-jre-headless',
    'macOS: brew install openjdk@17',
    'or run LocalStack in Docker: zae-limiter local up --backend localstack',
  ],
});

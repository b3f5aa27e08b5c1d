import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Context } from '../../context.js';
import { invalid } from '../../errors.js';

/** What a shell adds to the number of the signal that ended a program. */
const SIGNALLED = 128;

/**
 * Runs a program with the input and output of this one, until it ends by itself: signals are its to obey.
 *
 * @returns its exit code
 * @throws {CliError} it cannot be started
 */
export async function runProgram({ io, signal }: Context, [program, ...rest]: readonly [string, ...string[]]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { stdio: 'inherit', cwd: io.cwd, env: { ...io.env } });
    // A terminal sends Ctrl-C to both by itself; twice would be more than was asked.
    const forward = (name: NodeJS.Signals): void => { if (name !== 'SIGINT' || io.stdin.isTTY !== true) child.kill(name); };
    if (signal.aborted) forward('SIGINT');
    const stopForwarding = io.onSignal(forward);
    const end = (settle: () => void): void => {
      stopForwarding();
      settle();
    };
    child.once('error', (cause) => end(() => reject(invalid(`'${program}' cannot be run: ${cause.message}`))));
    child.once('exit', (code, by) => end(() => resolve(code ?? SIGNALLED + constants.signals[by!])));
  });
}

import { spawn } from 'node:child_process';

/**
 * Program that runs another one for as long as its standard input is open, so that the other one ends with whoever started
 * this, however that ended.
 */

/** Time to end in good order, in milliseconds. */
const GRACE_MS = 10_000;

const [program, ...args] = process.argv.slice(2);
const guarded = spawn(program!, args, { stdio: ['ignore', 'inherit', 'inherit'] });

function end(): void {
  guarded.kill('SIGTERM');
  setTimeout(() => guarded.kill('SIGKILL'), GRACE_MS).unref();
}

guarded.once('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
guarded.once('exit', (code) => process.exit(code ?? 0));
process.stdin.resume().once('close', end);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);

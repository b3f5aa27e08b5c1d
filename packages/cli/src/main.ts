#!/usr/bin/env node
import { NameCache } from './name-cache.js';
import { run } from './run.js';
import { systemClock } from './system-clock.js';

/** Exit code of a process that was told to end at once. */
const KILLED = 130;

// The SDK warns on every start that Node.js 20 is old; the range that we support is in package.json.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const interruption = new AbortController();
const listeners = new Set<(signal: NodeJS.Signals) => void>();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    if (interruption.signal.aborted && listeners.size === 0) process.exit(KILLED); // asked twice
    interruption.abort();
    for (const listener of listeners) listener(name);
  });
}
// A reader such as `head` that has seen enough is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

void run(process.argv.slice(2), {
  stdout: process.stdout, stderr: process.stderr, stdin: process.stdin, env: process.env, cwd: process.cwd(),
  clock: systemClock, names: new NameCache(process.env), signal: interruption.signal,
  onSignal(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
}).then((exitCode) => {
  process.exitCode = exitCode;
  if (interruption.signal.aborted) process.exit(exitCode); // what was interrupted may still hold connections open
});

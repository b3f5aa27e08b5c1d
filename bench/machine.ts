import { readdirSync, readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

/** Where and with what a result was measured. */
export interface Machine {
  /** When the run began, ISO 8601: parts of one run have the same. */
  readonly began: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly node: string;
  readonly versions: Readonly<Record<string, string>>;
}

const versionOf = (path: string): string => (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;

export function describeMachine(versions: Readonly<Record<string, string>>): Machine {
  return {
    began: new Date().toISOString(),
    cpu: cpus()[0]!.model,
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    versions: {
      '@aws-sdk/client-dynamodb': versionOf('node_modules/@aws-sdk/client-dynamodb/package.json'),
      'undici': versionOf('bench/node_modules/undici/package.json'),
      'rate-limiter-flexible': versionOf('bench/node_modules/rate-limiter-flexible/package.json'),
      ...versions,
    },
  };
}

const TICKS_PER_SECOND = 100;

/** CPU time of all processes, in seconds, without that of this one and those that it started; undefined where /proc does not say. */
function cpuSecondsOfOthers(): number | undefined {
  try {
    const [user, nice, system] = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.trim().split(/\s+/).slice(1).map(Number);
    const own = familyOf(process.pid).reduce((sum, { ticks }) => sum + ticks, 0);
    return (user! + nice! + system! - own) / TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

/** A process and those that it started, and they. */
function familyOf(pid: number): Process[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name): Process[] => {
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
      return [{ pid: Number(name), parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }];
    } catch {
      return []; // it has ended
    }
  });
  const family = all.filter((one) => one.pid === pid);
  for (const { pid: parent } of family) family.push(...all.filter((one) => one.parent === parent));
  return family;
}

/** Starts to watch; the function tells how many cores other processes used on average, 0 where that cannot be known. */
export function watchOthers(): () => number {
  const began = performance.now();
  const before = cpuSecondsOfOthers() ?? 0;
  return () => Math.max(0, ((cpuSecondsOfOthers() ?? 0) - before) / ((performance.now() - began) / 1000));
}

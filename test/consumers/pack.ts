import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const ROOT = join(__dirname, '..', '..');
export const MINUTES = 60_000;

export interface Packed {
  /** Path of the tarball. */
  readonly tarball: string;
  /** Paths in the tarball, sorted. */
  readonly files: readonly string[];
}

/** Calls `use` with a folder that is gone afterwards. */
export async function inNewFolder<T>(use: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'zae-limiter-consumer-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a program to its end and returns its output; fails with everything it said. */
export function run(cwd: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv): string {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 4 * MINUTES,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status ?? signal ?? error}\n${stdout}\n${stderr}`);
  return stdout;
}

export const npm = (cwd: string, ...args: string[]): string => run(cwd, 'npm', args, { ...process.env, npm_config_loglevel: 'error' });

export function requireBuilt(...outputs: readonly (readonly [path: string, command: string])[]): void {
  const missing = outputs.filter(([path]) => !existsSync(join(ROOT, path)));
  if (missing.length === 0) return;
  const lines = missing.map(([path, command]) => `  ${path}: ${command}`);
  throw new Error(`the packages are not built; run "npm test", which builds first, or make what is missing:\n${lines.join('\n')}`);
}

export function pack(folder: string, destination: string): Packed {
  const output = JSON.parse(npm(folder, 'pack', '--json', '--ignore-scripts', '--pack-destination', destination));
  const [{ filename, files }] = Object.values(output) as [{ filename: string; files: { path: string }[] }];
  return { tarball: join(destination, filename), files: files.map(({ path }) => path).sort() };
}

export function writeFiles(folder: string, files: Readonly<Record<string, string | object>>): void {
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
}

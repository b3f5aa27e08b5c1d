import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { invoke, invokeJson, stable, type InvokeOptions, type Outcome } from './cli';

/** The folders and the port of one `local up`, of the test's own. */
export interface LocalMachine {
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  /** Folder in which the instance's files are. */
  readonly state: string;
  /** Runs a `local` command for the port. */
  local(argv: readonly string[], options?: InvokeOptions): Promise<Outcome>;
  localJson(argv: readonly string[], options?: InvokeOptions): Promise<Record<string, unknown>>;
  /** Text without what differs from run to run. */
  stable(text: string): string;
  /** Ends what runs, and deletes the folders. */
  cleanUp(): Promise<void>;
}

export async function newMachine(): Promise<LocalMachine> {
  const root = mkdtempSync(join(tmpdir(), 'zael-'));
  const port = await freePort();
  const env = {
    XDG_STATE_HOME: root,
    // The processes that it leaves behind run from source here, as this one does.
    NODE_OPTIONS: `--import ${pathToFileURL(require.resolve('tsx')).href}`,
    TSX_TSCONFIG_PATH: resolve('tsconfig.check.json'),
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
  const state = join(root, 'zae-limiter', 'local');
  const line = (argv: readonly string[]): string[] => ['local', ...argv, '--port', String(port)];
  const machine: LocalMachine = {
    port, env, state,
    local: (argv, options) => invoke(line(argv), { ...options, env: { ...env, ...options?.env } }),
    localJson: (argv, options) => invokeJson(line(argv), { ...options, env: { ...env, ...options?.env } }),
    stable: (text) => stable(text).replaceAll(root, 'STATE').replaceAll(String(port), 'PORT').replace(/(Process: +)\d+/, '$1PID'),
    async cleanUp() {
      await machine.local(['down']);
      rmSync(root, { recursive: true, force: true });
    },
  };
  return machine;
}

export async function freePort(): Promise<number> {
  return new Promise((done, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}

/** Waits until something is so. Fails with the test's own time. */
export async function until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
}

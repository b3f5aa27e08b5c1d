import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { interpreter } from '../../../../tools/python-venv.cjs';

/** A moto server of this test file. It keeps all in memory, and runs no Lambda function. */
export interface Moto {
  readonly endpoint: string;
  /** Forgets everything. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export async function startMoto(): Promise<Moto> {
  const port = await freePort();
  const endpoint = `http://localhost:${port}`; // by that name moto finds templates in its own S3
  const server = spawn(interpreter('moto'), [join(__dirname, 'moto-server.py'), '-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
  });
  await untilAnswers(server, endpoint);
  return {
    endpoint,
    reset: async () => void await fetch(`${endpoint}/moto-api/reset`, { method: 'POST' }),
    stop: async () => {
      server.kill();
      await once(server, 'exit');
    },
  };
}

async function untilAnswers(server: ChildProcess, endpoint: string): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`moto ended with ${server.exitCode}`);
    try {
      await fetch(`${endpoint}/moto-api/data.json`);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Makes this process known under a path, for as long as it runs, and one that can be told to stop.
 *
 * @throws {Error} another process has the path
 */
export async function listen(path: string, onStop: () => void): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => {}); // whoever asked is gone
    socket.on('data', () => onStop());
  });
  try {
    await listening(server, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    if (await answers(path)) throw new Error('it is being started by another command');
    rmSync(path, { force: true }); // of a process that died
    await listening(server, path);
  }
  return server;
}

const listening = async (server: Server, path: string): Promise<void> => new Promise((resolve, reject) => {
  server.once('error', reject).listen(path, () => {
    server.off('error', reject);
    resolve();
  });
});

/** Whether a process listens there. */
export async function answers(path: string): Promise<boolean> {
  const socket = await reach(path);
  socket?.destroy();
  return socket !== undefined;
}

/** Tells the process to stop. Resolves when it is gone: true, or after so many milliseconds: false. */
export async function stop(path: string, timeoutMs: number): Promise<boolean> {
  const socket = await reach(path);
  if (socket === undefined) return true;
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve(false);
      socket.destroy();
    }, timeoutMs);
    socket.on('error', () => {}).once('close', () => {
      clearTimeout(timer);
      resolve(true);
    });
    socket.resume().write('stop\n');
  });
}

async function reach(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket)).once('error', () => resolve(undefined));
  });
}

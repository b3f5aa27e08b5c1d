import { connect, createServer } from 'node:net';

/** Whether a program of this machine has the port. */
export async function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', ({ code, message }: NodeJS.ErrnoException) => (code === 'EADDRINUSE' ? resolve(true) : reject(new Error(message))));
    server.listen(port, () => server.close(() => resolve(false)));
  });
}

/** Whether something takes connections on the port. */
export async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false)).once('connect', () => socket.destroy());
  });
}

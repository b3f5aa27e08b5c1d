import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program named `docker` that keeps one container, which is a process that answers like LocalStack. */
export interface FakeDocker {
  /** Puts it first on the path. */
  readonly env: Readonly<Record<string, string>>;
  /** All command lines that it was called with. */
  calls(): string[];
}

/** What the container does. */
export type Behaviour = 'healthy' | 'ends';

export function newFakeDocker(folder: string, behaviour: Behaviour): FakeDocker {
  mkdirSync(folder, { recursive: true });
  const log = join(folder, 'calls');
  writeFileSync(join(folder, 'server.cjs'), SERVER);
  writeFileSync(join(folder, 'docker'), `#!${process.execPath}\n${PROGRAM}`);
  chmodSync(join(folder, 'docker'), 0o755);
  return {
    env: { PATH: `${folder}${delimiter}${process.env.PATH}`, BEHAVIOUR: behaviour, NODE_OPTIONS: '' },
    calls: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []),
  };
}

const SERVER = `
require('node:http').createServer((request, response) => {
  response.statusCode = request.url === '/_localstack/health' ? 200 : 404;
  response.end(JSON.stringify({ services: { dynamodb: 'running', lambda: 'available' } }));
}).listen(Number(process.argv[2]), '127.0.0.1');
`;

const PROGRAM = `
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const { join } = require('node:path');

const container = join(__dirname, 'container');
const args = process.argv.slice(2);
fs.appendFileSync(join(__dirname, 'calls'), args.join(' ') + '\\n');
const [command, ...rest] = args[0] === '--host' ? args.slice(2) : args;
const exists = fs.existsSync(container);
const end = () => {
  if (exists) process.kill(Number(fs.readFileSync(container, 'utf8')));
  fs.rmSync(container, { force: true });
};
switch (command) {
  case 'ps':
    if (exists) console.log('0123456789ab');
    break;
  case 'run': {
    if (rest.at(-1) === 'localstack/unknown') {
      console.error('pull access denied for localstack/unknown');
      process.exit(125);
    }
    if (process.env.BEHAVIOUR === 'ends') break;
    const port = rest[rest.indexOf('--publish') + 1].split(':')[1];
    const server = spawn(process.execPath, [join(__dirname, 'server.cjs'), port], { detached: true, stdio: 'ignore' });
    fs.writeFileSync(container, String(server.pid));
    server.unref();
    break;
  }
  case 'stop': end(); break;
  case 'rm': end(); break;
  case 'logs':
    console.log('Ready.');
    console.error('a warning');
    if (rest.includes('--follow')) setInterval(() => {}, 1000);
}
`;

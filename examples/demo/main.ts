/**
 * The whole product on one machine: the example app is synthesised, its table is created in DynamoDB Local from the
 * template, and the functions that run are the files that would be deployed. Every claim that is printed is checked;
 * the demo exits non-zero when one does not hold.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { Limit, RateLimiter, type AcquireRequest, type UsageSnapshot } from '@zae-limiter/client';
import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda';
import { start } from '../../tools/dynamodb-local.cjs';
import { readStream } from '../../tools/stream';
import { createTable } from '../../tools/template';
import { createCustomResource, Deployment } from './deployment';
import { MeteringProxy } from './metering-proxy';
import { check, cost, DemoFailure, say, table, title } from './report';

const CALLERS = 16;
const PROCESSES = 4;
const LIMITS = [Limit.custom('requests', { capacity: 20, refillAmount: 20, refillPeriodSeconds: 10 }), Limit.perMinute('tokens', 10_000)];
const ENTITY = 'user-1';
const RESOURCE = 'gpt-4';

/** Net tokens that the demo consumed, to compare with what the aggregator counts. */
const consumed = { requests: 0, tokens: 0 };

async function main(out: string): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => { // leave nothing behind when somebody stops the demo; the server stops with the process
      rmSync(out, { recursive: true, force: true });
      process.exit(1);
    });
  }
  const deployment = synthesise(out);
  const server = await start();
  const proxy = await MeteringProxy.start(server.endpoint);
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local', AWS_REGION: 'us-east-1' });
  const dynamodb = new DynamoDBClient({ endpoint: proxy.endpoint });
  const streams = new DynamoDBStreamsClient({ endpoint: server.endpoint });
  try {
    title('Create the table from the template');
    say(`DynamoDB Local ${server.version} in memory at ${server.endpoint}`);
    say(`table ${await createTable(dynamodb, deployment.template)}: keys, indexes, stream and expiry as synthesised`);
    proxy.take();

    await bootstrap(deployment, proxy);
    const limiter = await open(deployment, dynamodb, proxy);
    await race(deployment, dynamodb, proxy);
    await waitForRefill(limiter, proxy);
    await adjust(limiter, proxy);
    await rollBack(limiter, proxy);
    await aggregate(deployment, streams, limiter, proxy);
  } finally {
    dynamodb.destroy();
    streams.destroy();
    await proxy.stop();
    await server.stop();
  }
}

function synthesise(out: string): Deployment {
  title('Synthesise examples/minimal/app.ts');
  const deployment = Deployment.synthesise('examples/minimal/app.ts', out);
  for (const [type, count] of deployment.inventory()) say(`${String(count).padStart(2)} ${type}`);
  return deployment;
}

async function bootstrap(deployment: Deployment, proxy: MeteringProxy): Promise<void> {
  title('Deploy the bootstrap resource');
  const type = 'Custom::ZaeLimiterBootstrap';
  const properties = deployment.customResource(type);
  const answer = await createCustomResource(deployment.handler('-limits-provisioner', proxy.endpoint), type, properties);
  check(answer.Status === 'SUCCESS', `the bootstrap resource should succeed, it said: ${answer.Reason}`);
  say(`the provisioner's bundle answered ${answer.Status}: schema ${String(properties.SchemaVersion)}, namespaces ${String(properties.Namespaces)}`);
  cost(proxy.take());
}

async function open(deployment: Deployment, client: DynamoDBClient, proxy: MeteringProxy): Promise<RateLimiter> {
  title('Connect and store limits');
  const limiter = await RateLimiter.open({ stack: deployment.stackName, client, timeoutMs: 10_000 });
  say(`connected to ${deployment.stackName}, namespace default`);
  cost(proxy.take());
  await limiter.admin.limits.set(LIMITS, { resource: RESOURCE });
  for (const limit of LIMITS) say(`resource ${RESOURCE}: ${limit.toString()}`);
  cost(proxy.take());
  return limiter;
}

const request = (tokens: number): AcquireRequest => ({ entity: ENTITY, resource: RESOURCE, consume: { requests: 1, tokens } });

async function race(deployment: Deployment, client: DynamoDBClient, proxy: MeteringProxy): Promise<void> {
  title(`${CALLERS} callers of ${PROCESSES} limiters at once, each until it is denied`);
  // Limiters share nothing but the table, as those of different processes do.
  const another = () => RateLimiter.open({ stack: deployment.stackName, client, timeoutMs: 10_000 });
  const limiters = await Promise.all(Array.from({ length: PROCESSES }, another));
  proxy.take();
  const began = Date.now();
  const admitted = await Promise.all(Array.from({ length: CALLERS }, async (_, caller) => {
    const limiter = limiters[caller % PROCESSES]!;
    let count = 0;
    for (;;) {
      const decision = await limiter.tryAcquire(request(10));
      if (decision.allowed) count++;
      else return decision.outcome === 'limited' ? count : Promise.reject(new DemoFailure(`denied with ${decision.outcome}`));
    }
  }));
  const total = admitted.reduce((sum, count) => sum + count);
  const due = Math.floor(((Date.now() - began) / 1000) * 2) + 1;
  check(total >= 20 && total <= 20 + due, `20 requests, and at most ${due} that refilled meanwhile, should be admitted, ${total} were`);
  consumed.requests += total;
  consumed.tokens += total * 10;
  say(`${total} admitted of a capacity of 20 (2 refill every second), ${CALLERS} denied`);
  cost(proxy.take());
}

async function waitForRefill(limiter: RateLimiter, proxy: MeteringProxy): Promise<void> {
  title('Wait as long as the denial says');
  const denied = await limiter.tryAcquire(request(10));
  check(denied.outcome === 'limited', `the bucket should be empty, it said ${denied.outcome}`);
  const wait = denied.outcome === 'limited' ? denied.retryAfterMs : 0;
  say(`denied; retry after ${wait} ms`);
  proxy.take();

  await new Promise((resolve) => setTimeout(resolve, wait + 1));
  const refilled = await limiter.tryAcquire(request(10));
  check(refilled.allowed, `a request after the wait should be admitted, it was ${refilled.outcome}`);
  consumed.requests += 1;
  consumed.tokens += 10;
  say('admitted after the wait: refill and consumption are one write');
  const spent = proxy.take();
  check(spent.calls.length === 1 && spent.writeUnits === 1 && spent.readUnits === 0, 'a warm acquire should be 1 call, 1 write unit, 0 read units');
  cost(spent);
}

async function adjust(limiter: RateLimiter, proxy: MeteringProxy): Promise<void> {
  title('Estimate first, correct afterwards');
  await oneRefilled(limiter);
  proxy.take();
  const reply = await limiter.run(request(500), async (lease) => {
    say('acquired with an estimate of 500 tokens; the model is called');
    lease.set({ tokens: 730 });
    return 'reply';
  });
  check(reply === 'reply', 'run should return what its body returns');
  consumed.requests += 1;
  consumed.tokens += 730;
  say('730 were used: the lease wrote the difference when it was committed');
  const spent = proxy.take();
  check(spent.calls.length === 2 && spent.writeUnits === 2, 'acquire and correction should be 2 writes');
  cost(spent);
}

async function rollBack(limiter: RateLimiter, proxy: MeteringProxy): Promise<void> {
  title('Fail, and give everything back');
  await oneRefilled(limiter);
  const before = await available(limiter, 'tokens');
  proxy.take();
  const failure = await limiter.run(request(2000), () => Promise.reject(new Error('the model is down'))).catch((error: Error) => error);
  check(failure instanceof Error && failure.message === 'the model is down', 'run should throw what its body throws');
  say("the body threw; run rolled back and threw the body's error");
  cost(proxy.take());
  const after = await available(limiter, 'tokens');
  check(after >= before, `all 2000 tokens should be back: ${before} before, ${after} after`);
  say(`available tokens: ${before} before, ${after} after`);
}

async function aggregate(deployment: Deployment, streams: DynamoDBStreamsClient, limiter: RateLimiter, proxy: MeteringProxy): Promise<void> {
  title("Feed the table's stream to the aggregator");
  const records = await readStream(streams, deployment.stackName);
  const handler = deployment.handler<{ Records: DynamoDBRecord[] }, DynamoDBBatchResponse>('-aggregator', proxy.endpoint);
  const batch = deployment.batchSize();
  const batches = Array.from({ length: Math.ceil(records.length / batch) }, (_, at) => records.slice(at * batch, (at + 1) * batch));
  proxy.take();
  for (const Records of [...batches, batches[0]!]) {
    const { batchItemFailures } = await handler({ Records });
    check(batchItemFailures.length === 0, `every record should be counted, ${batchItemFailures.length} were not`);
  }
  say(`${records.length} records in ${batches.length} ${batches.length === 1 ? 'batch' : 'batches'} to the aggregator's bundle, the first delivered twice`);
  cost(proxy.take());

  const usage: UsageSnapshot[] = [];
  for await (const snapshot of limiter.admin.usage.list({ entity: ENTITY })) usage.push(snapshot);
  const sum = (window: string, name: string): number =>
    usage.filter((snapshot) => snapshot.window === window).reduce((total, { counters }) => total + (counters[name] ?? 0), 0);
  title('Read the usage');
  table(['window', 'start', 'requests', 'tokens'], usage.map(({ window, windowStart, counters }) =>
    [window, windowStart, counters.requests ?? 0, counters.tokens ?? 0]));
  for (const window of ['hourly', 'daily']) {
    for (const name of ['requests', 'tokens'] as const) {
      check(sum(window, name) === consumed[name], `${window} usage should be ${consumed[name]} ${name}, it is ${sum(window, name)}`);
    }
  }
  say('equal to what this demo consumed: counted once though a batch came twice, and net of what was given back');
}

async function available(limiter: RateLimiter, limit: string): Promise<number> {
  return (await limiter.available(ENTITY, RESOURCE)).find(({ name }) => name === limit)!.remaining;
}

/** Waits until one more request fits, without taking it. */
async function oneRefilled(limiter: RateLimiter): Promise<void> {
  while (await available(limiter, 'requests') < 1) await new Promise((resolve) => setTimeout(resolve, 50));
}

const began = Date.now();
const out = mkdtempSync(join(tmpdir(), 'zae-limiter-demo-'));
console.log('zae-limiter: a rate limiter, synthesised by the CDK and run on this machine');
main(out).then(
  () => console.log(`\nEvery step did what it says (${((Date.now() - began) / 1000).toFixed(1)} s).`),
  (error: unknown) => {
    console.error(error instanceof DemoFailure ? `\nThe demo failed: ${error.message}` : error);
    process.exitCode = 1;
  },
).finally(() => rmSync(out, { recursive: true, force: true }));

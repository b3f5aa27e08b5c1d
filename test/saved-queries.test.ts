import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { Context, DynamoDBRecord } from 'aws-lambda';
import type { Store } from '@zae-limiter/client/store/store';
import { FakeClock } from '@zae-limiter/client/testing';
import { processBatch, type BatchTools } from '../lambda-src/aggregator/process-batch';
import { WritePressure } from '../lambda-src/aggregator/sharding';
import { ZaeLimiter, type ZaeLimiterProps } from '../src';
import { SAVED_QUERIES } from '../src/saved-queries';
import { auditRecord } from './lambda/support/audit-record';
import { DEFAULTS } from './lambda/support/batch';
import { AT, bucketRecord } from './lambda/support/bucket-record';
import { changeOf } from './lambda/support/changes';
import { answerServer, cfnEvent } from './lambda/support/cloudformation';
import { runFunction } from './lambda/support/function';
import { recordingLogger, type LogLine } from './lambda/support/log';
import { newTable } from './lambda/support/new-table';

const QUERY = 'AWS::Logs::QueryDefinition';

function queriesOf(props: ZaeLimiterProps): Record<string, { Properties: { Name: string; LogGroupNames: unknown[]; QueryString: string } }> {
  const stack = new Stack(new App(), 'app');
  new ZaeLimiter(stack, 'Limiter', { limiterName: 'prod', ...props });
  return Template.fromStack(stack).findResources(QUERY) as never;
}

const AGGREGATOR_LOG = { Ref: 'LimiterAggregatorLogGroup3E8A2867' };
const PROVISIONER_LOG = { Ref: 'LimiterProvisionerLogGroup45CF1102' };
const OF_AGGREGATOR = ['slow-invocations', 'throughput', 'failures-by-phase', 'shards'].map((name) => [`zae-limiter/prod/${name}`, [AGGREGATOR_LOG]]);
const OF_PROVISIONER = [['zae-limiter/prod/provisioning', [PROVISIONER_LOG]]];
const errorsOf = (...logGroups: object[]) => [['zae-limiter/prod/errors', logGroups]];
const off = { enabled: false };

describe('saved queries', () => {
  test.each<[string, ZaeLimiterProps, unknown[]]>([
    ['unless they are asked for', {}, []],
    ['of both functions', { savedQueries: true }, [...errorsOf(AGGREGATOR_LOG, PROVISIONER_LOG), ...OF_AGGREGATOR, ...OF_PROVISIONER]],
    ['of the aggregator only', { savedQueries: true, provisioner: off }, [...errorsOf(AGGREGATOR_LOG), ...OF_AGGREGATOR]],
    ['of the provisioner only', { savedQueries: true, aggregator: off }, [...errorsOf(PROVISIONER_LOG), ...OF_PROVISIONER]],
    ['of no function', { savedQueries: true, aggregator: off, provisioner: off }, []],
    ['when they are switched off', { savedQueries: false }, []],
  ])('are these: %s', (_, props, expected) => {
    expect(Object.values(queriesOf(props)).map(({ Properties }) => [Properties.Name, Properties.LogGroupNames])).toEqual(expected);
  });
});

/** A record of a hot, empty bucket that got a second shard: there is something to do for every phase. */
function busyRecord(batch: number): DynamoDBRecord {
  const million = { tk_milli: 0, cp_milli: 1_000_000, ra_milli: 1_000_000, rp_ms: 1000 };
  const { after } = changeOf({ wcu: { ...million, tc_delta: (batch + 1) * 5_000_000 }, rpm: { ...million, tc_delta: 60_000 } }, 0, 2);
  return bucketRecord({
    sequence: batch + 1, at: AT + batch * 5, before: { rpm: 0, wcu: batch * 5_000_000 }, after: { rpm: 60_000, wcu: (batch + 1) * 5_000_000 },
    more: { before: { shard_count: { N: '1' } }, after },
  });
}

const poison = (): DynamoDBRecord => {
  const record = bucketRecord({ sequence: 9 });
  delete record.dynamodb!.NewImage;
  return record;
};

/** What the aggregator logs of two batches running, with a table and an archive that answer like this. */
async function aggregatorLines(answer: () => Promise<unknown>, tools: Partial<BatchTools> = {}, maxShardCount = 32): Promise<LogLine[]> {
  const { logger, lines } = recordingLogger('INFO');
  const config = { ...DEFAULTS, sharding: { ...DEFAULTS.sharding, maxShardCount } };
  const shared = {
    store: { tableName: 'prod', update: answer } as unknown as Store, archive: { put: answer as never }, logger, clock: new FakeClock(AT * 1000 + 60_000),
    pressure: new WritePressure(config.sharding), ...tools,
  };
  for (const batch of [0, 1]) await processBatch([busyRecord(batch), poison(), auditRecord({ sequence: 10 })], shared, config);
  return lines;
}

const aggregator = () => import('../lambda-src/aggregator/handler');
const provisioner = () => import('../lambda-src/provisioner/handler');

async function everyLine(): Promise<Record<'aggregator' | 'provisioner', LogLine[]>> {
  await using cloudFormation = await answerServer();
  const { client, store } = await newTable();
  const command = async (event: object): Promise<LogLine[]> => {
    const { lines } = await runFunction({ TABLE_NAME: store.tableName, LOG_LEVEL: undefined }, provisioner, ({ handler }) =>
      handler(event as never).catch((error: unknown) => error));
    return lines;
  };
  const bootstrap = cfnEvent('Create', { ResponseURL: cloudFormation.url });
  const failing = cfnEvent('Create', { ResponseURL: cloudFormation.url, ResourceType: 'Custom::Unknown' });
  const manifest = { namespace: 'default', resources: { 'gpt-4': { limits: { rpm: { capacity: 5 } } } } };
  const provisionerLines: LogLine[] = [];
  for (const event of [bootstrap, failing, { action: 'apply', manifest }, { action: 'nothing' }]) provisionerLines.push(...await command(event));
  client.destroy();

  const { lines: summary } = await runFunction({ TABLE_NAME: 'prod', LOG_LEVEL: undefined }, aggregator, ({ handler }) =>
    handler({ Records: [] }, { awsRequestId: 'request-1', getRemainingTimeInMillis: () => 60_000 } as Context));
  return {
    provisioner: provisionerLines,
    aggregator: [
      ...summary.filter((line) => !('_aws' in line)),
      ...await aggregatorLines(async () => ({ applied: true })),
      ...await aggregatorLines(async () => ({ applied: true }), {}, 1),
      ...await aggregatorLines(async () => { throw new Error('down'); }),
      ...await aggregatorLines(async () => ({ applied: true }), { hasTime: () => false }),
    ],
  };
}

describe('every query names what the functions log', () => {
  let lines: Record<'aggregator' | 'provisioner', LogLine[]>;
  beforeAll(async () => { lines = await everyLine(); }, 60_000);

  const queries = Object.values(queriesOf({ savedQueries: true })).map(({ Properties: { Name, QueryString } }) => [Name.split('/').at(-1)!, QueryString] as const);
  const linesOf = (name: string): LogLine[] => SAVED_QUERIES.find((query) => query.name === name)!.of.flatMap((part) => lines[part]);
  const unquoted = (query: string): string => query.replace(/"[^"]*"/g, '');
  /** Words of the query language, and names that the query itself gives. */
  const isLanguage = (query: string, word: string): boolean =>
    ['fields', 'filter', 'stats', 'sort', 'limit', 'in', 'desc', 'as', 'by', 'bin', 'count', 'sum', '@timestamp'].includes(word)
    || query.includes(` as ${word}`);

  test.each(queries)('%s: the fields', (name, query) => {
    const words = unquoted(query).match(/@?[a-z][a-z0-9_]*(?<!\dm)/g)!;
    const fields = words.filter((word) => !isLanguage(query, word));
    const logged = new Set(linesOf(name).flatMap((line) => Object.keys(line)));

    expect(fields.length).toBeGreaterThan(0);
    expect(fields.filter((field) => !logged.has(field))).toEqual([]);
  });

  test.each(queries)('%s: the messages and levels', (name, query) => {
    const texts = [...query.matchAll(/"([^"]*)"/g)].map(([, text]) => text);
    const logged = new Set(linesOf(name).flatMap(({ message, level }) => [message, level]));

    expect(texts.length).toBeGreaterThan(0);
    expect(texts.filter((text) => !logged.has(text))).toEqual([]);
  });

  test('and whatever goes wrong in the aggregator is found by one that counts failures or shows shards', () => {
    const found = ['failures-by-phase', 'shards'].map((name) => queries.find(([other]) => other === name)![1]).join();
    const wrong = new Set(lines.aggregator.filter(({ level }) => level === 'WARN' || level === 'ERROR').map(({ message }) => message as string));

    expect(wrong.size).toBe(9);
    expect([...wrong].filter((message) => !found.includes(`"${message}"`))).toEqual([]);
  });
});

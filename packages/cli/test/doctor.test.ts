import { SCHEMA_VERSION } from '@zae-limiter/client';
import { FakeClock } from '@zae-limiter/client/testing';
import { invoke, invokeJson } from './support/cli';
import { fakeAws, jsonAnswer, queryAnswer, queryError, type FakeAnswer, type FakeAws, type FakeCall } from './support/fake-aws';
import { expectGolden } from './support/golden';
import { newNamespace } from './support/namespace';

interface CheckData { readonly check: string; readonly status: string; readonly detail: string; readonly fix: string | null }

const NOW = Date.UTC(2026, 5, 1, 12);
const TABLE = 'arn:aws:dynamodb:us-east-1:123456789012:table/my-limiter';
const index = (name: string): object => ({ IndexName: name, IndexStatus: 'ACTIVE' });
const described = {
  TableName: 'my-limiter', TableArn: TABLE, TableStatus: 'ACTIVE', LatestStreamArn: `${TABLE}/stream/1`,
  KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }, { AttributeName: 'SK', KeyType: 'RANGE' }],
  GlobalSecondaryIndexes: ['GSI1', 'GSI2', 'GSI3', 'GSI4'].map(index),
  StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
};
const mapping = {
  UUID: 'b1', State: 'Enabled', LastProcessingResult: 'OK', FunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:my-limiter-aggregator',
};
const alarm = { AlarmName: 'reads', StateValue: 'OK', ActionsEnabled: true, AlarmActions: ['arn:aws:sns:us-east-1:123456789012:alerts'], Dimensions: [{ Name: 'TableName', Value: 'my-limiter' }] };
const functionDimension = (Value: string): object[] => [{ Name: 'FunctionName', Value }];
const evaluated = (decision: string): FakeAnswer => queryAnswer('SimulatePrincipalPolicy',
  `<EvaluationResults><member><EvalActionName>dynamodb:GetItem</EvalActionName><EvalDecision>${decision}</EvalDecision></member></EvaluationResults>`);
const dated = (answer: FakeAnswer, date: number): FakeAnswer => ({ ...answer, headers: { ...answer.headers, date: new Date(date).toUTCString() } });
const denied: FakeAnswer = { status: 400, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: JSON.stringify({ __type: 'AccessDeniedException', message: 'no' }) };

/** Answers of a limiter that lacks nothing, by operation. */
const HEALTHY: Readonly<Record<string, FakeAnswer>> = {
  'GetCallerIdentity': queryAnswer('GetCallerIdentity', '<Arn>arn:aws:sts::123456789012:assumed-role/ops/alice</Arn>'),
  'SimulatePrincipalPolicy': evaluated('allowed'),
  'ListTables': dated(jsonAnswer({ TableNames: [] }), NOW),
  'DescribeTable': jsonAnswer({ Table: described }),
  'GetItem': jsonAnswer({ Item: { PK: { S: '_/SYSTEM#' }, SK: { S: '#VERSION' }, schema_version: { S: SCHEMA_VERSION } } }),
  'BatchGetItem': jsonAnswer({
    Responses: {
      'my-limiter': [
        { PK: { S: '_/SYSTEM#' }, SK: { S: '#VERSION' }, schema_version: { S: SCHEMA_VERSION } },
      ],
    },
  }),
  'DescribeContinuousBackups': jsonAnswer({
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED', PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'ENABLED', EarliestRestorableDateTime: NOW / 1000 - 86_400 },
    },
  }),
  'ListBackups': jsonAnswer({ BackupSummaries: [{ BackupStatus: 'AVAILABLE', BackupCreationDateTime: NOW / 1000 - 3600 }] }),
  'GET /2015-03-31/event-source-mappings': jsonAnswer({ EventSourceMappings: [mapping] }),
  'GET /2015-03-31/event-source-mappings/': jsonAnswer({ EventSourceMappings: [mapping] }),
  'DescribeAlarms': jsonAnswer({ MetricAlarms: [alarm, { ...alarm, AlarmName: 'of another', StateValue: 'ALARM', Dimensions: [{ Name: 'TableName', Value: 'other' }] }] }),
};

let aws: FakeAws | undefined;
afterEach(async () => { await aws?.close(); aws = undefined; });

/** The command line for a limiter whose AWS answers so. */
async function examined(changes: Readonly<Record<string, FakeAnswer>> = {}): Promise<string[]> {
  const answers = { ...HEALTHY, ...changes };
  aws = await fakeAws(({ operation }: FakeCall) => answers[operation]);
  return ['doctor', '-n', 'my-limiter', '--endpoint-url', aws.url, '--region', 'us-east-1'];
}

const options = { clock: new FakeClock(NOW) };
const checksOf = async (argv: readonly string[], other: object = {}): Promise<readonly CheckData[]> =>
  (await invokeJson(argv, { ...options, ...other })).checks as CheckData[];
const find = (checks: readonly CheckData[], name: string): CheckData => checks.find(({ check }) => check === name)!;

describe('doctor, with recorded responses of AWS', () => {
  test('shows every check on a terminal, and ends with 1 when one failed', async () => {
    const argv = await examined({ SimulatePrincipalPolicy: evaluated('implicitDeny'), ListBackups: jsonAnswer({ BackupSummaries: [] }), DescribeAlarms: denied });
    const { code, stdout } = await invoke(argv, { ...options, tty: true, columns: 200 });

    expect(code).toBe(1);
    expectGolden('doctor', stdout);
  });

  test.each([
    ['credentials', 'arn:aws:sts::123456789012:assumed-role/ops/alice'],
    ['region', 'us-east-1'],
    ['clock', 'agrees with that of AWS'],
    ['permissions', 'may read and write the table'],
    ['table', 'my-limiter is active'],
    ['version', `schema ${SCHEMA_VERSION}, this program speaks ${SCHEMA_VERSION}`],
    ['point-in-time recovery', 'on, back to 2026-05-31T12:00:00.000Z'],
    ['backups', 'the latest is of 2026-06-01T11:00:00.000Z'],
    ['stream', 'is on'],
    ['event source', 'my-limiter-aggregator reads the stream'],
    ['alarms', '1 tell somebody'],
  ])('finds %s well', async (name, detail) => {
    expect(find(await checksOf(await examined()), name)).toEqual({ check: name, status: 'ok', detail, fix: null });
  });

  test("leaves out the alarms of a limiter whose name begins with this one's", async () => {
    const other = { ...alarm, StateValue: 'ALARM', Dimensions: functionDimension('my-limiter-eu-aggregator') };
    const found = find(await checksOf(await examined({ DescribeAlarms: jsonAnswer({ MetricAlarms: [alarm, other] }) })), 'alarms');

    expect(found).toMatchObject({ status: 'ok', detail: '1 tell somebody' });
  });

  test.each([
    ['clock', 'failed', { ListTables: dated(jsonAnswer({}), NOW + 60_000) }, /is 60 s behind/],
    ['clock', 'failed', { ListTables: dated(denied, NOW - 60_000) }, /ahead of/],
    ['clock', 'unchecked', { ListTables: { ...denied, headers: { ...denied.headers, date: 'today' } } }, /had no date/],
    ['permissions', 'failed', { SimulatePrincipalPolicy: evaluated('explicitDeny') }, /may not dynamodb:GetItem/],
    ['table', 'failed', { DescribeTable: jsonAnswer({ Table: { ...described, KeySchema: [{ AttributeName: 'id' }] } }) }, /no table of a limiter/],
    ['table', 'failed', { DescribeTable: jsonAnswer({ Table: { ...described, GlobalSecondaryIndexes: [index('GSI1')] } }) }, /no active index GSI2, GSI3, GSI4/],
    ['table', 'failed', { DescribeTable: jsonAnswer({ Table: { ...described, TableStatus: 'UPDATING' } }) }, /is UPDATING/],
    ['table', 'unchecked', { DescribeTable: denied }, /could not be checked/],
    ['table', 'failed', { DescribeTable: { ...denied, body: JSON.stringify({ __type: 'UnrecognizedClientException', message: 'no' }) } }, /could not be checked/],
    ['version', 'failed', { GetItem: jsonAnswer({}) }, /no version record/],
    ['point-in-time recovery', 'warning', { DescribeContinuousBackups: jsonAnswer({}) }, /is off/],
    ['backups', 'warning', { ListBackups: jsonAnswer({ BackupSummaries: [{ BackupStatus: 'CREATING', BackupCreationDateTime: 1 }] }) }, /there is none/],
    ['backups', 'warning', { ListBackups: jsonAnswer({ BackupSummaries: [{ BackupStatus: 'AVAILABLE', BackupCreationDateTime: NOW / 1000 - 30 * 86_400 }] }) }, /2026-05-02/],
    ['stream', 'warning', { DescribeTable: jsonAnswer({ Table: { ...described, StreamSpecification: undefined } }) }, /is off/],
    ['stream', 'failed', { DescribeTable: jsonAnswer({ Table: { ...described, StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' } } }) }, /both images/],
    ['event source', 'warning', { DescribeTable: jsonAnswer({ Table: { ...described, LatestStreamArn: undefined } }) }, /no stream/],
    ['event source', 'warning', mapped(), /no function reads/],
    ['event source', 'failed', mapped({ State: 'Disabled' }), /my-limiter-aggregator is Disabled/],
    ['event source', 'failed', mapped({ LastProcessingResult: 'PROBLEM: Function call failed' }), /Function call failed/],
    ['alarms', 'warning', { DescribeAlarms: jsonAnswer({ MetricAlarms: [] }) }, /there are none/],
    ['alarms', 'failed', { DescribeAlarms: jsonAnswer({ MetricAlarms: [{ ...alarm, StateValue: 'ALARM' }] }) }, /reads in alarm/],
    ['alarms', 'warning', {
      DescribeAlarms: jsonAnswer({
        MetricAlarms: [alarm, {
          ...alarm, AlarmActions: [], Dimensions: undefined, Metrics: [{ Id: 'm', MetricStat: { Period: 60, Stat: 'Sum', Metric: { Dimensions: functionDimension('my-limiter-aggregator') } } }],
        }],
      }),
    }, /1 of 2 tell nobody/],
  ] as [string, string, Record<string, FakeAnswer>, RegExp][])('finds %s %s', async (name, status, changes, detail) => {
    const found = find(await checksOf(await examined(changes)), name);

    expect(found).toMatchObject({ status, detail: expect.stringMatching(detail), fix: expect.stringMatching(/./) });
  });

  const prepared = (more: object): Record<string, FakeAnswer> =>
    ({ GetItem: jsonAnswer({ Item: { PK: { S: '_/SYSTEM#' }, SK: { S: '#VERSION' }, schema_version: { S: SCHEMA_VERSION }, ...more } }) });

  test.each([
    ['newer', { schema_version: { S: '99.0.0' } }, /^schema 99\.0\.0, this program speaks/, /newer version.*npm install @zae-limiter\/cli@latest/],
    ['for newer clients', { client_min_version: { S: '99.0.0' } }, /for clients of 99\.0\.0 and newer/, /newer version/],
    // No schema is older yet, so this one is older than all.
    ['older', { schema_version: { S: '-1.0.0' } }, /^schema -1\.0\.0/, /older version/],
  ])('names the program to use for a table that is %s', async (_, record, detail, fix) => {
    expect(find(await checksOf(await examined(prepared(record))), 'version'))
      .toMatchObject({ status: 'failed', detail: expect.stringMatching(detail), fix: expect.stringMatching(fix) });
  });

  test('asks for the policies of the role, not of its session', async () => {
    await checksOf(await examined());

    expect(aws!.calls.find(({ operation }) => operation === 'SimulatePrincipalPolicy')!.parameters).toMatchObject({
      'PolicySourceArn': 'arn:aws:iam::123456789012:role/ops', 'ResourceArns.member.1': TABLE, 'ActionNames.member.1': 'dynamodb:BatchGetItem',
    });
  });

  test('goes on with the other checks when one cannot be made', async () => {
    const checks = await checksOf(await examined({ GetCallerIdentity: { status: 403, body: queryError('InvalidClientTokenId', 'The token is not valid') } }));

    expect(checks).toHaveLength(12);
    expect(find(checks, 'table').status).toBe('ok');
  });
});

/** Answers of a stream with this mapping; without one when nothing is given. */
function mapped(changes?: object): Record<string, FakeAnswer> {
  const answer = jsonAnswer({ EventSourceMappings: changes === undefined ? [] : [{ ...mapping, ...changes }] });
  return { 'GET /2015-03-31/event-source-mappings': answer, 'GET /2015-03-31/event-source-mappings/': answer };
}

describe('doctor, with DynamoDB Local', () => {
  const local = ['--endpoint-url', process.env.AWS_ENDPOINT_URL_DYNAMODB!];

  test('finds table, version and namespace well, and skips what only AWS has', async () => {
    const ns = await newNamespace();
    const checks = (await ns.json(['doctor', ...local])).checks as CheckData[];

    expect(['table', 'version', 'namespace', 'stream'].map((name) => find(checks, name).status)).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(['credentials', 'permissions', 'event source', 'alarms'].map((name) => find(checks, name).status)).toEqual(['skipped', 'skipped', 'skipped', 'skipped']);
  });

  test('fails when nothing answers', async () => {
    const argv = ['doctor', '-n', 'my-limiter', '--endpoint-url', 'http://127.0.0.1:1'];

    expect((await invoke(argv, options)).code).toBe(1);
    expect(find(await checksOf(argv), 'table')).toMatchObject({ status: 'failed', detail: expect.stringContaining('ECONNREFUSED'), fix: expect.stringContaining('--endpoint-url') });
  });

  test('says how to create a table and a namespace that are missing', async () => {
    const argv = ['doctor', '-n', 'missing-limiter', ...local];
    const checks = await checksOf(argv);

    expect((await invoke(argv, options)).code).toBe(1);
    expect(find(checks, 'table')).toMatchObject({ status: 'failed', fix: expect.stringContaining('zae-limiter deploy') });
    expect(find(checks, 'namespace')).toMatchObject({ status: 'failed', fix: expect.stringContaining('zae-limiter namespace register') });
  });
});

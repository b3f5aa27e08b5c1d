import { invoke, invokeJson, type InvokeOptions, type Outcome } from './support/cli';
import { expectGolden } from './support/golden';
import { impatient, recordedAws, type Answer, type RecordedAws } from './support/recorded-aws';
import { resource, stack, stackData, TABLE, VERSION_RECORD, WELL } from './support/recorded-stack';

type Answers = Readonly<Record<string, readonly Answer[]>>;

let aws: RecordedAws;
afterEach(() => aws.close());

async function place(answers: Answers): Promise<string[]> {
  aws = await recordedAws(answers);
  return ['--endpoint-url', aws.endpoint, '--region', 'us-east-1'];
}

const run = async (line: string, answers: Answers, options: InvokeOptions = {}): Promise<Outcome> =>
  invoke([...line.split(' '), ...await place(answers)], { clock: impatient, ...options });

const json = async (line: string, answers: Answers): Promise<Record<string, unknown>> =>
  invokeJson([...line.split(' '), ...await place(answers)], { clock: impatient });

const refusal = { error: 'AccessDenied', message: 'not allowed', status: 403 };
const noStack = { error: 'ValidationError', message: 'Stack with id limits does not exist' };
const noTable = { error: 'ResourceNotFoundException', message: 'no table' };
const latency = (text: string): string => text.replace(/Latency: +\d+ ms/, 'Latency:   N ms');

describe('status on recorded responses', () => {
  test('shows connection, infrastructure, versions, size and policies', async () => {
    const { code, stdout, stderr } = await run('status -n limits', WELL, { tty: true });

    expect([code, stderr]).toEqual([0, '']);
    expectGolden('status', latency(stdout));
  });

  test('prints what monitoring asks for', async () => {
    expect(await json('status -n limits', WELL)).toMatchObject({
      name: 'limits', region: 'us-east-1', health: 'ready', available: true, stack: 'UPDATE_COMPLETE', table: 'ACTIVE', aggregator: true,
      versions: { client: '0.1.0', schema: '0.10.0', lambda: '0.1.0' }, itemCount: 1234, pitrDays: 7, lastBackup: '2026-01-16T21:46:40.000Z',
      alarms: { ok: 1, alarm: 1, insufficientData: 0, inAlarm: ['limits-age'] },
      policies: { acquireOnly: 'arn:aws:iam::123456789012:policy/limits-acq' }, roles: { app: null }, problems: [],
    });
  });

  test('writes nothing', async () => {
    await run('status -n limits', WELL);

    expect(aws.calls.map(({ operation }) => operation).filter((operation) => !/^(Describe|List|Get)/.test(operation))).toEqual([]);
  });

  test.each<[name: string, answers: Answers, exit: number, data: object]>([
    ['works when the stack may not be seen, and says so', { DescribeStacks: [refusal] }, 0, {
      health: 'ready', stack: null, aggregator: null, alarms: null, problems: ['stack: not allowed'],
    }],
    ['works when alarms and backups may not be seen', { DescribeAlarms: [refusal], ListBackups: [refusal], DescribeContinuousBackups: [refusal] }, 0, {
      health: 'ready', alarms: null, pitrDays: null, lastBackup: null,
      problems: expect.arrayContaining([expect.stringMatching(/^alarms: /), expect.stringMatching(/^backups: /)]) as unknown,
    }],
    ['is in progress while the stack is', { DescribeStacks: [stack('UPDATE_IN_PROGRESS')] }, 0, { health: 'in-progress' }],
    ['fails when the stack was rolled back', { DescribeStacks: [stack('UPDATE_ROLLBACK_COMPLETE')] }, 1, { health: 'failed' }],
    ['fails when the table does not answer', { DescribeTable: [refusal] }, 1, { health: 'failed', available: false, latencyMs: null }],
    ['fails when the table is gone and the stack is not', { DescribeTable: [noTable] }, 1, { health: 'failed', available: false }],
    ['is in progress while the first deployment has not made the table', {
      DescribeStacks: [stack('CREATE_IN_PROGRESS')], DescribeTable: [noTable], ListStackResources: [{ StackResourceSummaries: [] }],
    }, 0, { health: 'in-progress', available: false, aggregator: null }],
    ['does not know of the aggregator while the stack is being made', {
      DescribeStacks: [stack('CREATE_IN_PROGRESS')], ListStackResources: [{ StackResourceSummaries: [resource('Table', 'AWS::DynamoDB::Table', 'limits')] }],
    }, 0, { health: 'in-progress', available: true, aggregator: null }],
    ['fails when the table does not answer while the stack is changed', { DescribeStacks: [stack('UPDATE_IN_PROGRESS')], DescribeTable: [refusal] }, 1, {
      health: 'failed', available: false,
    }],
    ['takes a table for ready that belongs to no stack', { DescribeStacks: [noStack], ListTagsOfResource: [{ Tags: [] }] }, 0, { health: 'ready', stack: null }],
    ['waits for a table of no stack that is not ready', {
      DescribeStacks: [noStack], ListTagsOfResource: [{ Tags: [] }], DescribeTable: [{ Table: { ...TABLE.Table, TableStatus: 'UPDATING' } }],
    }, 0, { health: 'in-progress', table: 'UPDATING' }],
    ['finds the stack of an app by the table', {
      DescribeStacks: [noStack, { Stacks: [stackData('app', 'CREATE_COMPLETE')] }],
      ListTagsOfResource: [{ Tags: [{ Key: 'aws:cloudformation:stack-id', Value: 'arn:aws:cloudformation:us-east-1:123456789012:stack/app/1' }] }],
    }, 0, { health: 'ready', stack: 'CREATE_COMPLETE' }],
    ['shows roles, and outputs that have the path of a construct before them', {
      DescribeStacks: [stack('CREATE_COMPLETE', {
        Outputs: [
          { OutputKey: 'LimiterOutputsReadOnlyPolicyArn1', OutputValue: 'arn:read' }, { OutputKey: 'AppRoleArn', OutputValue: 'arn:app' },
        ],
      })],
    }, 0, { policies: { acquireOnly: null, readOnly: 'arn:read' }, roles: { app: 'arn:app' } }],
    ['knows a table that cannot be restored', {
      DescribeContinuousBackups: [{ ContinuousBackupsDescription: { ContinuousBackupsStatus: 'ENABLED' } }], ListBackups: [{}],
    }, 0, { pitrDays: 0, lastBackup: null }],
  ])('%s', async (_, answers, exit, data) => {
    expect(await json('status -n limits', { ...WELL, ...answers })).toMatchObject(data);
    await aws.close();
    expect((await run('status -n limits', { ...WELL, ...answers })).code).toBe(exit);
  });

  test('says how to create a limiter that is not there', async () => {
    const { code, stderr } = await run('status -n limits', { DescribeStacks: [noStack], DescribeTable: [noTable] });

    expect([code, stderr]).toEqual([4, "Error: there is no limiter 'limits' in us-east-1\n  zae-limiter deploy --name limits   creates it\n"]);
  });

  test('ends as with an error of AWS when nothing answers at all', async () => {
    expect((await run('status -n limits', { DescribeStacks: [refusal], DescribeTable: [refusal] })).code).toBe(3);
    await aws.close();
    expect(await invoke(['status', '-n', 'limits', '--endpoint-url', aws.endpoint, '--region', 'us-east-1'])).toMatchObject({ code: 3, stdout: '' });
  });

  test('looks again and again with --watch, until Ctrl-C', async () => {
    const interruption = new AbortController();
    let looks = 0;
    const waits: number[] = [];
    const { code, stdout } = await run('status -n limits --watch --interval 7s', WELL, {
      signal: interruption.signal,
      clock: { ...impatient, sleep: async (ms, signal) => { waits.push(ms); if (++looks === 3) interruption.abort(); signal?.throwIfAborted(); } },
    });

    expect([code, stdout.match(/^Status: limits$/gm)?.length, waits]).toEqual([0, 3, [7000, 7000, 7000]]);
  });
});

describe('list on recorded responses', () => {
  const other = {
    Stacks: [
      stackData('limits', 'CREATE_COMPLETE'),
      stackData('busy', 'UPDATE_IN_PROGRESS', { Tags: [{ Key: 'ManagedBy', Value: 'zae-limiter' }], LastUpdatedTime: '2026-06-01T00:00:00Z' }),
      stackData('broken', 'ROLLBACK_COMPLETE', { Tags: [{ Key: 'ManagedBy', Value: 'zae-limiter' }, { Key: 'zae-limiter:name', Value: 'broken' }] }),
      stackData('unrelated', 'CREATE_COMPLETE', { Tags: [] }),
    ],
  };
  const TABLES = { DescribeStacks: [other], ListTables: [{ TableNames: ['limits', 'part-of-an-app', 'a_b'] }], GetItem: [VERSION_RECORD] };

  test('shows stacks and tables with what needs attention', async () => {
    const { code, stdout } = await run('list', TABLES, { tty: true });

    expect(code).toBe(0);
    expectGolden('list', stdout);
  });

  test('is the same for programs', async () => {
    expect(await json('list', TABLES)).toMatchObject({
      attention: 2, problems: [],
      instances: [
        { name: 'broken', health: 'failed' }, { name: 'busy', health: 'in-progress', version: null },
        { name: 'limits', health: 'ready', schema: '0.10.0' }, { name: 'part-of-an-app', status: null, version: '0.1.0' },
      ],
    });
  });

  test('shows with --stale what nobody touched for so long', async () => {
    const at = { ...impatient, now: () => Date.parse('2026-06-10T00:00:00Z') };
    const { stdout } = await run('list --stale 30d --output json --query instances[].name', TABLES, { clock: at });

    expect(JSON.parse(stdout)).toEqual(['broken', 'limits', 'part-of-an-app']);
  });

  test('asks every region of the partition with --all-regions', async () => {
    const { stdout } = await run('list --all-regions', { DescribeStacks: [{ Stacks: [stackData('limits', 'CREATE_COMPLETE')] }], ListTables: [{ TableNames: [] }] });

    expect(stdout).toMatch(/^Rate Limiter Instances \(all regions\)\n\nRegion\tName\t/);
    expect(stdout).toMatch(/\neu-central-1\tlimits\t✓ CREATE_COMPLETE\t/);
    expect(stdout).not.toMatch(/cn-north-1|us-gov/);
  });

  test('says how to create the first one', async () => {
    const { code, stdout } = await run('list', { DescribeStacks: [{ Stacks: [] }], ListTables: [{ TableNames: [] }] });

    expect([code, stdout]).toEqual([0, 'Rate Limiter Instances (us-east-1)\n\nNo limiters found\nzae-limiter deploy --name NAME   creates one\n']);
  });

  test('shows the tables when stacks may not be seen, and fails when neither may', async () => {
    const { code, stderr, stdout } = await run('list', { ...TABLES, DescribeStacks: [refusal] });
    expect([code, stderr, stdout]).toEqual([0, 'stacks in us-east-1: not allowed\n', expect.stringContaining('part-of-an-app')]);
    await aws.close();
    expect(await json('list', { ...TABLES, DescribeStacks: [refusal] })).toMatchObject({ problems: ['stacks in us-east-1: not allowed'] });
    await aws.close();
    expect((await run('list', { DescribeStacks: [refusal], ListTables: [refusal] })).code).toBe(3);
  });
});

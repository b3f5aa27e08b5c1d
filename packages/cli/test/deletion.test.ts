import { invoke, invokeJson, type InvokeOptions, type Outcome } from './support/cli';
import { impatient, recordedAws, type Answer, type RecordedAws } from './support/recorded-aws';

const STACK_ID = 'arn:aws:cloudformation:us-east-1:123456789012:stack/limits/1';
const gone = { error: 'ValidationError', message: `Stack with id ${STACK_ID} does not exist` };

const stack = (StackStatus: string, more: object = {}): Answer =>
  ({ Stacks: [{ StackName: 'limits', StackId: STACK_ID, StackStatus, CreationTime: '2026-01-01T00:00:00Z', ...more }] });

const event = (id: number, ResourceStatus: string, LogicalResourceId = 'limits', ResourceStatusReason?: string): object => ({
  EventId: String(id), StackId: STACK_ID, StackName: 'limits', Timestamp: `2026-01-01T00:00:0${id}Z`, ResourceStatus, LogicalResourceId,
  ResourceType: LogicalResourceId === 'limits' ? 'AWS::CloudFormation::Stack' : 'AWS::IAM::Role', ...(ResourceStatusReason && { ResourceStatusReason }),
});
const events = (...newestFirst: object[]): Answer => ({ StackEvents: newestFirst });

const TABLE = { Table: { TableName: 'limits', TableStatus: 'ACTIVE', ItemCount: 1234, TableSizeBytes: 5000 } };
const HERE = 'Rate limiter, deployed by zae-limiter';
const BASE = {
  GetTemplate: [{ TemplateBody: JSON.stringify({ Description: HERE, Resources: { Table: { DeletionPolicy: 'Retain' }, Role: {} } }) }],
  ListStackResources: [{
    StackResourceSummaries: [
      { LogicalResourceId: 'Table', PhysicalResourceId: 'limits', ResourceType: 'AWS::DynamoDB::Table', ResourceStatus: 'CREATE_COMPLETE', LastUpdatedTimestamp: '2026-01-01T00:00:00Z' },
      { LogicalResourceId: 'Role', PhysicalResourceId: 'limits-app', ResourceType: 'AWS::IAM::Role', ResourceStatus: 'CREATE_COMPLETE', LastUpdatedTimestamp: '2026-01-01T00:00:00Z' },
    ],
  }],
  DescribeTable: [TABLE], GetItem: [{}],
  DeleteStack: [{}], UpdateTerminationProtection: [{ StackId: STACK_ID }],
  DescribeStackEvents: [events(event(1, 'CREATE_COMPLETE'))],
};

let aws: RecordedAws;
afterEach(() => aws.close());

async function run(line: string, answers: Readonly<Record<string, readonly Answer[]>>, options: InvokeOptions = {}): Promise<Outcome> {
  aws = await recordedAws({ ...BASE, ...answers });
  return invoke([...line.split(' '), '--endpoint-url', aws.endpoint, '--region', 'us-east-1'], { clock: impatient, ...options });
}

const asked = (operation: string): boolean => aws.calls.some((call) => call.operation === operation);

describe('delete on recorded responses', () => {
  const LINES = '  Stack: limits (CREATE_COMPLETE)\n  Items: ~1.2K\n  Stays: limits\n';

  test('says every event once, in their order, until the stack is gone', async () => {
    const { code, stdout, stderr } = await run('delete -n limits --yes', {
      DescribeStacks: [stack('CREATE_COMPLETE'), stack('DELETE_IN_PROGRESS'), stack('DELETE_IN_PROGRESS'), gone],
      DescribeStackEvents: [
        events(event(1, 'CREATE_COMPLETE')),
        events(event(2, 'DELETE_IN_PROGRESS'), event(1, 'CREATE_COMPLETE')),
        events(event(4, 'DELETE_COMPLETE', 'Role'), event(3, 'DELETE_IN_PROGRESS', 'Role'), event(2, 'DELETE_IN_PROGRESS'), event(1, 'CREATE_COMPLETE')),
      ],
    });

    expect([code, stdout]).toEqual([0, "✓ Stack 'limits' deleted successfully\n"]);
    expect(stderr).toBe(`${LINES}Deleting stack limits
00:00:02  DELETE_IN_PROGRESS    AWS::CloudFormation::Stack    limits
00:00:03  DELETE_IN_PROGRESS    AWS::IAM::Role                Role
00:00:04  DELETE_COMPLETE       AWS::IAM::Role                Role
CloudFormation is done
`);
  });

  test('ends as with an error of AWS when a resource cannot be deleted, and names it', async () => {
    const { code, stderr } = await run('delete -n limits --yes', {
      DescribeStacks: [
        stack('CREATE_COMPLETE'), stack('DELETE_IN_PROGRESS'),
        stack('DELETE_FAILED', { StackStatusReason: 'The following resource(s) failed: [Role]' }),
      ],
      DescribeStackEvents: [events(event(1, 'CREATE_COMPLETE')), events(event(2, 'DELETE_FAILED', 'Role', 'it is in use'), event(1, 'CREATE_COMPLETE'))],
    });

    expect(code).toBe(3);
    expect(stderr).toContain('Error: the stack ended in DELETE_FAILED: The following resource(s) failed: [Role]\n  Role (AWS::IAM::Role): it is in use\n');
  });

  test('goes on when CloudFormation says that it is asked too often', async () => {
    const { code } = await run('delete -n limits --yes', {
      DescribeStacks: [stack('CREATE_COMPLETE'), { error: 'Throttling', message: 'Rate exceeded' }, { error: 'Throttling', message: 'Rate exceeded' }, gone],
    });

    expect(code).toBe(0);
  });

  test('stops waiting on Ctrl-C, and says what goes on', async () => {
    const interruption = new AbortController();
    const { code, stderr } = await run('delete -n limits --yes', { DescribeStacks: [stack('CREATE_COMPLETE'), stack('DELETE_IN_PROGRESS')] }, {
      signal: interruption.signal, clock: { ...impatient, sleep: async (_, signal) => { interruption.abort(); signal?.throwIfAborted(); } },
    });

    expect([code, stderr]).toEqual([130, expect.stringContaining('CloudFormation goes on without this program: zae-limiter status --name limits')]);
  });

  test('returns with --no-wait as soon as the deletion began', async () => {
    const { code, stdout } = await run('delete -n limits --yes --no-wait', { DescribeStacks: [stack('CREATE_COMPLETE')] });

    expect([code, stdout]).toEqual([0, "⏳ Stack 'limits' is being deleted\n"]);
    expect(asked('DeleteStack')).toBe(true);
  });

  test.each<[name: string, line: string, options: InvokeOptions, exit: number, deleted: boolean]>([
    ['is not deleted without a terminal', 'delete -n limits --yes', {}, 7, false],
    ['is not deleted when another name is typed', 'delete -n limits --yes', { tty: true, answers: ['limit'] }, 7, false],
    ['is deleted when its name is typed', 'delete -n limits', { tty: true, answers: ['limits'] }, 0, true],
    ['is not asked about by a dry run', 'delete -n limits --dry-run', {}, 0, false],
  ])('a protected stack %s', async (_, line, options, exit, deleted) => {
    const { code } = await run(line, { DescribeStacks: [stack('CREATE_COMPLETE', { EnableTerminationProtection: true }), gone] }, options);

    expect([code, asked('UpdateTerminationProtection'), asked('DeleteStack')]).toEqual([exit, deleted, deleted]);
  });

  const template = (Description: string | undefined, ...ids: string[]): Answer =>
    ({ TemplateBody: JSON.stringify({ Description, Resources: Object.fromEntries(ids.map((id) => [id, {}])) }) });
  const TAGS = [{ Key: 'ManagedBy', Value: 'zae-limiter' }, { Key: 'zae-limiter:type', Value: 'limiter' }];
  const OUTPUTS = [{ OutputKey: 'TableName', OutputValue: 'limits' }];

  test.each<[name: string, more: object, found: Answer]>([
    ['of the Python library', { Tags: TAGS }, { TemplateBody: 'Description: Python\nResources:\n  RateLimitsTable: { TableName: !Ref AWS::StackName }\n  AggregatorRole: {}\n' }],
    ['that holds one limiter and nothing else', { Outputs: OUTPUTS }, template('Rate limiter', 'LimiterTable1', 'CDKMetadata')],
    ['of this program, whatever else was added to it', {}, template(HERE, 'LimiterTable1', 'Uploads')],
  ])('deletes a stack %s', async (_, more, found) => {
    const { code } = await run('delete -n limits --yes', { DescribeStacks: [stack('CREATE_COMPLETE', more), gone], GetTemplate: [found] });

    expect([code, asked('DeleteStack')]).toEqual([0, true]);
  });

  test.each<[name: string, more: object, found: Answer, message: RegExp]>([
    ['that has nothing to do with a limiter', {}, template(undefined, 'Uploads'), /^Error: stack 'limits' is not that of a limiter, nothing was done\n/],
    ['of an app that holds a limiter beside other things', { Tags: TAGS }, template('A shop', 'LimiterTable1', 'Uploads'), /holds more than a limiter, .*\n {2}delete it with .* cdk destroy\n$/],
    ['of an app that adds to a stack of the construct', { Tags: TAGS, Outputs: OUTPUTS }, template(undefined, 'LimiterTable1', 'Uploads'), /holds more than a limiter/],
    ['that holds another limiter', { Outputs: [{ OutputKey: 'TableName', OutputValue: 'other' }] }, template(undefined, 'LimiterTable1'), /is not that of a limiter/],
    ['of a load generator', { Tags: [TAGS[0], { Key: 'zae-limiter:type', Value: 'load-test' }] }, template(undefined, 'Cluster'), /that of a load generator.*\n {2}zae-limiter loadtest delete --name limits/],
  ])('never deletes a stack %s, whatever --yes says', async (_, more, found, message) => {
    const { code, stderr } = await run('delete -n limits --yes', { DescribeStacks: [stack('CREATE_COMPLETE', more), gone], GetTemplate: [found] });

    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
    expect(asked('DeleteStack')).toBe(false);
  });

  test.each(['development', 'staging', 'production'])('takes nothing of a stack of the construct for foreign, as the preset %s has it', async (preset) => {
    const made = await invokeJson(['deploy', '-n', 'limits', '--template-only', '--profile-preset', preset, '--create-iam-roles']) as { template: object };
    const { code } = await run('delete -n limits --yes', {
      DescribeStacks: [stack('CREATE_COMPLETE', { Tags: TAGS, Outputs: OUTPUTS }), gone],
      GetTemplate: [{ TemplateBody: JSON.stringify({ ...made.template, Description: 'of an app' }) }],
    });

    expect([code, asked('DeleteStack')]).toEqual([0, true]);
  });

  test('deletes a stack whose table is gone', async () => {
    const { code, stderr } = await run('delete -n limits --yes', {
      DescribeStacks: [stack('CREATE_COMPLETE'), gone], DescribeTable: [{ error: 'ResourceNotFoundException', message: 'no table' }],
    });

    expect([code, stderr]).toEqual([0, expect.stringMatching(/Items: unknown: /)]);
  });

  test('ends as with an error of AWS when the stack may not be seen', async () => {
    const { code, stderr } = await run('delete -n limits --yes', { DescribeStacks: [{ error: 'AccessDenied', message: 'not allowed', status: 403 }] });

    expect([code, stderr]).toEqual([3, expect.stringContaining('AccessDenied: not allowed')]);
  });
});

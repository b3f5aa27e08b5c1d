import { invoke, invokeJson, type InvokeOptions, type Outcome } from './support/cli';
import { expectGolden } from './support/golden';
import { impatient, recordedAws, type Answer, type RecordedAws } from './support/recorded-aws';
import { stack, STACK_ID, VERSION_RECORD } from './support/recorded-stack';

type Answers = Readonly<Record<string, readonly Answer[]>>;

const CHANGE_SET = `${STACK_ID.replace(':stack/', ':changeSet/')}`;
const changeSet = (...changes: object[]): Answer => ({
  ChangeSetId: CHANGE_SET, ChangeSetName: 'zae-limiter-deploy', StackId: STACK_ID, StackName: 'limits', Status: 'CREATE_COMPLETE',
  Changes: changes.map((ResourceChange) => ({ Type: 'Resource', ResourceChange })),
});
const change = (Action: string, ResourceType: string, LogicalResourceId: string, Replacement?: string): object =>
  ({ Action, ResourceType, LogicalResourceId, ...(Replacement && { Replacement }) });
const ADDED = change('Add', 'AWS::DynamoDB::Table', 'LimiterTable');
const CHANGED = [change('Modify', 'AWS::Lambda::Function', 'Function', 'False'), change('Import', 'AWS::S3::Bucket', 'Bucket')];
const DESTROYED = [
  change('Remove', 'AWS::S3::Bucket', 'Bucket'), change('Modify', 'AWS::SQS::Queue', 'Queue', 'True'),
  change('Modify', 'AWS::SNS::Topic', 'Topic', 'Conditional'),
];

const template = (Description: string): Answer => ({ TemplateBody: JSON.stringify({ Description, Resources: {} }) });

const BASE: Answers = {
  GetCallerIdentity: [{ Account: '123456789012', Arn: 'arn:aws:iam::123456789012:user/admin', UserId: 'admin' }],
  DescribeStacks: [stack('CREATE_COMPLETE')], GetTemplate: [template('Rate limiter, deployed by zae-limiter')],
  CreateChangeSet: [{ Id: CHANGE_SET, StackId: STACK_ID }], DeleteChangeSet: [{}], ExecuteChangeSet: [{}], DeleteStack: [{}],
  DescribeStackEvents: [{ StackEvents: [] }], UpdateTerminationProtection: [{ StackId: STACK_ID }],
  GetItem: [VERSION_RECORD], UpdateItem: [{}], TransactWriteItems: [{}],
};
const gone = { error: 'ChangeSetNotFound', message: 'ChangeSet [zae-limiter-deploy] does not exist' };

let aws: RecordedAws;
afterEach(() => aws.close());

async function place(answers: Answers): Promise<string[]> {
  aws = await recordedAws({ ...BASE, ...answers });
  return ['--endpoint-url', aws.endpoint, '--region', 'us-east-1'];
}
const run = async (line: string, answers: Answers, options: InvokeOptions = {}): Promise<Outcome> =>
  invoke([...line.split(' '), ...await place(answers)], { clock: impatient, ...options });
const asked = (operation: string): boolean => aws.calls.some((call) => call.operation === operation);

describe('deploy on recorded responses', () => {
  test('shows the changes before it makes them, and the events while it does', async () => {
    const { code, stdout, stderr } = await run('deploy -n limits --no-aggregator', {
      DescribeChangeSet: [gone, changeSet(...CHANGED), changeSet(...CHANGED)], DescribeStacks: [stack('CREATE_COMPLETE'), stack('UPDATE_COMPLETE')],
    });

    expect(code).toBe(0);
    expectGolden('deploy', // what is uploaded has no order of its own
      (stderr + stdout).replaceAll(/^limits: start: .*\n/gm, ''));
    expect(asked('ExecuteChangeSet')).toBe(true);
  });

  test.each<[name: string, line: string, options: InvokeOptions, exit: number, made: boolean]>([
    ['are not made without a terminal', 'deploy -n limits', {}, 7, false],
    ['are not made when the answer is no', 'deploy -n limits', { tty: true, answers: [false] }, 7, false],
    ['are made when the answer is yes', 'deploy -n limits', { tty: true, answers: [true] }, 0, true],
    ['are made with --yes', 'deploy -n limits --yes', {}, 0, true],
    ['are not made by a dry run', 'deploy -n limits --dry-run', {}, 0, false],
  ])('changes that remove or replace something %s', async (_, line, options, exit, made) => {
    const { code } = await run(line, { DescribeChangeSet: [gone, changeSet(...DESTROYED)] }, options);

    expect([code, asked('ExecuteChangeSet')]).toEqual([exit, made]);
  });

  const PROTECTED: Answers = {
    DescribeStacks: [stack('CREATE_COMPLETE', { EnableTerminationProtection: true })], DescribeChangeSet: [gone, changeSet(...CHANGED)],
  };

  test.each<[name: string, line: string, options: InvokeOptions, exit: number, done: boolean]>([
    ['stays without a terminal', 'deploy -n limits', {}, 7, false],
    ['stays when the answer is no', 'deploy -n limits', { tty: true, answers: [false] }, 7, false],
    ['is turned off when the answer is yes', 'deploy -n limits', { tty: true, answers: [true] }, 0, true],
    ['is turned off with --yes', 'deploy -n limits --yes', {}, 0, true],
  ])('the protection of a stack %s', async (_, line, options, exit, done) => {
    const { code, stderr } = await run(line, PROTECTED, options);

    expect([code, asked('UpdateTerminationProtection'), asked('ExecuteChangeSet')]).toEqual([exit, done, done]);
    expect(stderr).toContain('  ~ Protection of the stack: on → off\n');
  });

  test('is not asked about protection that the flags turn on, and turns it on before it begins', async () => {
    const { code } = await run('deploy -n limits --enable-deletion-protection', { DescribeChangeSet: [gone, changeSet(...CHANGED)] });

    const after = aws.calls.map(({ operation }) => operation);
    expect(code).toBe(0);
    expect(after.slice(after.indexOf('UpdateTerminationProtection')).slice(0, 2)).toEqual(['UpdateTerminationProtection', expect.any(String)]);
    expect(after.indexOf('ExecuteChangeSet')).toBeGreaterThan(after.indexOf('UpdateTerminationProtection'));
    expect(aws.calls.find(({ operation }) => operation === 'UpdateTerminationProtection')!.input).toMatchObject({ EnableTerminationProtection: 'true' });
  });

  test('changes the protection alone when nothing else changes', async () => {
    const line = ['deploy', '-n', 'limits', '--yes', ...await place({ ...PROTECTED, DescribeChangeSet: [gone, changeSet()] })];

    expect(await invokeJson(line, { clock: impatient })).toMatchObject({ status: 'PROTECTION_CHANGED', changes: [], protection: false });
    expect([asked('UpdateTerminationProtection'), asked('ExecuteChangeSet'), asked('DeleteChangeSet')]).toEqual([true, false, true]);
  });

  test.each<[name: string, found: object, hint: RegExp]>([
    ['that has nothing to do with a limiter', { Tags: [] }, /\n {2}choose another name with --name\n$/],
    ['of an app that holds a limiter', {}, /\n {2}deploy it with what deployed it before, for example cdk deploy\n$/],
  ])('never deploys over a stack %s, whatever --yes says', async (_, found, hint) => {
    const { code, stderr } = await run('deploy -n limits --yes', { DescribeStacks: [stack('CREATE_COMPLETE', found)], GetTemplate: [template('A shop')] });

    expect([code, stderr]).toEqual([1, expect.stringMatching(/^Error: stack 'limits' was not deployed by this program, nothing was done\n/)]);
    expect(stderr).toMatch(hint);
    expect(asked('CreateChangeSet')).toBe(false);
  });

  test('deploys into a stack that only waits for a change set', async () => {
    const { code } = await run('deploy -n limits', {
      DescribeStacks: [stack('REVIEW_IN_PROGRESS', { Tags: [] }), stack('CREATE_COMPLETE')], GetTemplate: [{ TemplateBody: '{}' }], DescribeChangeSet: [gone, changeSet(ADDED)],
    });

    expect([code, asked('ExecuteChangeSet')]).toEqual([0, true]);
  });

  const failed = (StatusReason: string): Answer =>
    ({ ChangeSetId: CHANGE_SET, ChangeSetName: 'zae-limiter-deploy', StackId: STACK_ID, StackName: 'limits', Status: 'FAILED', StatusReason });

  test.each<[name: string, reason: string, exit: number, message: RegExp]>([
    ['as an error of AWS', 'Transform failed', 3, /^Error: Failed to create change set [^]*Transform failed\n$/],
    ['and takes no resource of the limiter for the bootstrap of the account', 'LimiterBootstrap1 is not valid', 3, /^Error: Failed to create change set [^]*LimiterBootstrap1 is not valid\n$/],
    // Jest's stack traces are none that the toolkit would add, so CloudFormation says what it would.
    ['and leaves out where this program made the stack', 'Transform failed  Source Location: synthesis.js:30 main.js:1', 3, /Transform failed\n$/],
    ['and says when the account was never bootstrapped', 'Unable to fetch parameters [/cdk-bootstrap/hnb659fds/version]', 4, /zae-limiter deploy --bootstrap/],
  ])('ends %s when the change set cannot be made', async (_, reason, exit, message) => {
    const { code, stderr } = await run('deploy -n limits', { DescribeChangeSet: [gone, failed(reason)], DescribeEvents: [{ OperationEvents: [] }] });

    expect([code, stderr.slice(stderr.indexOf('Error: '))]).toEqual([exit, expect.stringMatching(message)]);
  });

  test.each([[true, '--no-deletion-protection'], [false, '--enable-deletion-protection']])(
    'a dry run leaves the protection of the stack as it is: %s with %s', async (EnableTerminationProtection, flag) => {
      const { code } = await run(`deploy -n limits --dry-run ${flag}`, {
        DescribeStacks: [stack('CREATE_COMPLETE', { EnableTerminationProtection })], DescribeChangeSet: [gone, changeSet(ADDED)],
      });

      expect([code, asked('UpdateTerminationProtection')]).toEqual([0, false]);
    });

  test('begins and returns with --no-wait', async () => {
    expect(await invokeJson(['deploy', '-n', 'limits', '--no-wait', ...await place({ DescribeChangeSet: [gone, changeSet(ADDED)] })], { clock: impatient }))
      .toMatchObject({ status: 'STARTED', changes: [{ action: 'Add', replacement: null }] });
  });

  test('fails with what failed when the stack is rolled back', async () => {
    const event = { EventId: '1', StackId: STACK_ID, StackName: 'limits', Timestamp: '2026-01-01T00:00:00Z' };
    const { code, stderr } = await run('deploy -n limits', {
      DescribeChangeSet: [gone, changeSet(ADDED)],
      DescribeStacks: [stack('CREATE_COMPLETE'), stack('UPDATE_ROLLBACK_COMPLETE')],
      DescribeStackEvents: [{ StackEvents: [] }, {
        StackEvents: [
          { ...event, ResourceStatus: 'CREATE_FAILED', LogicalResourceId: 'Alarm', ResourceType: 'AWS::CloudWatch::Alarm', ResourceStatusReason: 'Resource creation cancelled' },
          { ...event, EventId: '0', ResourceStatus: 'CREATE_FAILED', LogicalResourceId: 'Table', ResourceType: 'AWS::DynamoDB::Table', ResourceStatusReason: 'limits already exists' },
        ],
      }],
    });

    expect(code).toBe(3);
    expect(stderr).toMatch(/Error: the stack ended in UPDATE_ROLLBACK_COMPLETE\n {2}Table \(AWS::DynamoDB::Table\): limits already exists\n$/);
  });
});

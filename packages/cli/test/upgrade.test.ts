import { ResourceNaming, ZaeLimiter } from '#construct';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { invoke, invokeJson, type InvokeOptions, type Outcome } from './support/cli';
import { expectGolden } from './support/golden';
import { newNamespace } from './support/namespace';
import { impatient, recordedAws, type Answer, type RecordedAws } from './support/recorded-aws';
import { LIMITER_TAGS, resource, stackData, TABLE, VERSION_RECORD } from './support/recorded-stack';

type Answers = Readonly<Record<string, readonly Answer[]>>;

const fn = (version: string | undefined, { name = 'limits-aggregator', runtime: Runtime = 'nodejs24.x', description: Description = '' } = {}): Answer => ({
  Configuration: {
    FunctionName: name, FunctionArn: `arn:aws:lambda:us-east-1:123456789012:function:${name}`, Runtime, Description, LastUpdateStatus: 'Successful',
  },
  Tags: version === undefined ? {} : { 'zae-limiter:lambda-version': version },
});
const GET = 'GET /2015-03-31/functions/limits-aggregator';
const PUT = 'PUT /2015-03-31/functions/limits-aggregator/code';
const TAG = 'POST /2017-03-31/tags/arn:aws:lambda:us-east-1:123456789012:function:limits-aggregator';

const stack = (status: string, more: object = {}): Answer => ({ Stacks: [stackData('limits', status, more)] });

const OLD_RECORD = { Item: { ...VERSION_RECORD.Item, updated_by: { S: 'cdk:0.0.9' } } };

/** A limiter of the version before: function, tags and version record say so. */
const OLD: Answers = {
  'DescribeStacks': [stack('CREATE_COMPLETE', { Parameters: [{ ParameterKey: 'EnablePITR', ParameterValue: 'true' }] }), stack('UPDATE_COMPLETE')],
  'ListStackResources': [{ StackResourceSummaries: [resource('LimiterAggregatorFunction1', 'AWS::Lambda::Function', 'limits-aggregator')] }],
  [GET]: [fn('0.0.9')], [PUT]: [{}], [TAG]: [{}],
  'GET /2015-03-31/functions/limits-aggregator/configuration': [{ LastUpdateStatus: 'Successful' }],
  'DescribeTable': [TABLE], 'ListTagsOfResource': [{ Tags: [] }], 'GetItem': [OLD_RECORD], 'UpdateItem': [{}], 'TagResource': [{}],
  'CreateBackup': [{ BackupDetails: { BackupArn: 'arn:aws:dynamodb:us-east-1:123456789012:table/limits/backup/1', BackupName: 'b', BackupStatus: 'CREATING', BackupType: 'USER' } }],
  'DescribeStackEvents': [{ StackEvents: [] }],
  'UpdateStack': [{ StackId: 'id' }],
};

/** What an upgrade leaves behind. */
const CURRENT: Answers = { [GET]: [fn('0.1.0')], ListTagsOfResource: [{ Tags: LIMITER_TAGS }], GetItem: [VERSION_RECORD] };

let aws: RecordedAws | undefined;
afterEach(async () => {
  await aws?.close();
  aws = undefined;
});

async function place(answers: Answers): Promise<string[]> {
  aws = await recordedAws({ ...OLD, ...answers });
  return ['--endpoint-url', aws.endpoint, '--region', 'us-east-1'];
}
const run = async (line: string, answers: Answers = {}, options: InvokeOptions = {}): Promise<Outcome> =>
  invoke([...line.split(' '), ...await place(answers)], { clock: impatient, ...options });

const writes = (): string[] => aws!.calls.map(({ operation }) => operation).filter((operation) => !/^(Describe|List|Get|GET)/.test(operation));

describe('upgrade on recorded responses', () => {
  test('backs up, replaces the code, tags table and stack, and writes the version record, in this order', async () => {
    const { code, stdout, stderr } = await run('upgrade -n limits', {}, { tty: true });

    expect(code).toBe(0);
    expectGolden('upgrade', stderr + stdout);
    expect(writes()).toEqual(['CreateBackup', PUT, TAG, 'TagResource', 'UpdateStack', 'UpdateItem']);
  });

  test('keeps the template, the parameters and the other tags of the stack', async () => {
    await run('upgrade -n limits --no-backup');

    const { input } = aws!.calls.find(({ operation }) => operation === 'UpdateStack')!;
    expect(input).toMatchObject({
      'UsePreviousTemplate': 'true', 'Parameters.member.1.ParameterKey': 'EnablePITR', 'Parameters.member.1.UsePreviousValue': 'true',
    });
    expect(Object.values(input)).toEqual(expect.arrayContaining(LIMITER_TAGS.map(({ Key }) => Key)));
    expect(writes()).not.toContain('CreateBackup');
  });

  test('touches nothing but the code with --lambda-only', async () => {
    const { stderr } = await run('upgrade -n limits --lambda-only');

    expect([stderr, writes()]).toEqual(['[1/1] Lambda code of limits-aggregator: 0.0.9 → 0.1.0\n', [PUT, TAG]]);
  });

  test.each(['--plan', '--dry-run'])('changes nothing with %s, and says what it would', async (how) => {
    const { code, stdout } = await run(`upgrade -n limits ${how}`);

    expect([code, stdout, writes()]).toEqual([0, 'Plan: nothing was changed.\n  ~ limits-aggregator  0.0.9 → 0.1.0\n  ~ Tags of table and stack\n  ~ Version record\n', []]);
  });

  test('does nothing when all is up to date, unless it is forced to', async () => {
    const { stdout } = await run('upgrade -n limits', CURRENT);
    expect([stdout, writes()]).toEqual(['✓ limits is up to date (0.1.0)\n', []]);
    await aws!.close();

    await run('upgrade -n limits --force --no-backup', CURRENT);
    expect(writes()).toEqual([PUT, TAG, 'TagResource', 'UpdateStack', 'UpdateItem']);
    await aws!.close();

    await run('upgrade -n limits --force --lambda-only', CURRENT);
    expect(writes()).toEqual([PUT, TAG]);
  });

  const OLD_STACK = stack('CREATE_COMPLETE', { Tags: [{ Key: 'ManagedBy', Value: 'zae-limiter' }, { Key: 'zae-limiter:version', Value: '0.0.9' }] });

  test.each<[name: string, line: string, left: Answers, written: readonly string[]]>([
    ['the tags and the version record', '', { ListTagsOfResource: OLD.ListTagsOfResource!, GetItem: [OLD_RECORD] }, ['TagResource', 'UpdateStack', 'UpdateItem']],
    ['the tags of the stack', '', { DescribeStacks: [OLD_STACK, stack('UPDATE_COMPLETE')] }, ['TagResource', 'UpdateStack']],
    ['the version record', '', { GetItem: [OLD_RECORD] }, ['UpdateItem']],
    ['a version record of the same version that another schema has', '', { GetItem: [{ Item: { ...VERSION_RECORD.Item, schema_version: { S: '0.9.0' } } }] }, ['UpdateItem']],
    ['a function that has no tag', '', { [GET]: [fn(undefined)] }, [PUT, TAG]],
    ['nothing of the table with --lambda-only', ' --lambda-only', { GetItem: [OLD_RECORD] }, []],
  ])('finishes what was interrupted: %s', async (_, flags, left, written) => {
    const { code } = await run(`upgrade -n limits --no-backup${flags}`, { ...CURRENT, ...left });

    expect([code, writes()]).toEqual([0, written]);
  });

  test('brings up the tags and the version record of a limiter without functions', async () => {
    await run('upgrade -n limits --no-backup', { ListStackResources: [{ StackResourceSummaries: [] }] });

    expect(writes()).toEqual(['TagResource', 'UpdateStack', 'UpdateItem']);
  });

  const others = (...functions: object[]): Answers => ({
    ListStackResources: [{ StackResourceSummaries: [resource('LimiterAggregatorFunction1', 'AWS::Lambda::Function', 'limits-aggregator'), ...functions] }],
  });

  test.each<[name: string, found: Answer]>([
    ['without the tag', fn(undefined, { name: 'app-NewsAggregator-1' })],
    ['with the tag, which CloudFormation gives to all that a tagged stack holds', fn('0.0.9', { name: 'app-NewsAggregator-1', description: 'Adds up news' })],
    ['of another limiter', fn('0.0.9', { name: 'app-NewsAggregator-1', description: 'Adds up the usage of the rate limiter limits-eu' })],
    ['in another language', fn('0.0.9', { name: 'app-NewsAggregator-1', runtime: 'python3.12' })],
  ])('never touches a foreign function %s', async (_, found) => {
    const { code } = await run('upgrade -n limits --force --no-backup', {
      ...others(resource('NewsAggregator', 'AWS::Lambda::Function', 'app-NewsAggregator-1'), resource('Mailer', 'AWS::Lambda::Function', 'app-Mailer-1')),
      'GET /2015-03-31/functions/app-NewsAggregator-1': [found],
    });

    expect(code).toBe(0);
    expect(writes()).toEqual([PUT, TAG, 'TagResource', 'UpdateStack', 'UpdateItem']);
    expect(aws!.calls.map(({ operation }) => operation)).not.toContain('GET /2015-03-31/functions/app-Mailer-1');
  });

  test('knows functions that CloudFormation named by what the construct says of them', async () => {
    const app = new App();
    const made = new Stack(app, 'made');
    new ZaeLimiter(made, 'Limiter', { limiterName: 'limits', naming: ResourceNaming.GENERATED, availabilityProbe: {} });
    const functions = Object.entries(Template.fromStack(made).findResources('AWS::Lambda::Function', { Properties: { Runtime: 'nodejs24.x' } })) as
      [id: string, { Properties: { Description: string } }][];

    const { stdout } = await run('upgrade -n limits --lambda-only --plan -o json', {
      ListStackResources: [{ StackResourceSummaries: functions.map(([id]) => resource(id, 'AWS::Lambda::Function', id)) }],
      ...Object.fromEntries(functions.map(([id, { Properties }]) =>
        [`GET /2015-03-31/functions/${id}`, [fn('0.0.9', { name: id, description: Properties.Description })]])),
    });

    expect((JSON.parse(stdout) as { functions: object[] }).functions).toHaveLength(3);
  });

  test('follows its schema', async () => {
    expect(await invokeJson(['upgrade', '-n', 'limits', ...await place({})], { clock: impatient })).toMatchObject({
      status: 'upgraded', version: '0.1.0', tags: true, record: true, functions: [{ name: 'limits-aggregator', from: '0.0.9', replaced: true }],
    });
  });

  test('goes on when the stack has these tags already', async () => {
    const { code } = await run('upgrade -n limits', { UpdateStack: [{ error: 'ValidationError', message: 'No updates are to be performed.' }] });

    expect([code, writes().at(-1)]).toEqual([0, 'UpdateItem']);
  });

  test('leaves the tags of a stack alone that holds more than the limiter', async () => {
    await run('upgrade -n limits', { DescribeStacks: [stack('CREATE_COMPLETE', { Tags: [] })] });

    expect(writes()).not.toContain('UpdateStack');
  });

  test.each<[name: string, answers: Answers, exit: number, message: RegExp]>([
    ['a table of another major schema', { GetItem: [{ Item: { ...VERSION_RECORD.Item, schema_version: { S: '9.0.0' } } }] }, 5, /follows schema 9\.0\.0/],
    ['functions of the Python library', { [GET]: [fn('0.0.9', { runtime: 'python3.12' })] }, 5, /runs python3\.12: the Python library deployed it/],
    ['a stack that is not there', { DescribeStacks: [{ error: 'ValidationError', message: 'Stack with id limits does not exist' }] }, 4, /no stack 'limits'/],
    ['a backup that may not be made', { CreateBackup: [{ error: 'AccessDeniedException', message: 'not allowed' }] }, 3, /not allowed/],
  ])('refuses %s before anything is changed', async (_, answers, exit, message) => {
    const { code, stderr } = await run('upgrade -n limits', answers);

    expect([code, stderr]).toEqual([exit, expect.stringMatching(message)]);
    expect(writes().filter((operation) => operation !== 'CreateBackup')).toEqual([]);
  });

  test('stops at a tagging of the stack that was refused, and says so', async () => {
    const { code } = await run('upgrade -n limits', { UpdateStack: [{ error: 'AccessDenied', message: 'not allowed', status: 403 }] });

    expect([code, writes().includes('UpdateItem')]).toEqual([3, false]);
  });
});

describe('check', () => {
  test('finds a table of this version compatible', async () => {
    const ns = await newNamespace();
    expect(await invokeJson(['check', '-n', ns.table])).toMatchObject({ result: 'compatible', updateAvailable: false });
  });

  test.each<[name: string, item: object, exit: number, result: RegExp]>([
    ['an older version', { updated_by: { S: 'cdk:0.0.9' } }, 0, /Result: COMPATIBLE \(update available\)\nzae-limiter upgrade --name limits/],
    ['another major schema', { schema_version: { S: '9.0.0' } }, 5, /Result: INCOMPATIBLE\n$/],
    ['a client that is too old', { client_min_version: { S: '99.0.0' } }, 5, /Result: INCOMPATIBLE\n$/],
    ['no version record', { schema_version: { NULL: true } }, 5, /Result: NOT INITIALIZED\nzae-limiter deploy/],
  ])('sees %s, on recorded responses', async (_, item, exit, result) => {
    const { code, stdout } = await run('check -n limits', { GetItem: [{ Item: { ...VERSION_RECORD.Item, ...item } }] });

    expect([code, stdout]).toEqual([exit, expect.stringMatching(result)]);
  });

  test('knows a table that is not there', async () => {
    expect((await invoke(['check', '-n', 'nothing-here'])).code).toBe(4);
  });
});

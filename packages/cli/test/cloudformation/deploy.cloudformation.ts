import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { invoke, invokeJson, type InvokeOptions, type Outcome } from '../support/cli';
import { startMoto, type Moto } from './moto';

/** A stack that moto can make whole: without IAM it has no function, which moto would not run. */
const SMALL = '--no-iam';

let moto: Moto;
let place: string[];
beforeAll(async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local', AWS_REGION: 'us-east-1' });
  moto = await startMoto();
  place = ['--endpoint-url', moto.endpoint, '--region', 'us-east-1'];
});
afterEach(() => moto.reset());
afterAll(() => moto.stop());

const words = (line: string): string[] => [...line.split(' '), ...place];
const run = (line: string, options?: InvokeOptions): Promise<Outcome> => invoke(words(line), options);
const json = (line: string, options?: InvokeOptions): Promise<Record<string, unknown>> => invokeJson(words(line), options);

async function stackStatus(name: string): Promise<string | undefined> {
  const client = new CloudFormationClient({ endpoint: moto.endpoint });
  try {
    return (await client.send(new DescribeStacksCommand({ StackName: name }))).Stacks?.[0]?.StackStatus;
  } catch {
    return undefined;
  }
}

const tables = async (): Promise<string[] | undefined> =>
  (await new DynamoDBClient({ endpoint: moto.endpoint }).send(new ListTablesCommand({}))).TableNames;

describe('deploy on moto', () => {
  test('makes the account ready, creates the stack, and leaves a table that clients can use', async () => {
    const { code, stdout, stderr } = await run(`deploy -n limits ${SMALL} --bootstrap`);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^✓ Stack create complete\nStack ID: arn:aws:cloudformation:us-east-1:123456789012:stack\/limits\//);
    expect(stderr).toMatch(/^Deploying stack: limits\n {2}Snapshot windows: +hourly,daily\n/);
    expect(stderr).toContain('  + AWS::DynamoDB::Table');
    expect(stderr).toMatch(/CREATE_COMPLETE +AWS::CloudFormation::Stack/);
    expect(stderr).toMatch(/✓ Version record initialized\n✓ Default namespace registered\n$/);
    expect(await json('resource list -n limits')).toMatchObject({ resources: [] });
  });

  test('says what to do when the account was never made ready for the CDK', async () => {
    const { code, stderr } = await run(`deploy -n limits ${SMALL}`);

    expect(code).toBe(4);
    expect(stderr).toMatch(/Error: the account and region are not ready for the CDK: .*bootstrapped\?\n {2}zae-limiter deploy --bootstrap/);
    expect(await stackStatus('limits')).toBeUndefined();
  });

  test('changes nothing when nothing changed, and updates what did', async () => {
    await run(`deploy -n limits ${SMALL} --bootstrap`);

    expect(await json(`deploy -n limits ${SMALL}`)).toMatchObject({ status: 'UNCHANGED', changes: [] });
    const updated = await json(`deploy -n limits ${SMALL} --no-alarms --yes`);
    expect(updated).toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect(updated.changes).toEqual(expect.arrayContaining([expect.objectContaining({ action: 'Remove', type: 'AWS::CloudWatch::Alarm' })]));
  });

  test('asks before it removes anything: without a terminal it refuses, and a no leaves the stack as it is', async () => {
    await run(`deploy -n limits ${SMALL} --bootstrap`);

    const { code, stderr } = await run(`deploy -n limits ${SMALL} --no-alarms`);
    expect([code, stderr]).toEqual([7, expect.stringContaining('Are you sure you want to remove or replace LimiterAlarms')]);
    expect((await run(`deploy -n limits ${SMALL} --no-alarms`, { tty: true, answers: [false] })).code).toBe(7);
    expect(await stackStatus('limits')).toBe('CREATE_COMPLETE');
  });

  test('shows with --dry-run what it would create, and leaves no stack behind', async () => {
    await run(`deploy -n other ${SMALL} --bootstrap`);

    expect(await json(`deploy -n limits ${SMALL} --dry-run`)).toMatchObject({
      status: 'PLANNED', changes: expect.arrayContaining([expect.objectContaining({ action: 'Add', type: 'AWS::DynamoDB::Table' })]) as unknown,
    });
    expect([await tables(), await stackStatus('limits')]).toEqual([['other'], undefined]);
  });

  test('returns at once with --no-wait', async () => {
    await run(`deploy -n other ${SMALL} --bootstrap`);
    const { code, stdout } = await run(`deploy -n limits ${SMALL} --no-wait`);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^⏳ CloudFormation has begun\nStack ID: .*\nzae-limiter status --name limits {3}shows how far it is\n$/);
  });
});

describe('delete on moto', () => {
  test('says what stays, deletes the stack, and keeps the table', async () => {
    await run(`deploy -n limits ${SMALL} --bootstrap`);
    const { code, stdout, stderr } = await run('delete -n limits --yes');

    expect([code, stdout]).toEqual([0, "✓ Stack 'limits' deleted successfully\n"]);
    expect(stderr).toMatch(/^ {2}Stack: limits \(CREATE_COMPLETE\)\n {2}Items: \d+\n {2}Stays: limits\n/);
    expect(await stackStatus('limits')).toBeUndefined();
    expect(await tables()).toEqual(['limits']);
  });

  test('refuses without a terminal, and leaves the stack as it is', async () => {
    await run(`deploy -n limits ${SMALL} --bootstrap`);
    const { code, stderr } = await run('delete -n limits');

    expect([code, stderr]).toEqual([7, expect.stringContaining("Are you sure you want to delete stack 'limits'?")]);
    expect(await stackStatus('limits')).toBe('CREATE_COMPLETE');
  });

  test('changes nothing with --dry-run', async () => {
    await run(`deploy -n limits ${SMALL} --bootstrap`);

    expect(await json('delete -n limits --dry-run')).toMatchObject({ status: 'PLANNED', retained: ['limits'] });
    expect(await stackStatus('limits')).toBe('CREATE_COMPLETE');
  });

  test('knows a stack that is not there', async () => {
    const { code, stderr } = await run('delete -n nothing --yes');

    expect([code, stderr]).toEqual([4, expect.stringMatching(/^Error: there is no stack 'nothing'\n {2}zae-limiter list/)]);
  });

  test('needs a name', async () => {
    expect((await run('delete --yes')).code).toBe(2);
  });
});

describe('a whole limiter on moto, which makes functions and does not run them', () => {
  beforeEach(async () => {
    expect((await run('deploy -n limits --bootstrap')).code).toBe(0);
  });

  test('is found by status, with its policies by their resources, because moto shows no outputs of a change set', async () => {
    expect(await json('status -n limits')).toMatchObject({
      health: 'ready', stack: 'CREATE_COMPLETE', table: 'ACTIVE', aggregator: true,
      policies: { acquireOnly: 'arn:aws:iam::123456789012:policy/limits-acq', readOnly: 'arn:aws:iam::123456789012:policy/limits-read' },
    });
  });

  test('is found by list, by its tags', async () => {
    expect(await json('list')).toMatchObject({ instances: [{ name: 'limits', status: 'CREATE_COMPLETE', version: '0.1.0', schema: '0.10.0' }], attention: 0 });
  });

  test('gets other code with upgrade --lambda-only --force', async () => {
    expect(await json('upgrade -n limits --lambda-only --force')).toMatchObject({
      status: 'upgraded', functions: [{ name: expect.stringMatching(/^limits-/) as unknown, replaced: true }, { replaced: true }],
    });
  });
});

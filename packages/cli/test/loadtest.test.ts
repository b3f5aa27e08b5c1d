import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Limit, type AcquireRequest } from '@zae-limiter/client';
import { FakeClock } from '@zae-limiter/client/testing';
import { arrange } from './support/arrange';
import { invoke, invokeJson, type InvokeOptions } from './support/cli';
import { fakeAws, queryAnswer, queryError, type FakeAws, type FakeService } from './support/fake-aws';
import { expectGolden } from './support/golden';
import { newNamespace, type TestNamespace } from './support/namespace';

const folder = mkdtempSync(join(tmpdir(), 'zae-limiter-loadtest-'));
const hooks = globalThis as { loadtestTurn?: () => AcquireRequest };

let ns: TestNamespace;
let clock: FakeClock;
beforeAll(() => writeFileSync(join(folder, 'load.cjs'), 'module.exports = { Chat: () => globalThis.loadtestTurn(), Batch: () => globalThis.loadtestTurn() };'));
beforeEach(async () => {
  ns = await newNamespace();
  clock = new FakeClock();
  const { limiter } = await arrange(ns, clock);
  await limiter.admin.limits.set([Limit.perDay('rpm', 5)]);
  hooks.loadtestTurn = () => { // each request takes 100 milliseconds of the load's time
    clock.advance(100);
    return { entity: 'user-1', resource: 'gpt-4', consume: { rpm: 1 } };
  };
});
afterEach(() => { delete hooks.loadtestTurn; });

const invokeHere = (argv: readonly string[], options: InvokeOptions = {}) => ns.invoke(['loadtest', ...argv], { cwd: folder, clock, ...options });
/** Answers take as long as the machine needs. */
const withoutTimes = (text: string): string => text.replace(/\d+\.\d ms/g, 'N ms').replace(/RPS: +.*/, 'RPS:      N');

describe('loadtest run --local', () => {
  test('takes tokens from DynamoDB, and measures the answers', async () => {
    const { code, stdout, stderr } = await invokeHere(['run', '--local', '-f', 'load.cjs', '--users', '1', '--duration', '1s', '--yes'], { tty: true });

    expect(code).toBe(0);
    expectGolden('loadtest-run', withoutTimes(stdout));
    expect(stderr).toContain('Loading with 1 user(s): 10 requests');
  });

  test('has the numbers as JSON', async () => {
    expect(await ns.json(['loadtest', 'run', '--local', '-f', 'load.cjs', '--users', '1', '--duration', '1', '--yes', 'Batch'], { cwd: folder, clock }))
      .toMatchObject({ requests: 10, denied: 5, failures: 0, errors: {} });
  });

  test('ends early at Ctrl-C, and shows what was done', async () => {
    const interruption = new AbortController();
    let turns = 0;
    hooks.loadtestTurn = () => {
      if (++turns === 3) interruption.abort();
      return { entity: 'user-1', resource: 'gpt-4', consume: { rpm: 1 } };
    };

    expect(await invokeHere(['run', '--local', '-f', 'load.cjs', '--users', '1', '-y'], { signal: interruption.signal }))
      .toMatchObject({ code: 130, stdout: expect.stringContaining('Requests: 3\n') });
  });

  test.each([
    ['without --yes, when requests would go to AWS', ['-f', 'load.cjs'], { env: { AWS_ENDPOINT_URL_DYNAMODB: '' } }, 7],
    ['in a dry run', ['-f', 'load.cjs', '--dry-run'], {}, 2],
    ['without a scenario', [], {}, 2],
    ['with a scenario that is not there', ['-f', 'missing.yaml'], {}, 2],
    ['with a class that the scenario does not have', ['-f', 'load.cjs', 'Other'], {}, 2],
    ['with a flag of the generator in AWS', ['-f', 'load.cjs', '--workers', '3'], {}, 2],
    ['with another one', ['-f', 'load.cjs', '--cpu', '1024'], {}, 2],
    ['with no users', ['-f', 'load.cjs', '--users', '0'], {}, 2],
  ])('sends nothing %s', async (_, argv, options: InvokeOptions, code) => {
    hooks.loadtestTurn = () => { throw new Error('a request was made'); };
    const local = 'env' in options ? [] : ['--endpoint-url', process.env.AWS_ENDPOINT_URL_DYNAMODB!];

    expect(await invokeHere(['run', '--local', ...argv, ...local], options)).toMatchObject({ code, stdout: '' });
  });
});

describe('loadtest tune --local', () => {
  const argv = ['tune', '--local', '-f', 'load.cjs', '--max-users', '1', '--baseline-duration', '500ms', '--step-duration', '300ms', '--yes'];

  test('shows the steps, the optimum and what it means for more users', async () => {
    const { code, stdout } = await invokeHere([...argv.slice(0, 4), '--max-users', '2', ...argv.slice(6), '--threshold', '0', '--spawn-rate', '1000'], { tty: true });

    expect(code).toBe(0);
    expect(stdout).toMatch(/^Users +RPS +p50 +p95 +p99 +Reqs +Efficiency\n─+\n +1 .* 5 +100%\n +2 /);
    expect(stdout).toMatch(/Optimum: 2 user\(s\) of one process, .*\n {2}100 users: 50 process\(es\), .*\n/);
    expect(stdout).toMatch(/ {2}500 users: 250 .*\n {2}1,000 users: 500 /);
  });

  test('has the numbers as JSON', async () => {
    expect(await ns.json(['loadtest', ...argv], { cwd: folder, clock })).toMatchObject({
      steps: [{ users: 1, requests: 5, efficiency: 1 }], optimum: { users: 1 },
      recommendations: [{ users: 100, processes: 100 }, { users: 500 }, { users: 1000 }],
    });
  });

  test('says nothing about a load that was cut short', async () => {
    const interruption = new AbortController();
    hooks.loadtestTurn = () => {
      interruption.abort();
      return { entity: 'user-1', resource: 'gpt-4', consume: { rpm: 1 } };
    };

    expect(await invokeHere(argv, { signal: interruption.signal })).toMatchObject({ code: 130, stdout: '' });
  });

  test.each([['a flag of the generator in AWS', ['--port', '8089']], ['a threshold above 1', ['--threshold', '2']]])('refuses %s', async (_, rest) => {
    expect(await invokeHere([...argv, ...rest])).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('the load generator in AWS', () => {
  test.each([
    ['deploy', ['--vpc-id', 'vpc-1', '--subnet-ids', 'a,b', '--max-workers', '100', '--users-per-worker', '10', '--min-workers', '1', '--startup-lead-time', '20',
      '--lambda-timeout', '5', '--lambda-memory', '1769', '--capacity-provider', 'FARGATE', '--ssm-endpoint', '--no-dynamodb-endpoint', '-C', '.']],
    ['push', ['-C', 'folder']],
    ['ui', ['-f', 'f.py', '--port', '8089', '--destroy', '--force', '--standalone', '--max-workers', '5', '--cpu', '1024', '--memory', '4096', '--pool-connections', '1000']],
    ['connect', ['-f', 'f.py']],
    ['run', ['-f', 'f.py', '--users', '20', '--duration', '60', '--spawn-rate', '10', '--cpu', '1024', '--memory', '4096', '--port', '8089', '--workers', '3', '--standalone', 'A', 'B']],
    ['tune', ['-f', 'f.py', '--max-users', '40', '--threshold', '0.80', '--step-duration', '30', '--baseline-duration', '60', '--spawn-rate', '10', '--cpu', '512', '--standalone', 'A']],
  ])('is not here: %s takes the flags that scripts hold, and says what to do', async (name, flags) => {
    const { code, stdout, stderr } = await invoke(['loadtest', name, '-n', 'my-limiter', '--region', 'us-east-1', ...flags]);

    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('zae-limiter loadtest run --local -f FILE');
  });
});

describe('stacks of load generators, with recorded responses of CloudFormation', () => {
  const tag = (key: string, text: string): string => `<member><Key>${key}</Key><Value>${text}</Value></member>`;
  const TAGS = tag('ManagedBy', 'zae-limiter') + tag('zae-limiter:type', 'load-test');
  const stack = (name: string, status = 'CREATE_COMPLETE', tags = TAGS): string =>
    `<member><StackId>arn:aws:cloudformation:us-east-1:123456789012:stack/${name}/1</StackId><StackName>${name}</StackName>`
    + `<CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>${status}</StackStatus><Tags>${tags}</Tags></member>`;
  let aws: FakeAws;
  afterEach(() => aws.close());
  const serve = async (answer: FakeService): Promise<readonly string[]> => {
    aws = await fakeAws(answer);
    return ['--endpoint-url', aws.url, '--region', 'us-east-1'];
  };
  const described = (...stacks: string[]) => queryAnswer('DescribeStacks', `<Stacks>${stacks.join('')}</Stacks>`);
  /** A stack that is gone once it was deleted. */
  const deletable: FakeService = ({ operation }) => {
    if (operation === 'DeleteStack') return queryAnswer('DeleteStack', '');
    if (operation === 'DescribeStackEvents') return queryAnswer(operation, '<StackEvents></StackEvents>');
    return described(stack('my-limiter-load', aws.calls.some((call) => call.operation === 'DeleteStack') ? 'DELETE_COMPLETE' : 'CREATE_COMPLETE'));
  };

  test('are listed by their tags, over all pages', async () => {
    const place = await serve(({ parameters }) => (parameters.NextToken === undefined
      ? queryAnswer('DescribeStacks', `<Stacks>${stack('my-limiter', undefined, tag('ManagedBy', 'zae-limiter'))}${stack('my-limiter-load')}${stack('truck-load', undefined, '')}</Stacks><NextToken>2</NextToken>`)
      : described(stack('other-load', 'UPDATE_IN_PROGRESS'))));

    expectGolden('loadtest-list', (await invoke(['loadtest', 'list', ...place], { tty: true })).stdout);
    expect(await invokeJson(['loadtest', 'list', ...place])).toMatchObject({ stacks: [{ name: 'my-limiter-load', limiter: 'my-limiter' }, { name: 'other-load' }] });
  });

  test('are none where there are none', async () => {
    expect((await invoke(['loadtest', 'list', ...await serve(() => described())])).stdout).toBe('No load generators found\n');
  });

  test('are deleted', async () => {
    const { code, stdout, stderr } = await invoke(['loadtest', 'delete', '-n', 'my-limiter', '--yes', ...await serve(deletable)], { tty: true });

    expect([code, stdout]).toEqual([0, "✓ Stack 'my-limiter-load' deleted successfully\n"]);
    expect(stderr).toContain('Deleting stack my-limiter-load');
    expect(aws.calls.map(({ operation }) => operation)).toContain('DeleteStack');
  });

  test('follow the schema', async () => {
    expect(await invokeJson(['loadtest', 'delete', '-n', 'my-limiter', '--yes', ...await serve(deletable)])).toMatchObject({ stack: 'my-limiter-load', deleted: true });
  });

  test.each([
    ['without --yes where nobody can answer', [], {}, 7],
    ['when the answer is no', [], { tty: true, answers: [false] }, 7],
    ['in a dry run', ['--dry-run'], {}, 0],
  ])('stay %s', async (_, argv, options: InvokeOptions, code) => {
    expect(await invoke(['loadtest', 'delete', '-n', 'my-limiter', ...argv, ...await serve(deletable)], options)).toMatchObject({ code });
    expect(aws.calls.map(({ operation }) => operation)).not.toContain('DeleteStack');
  });

  test('cannot be deleted when they are not there', async () => {
    const place = await serve(() => ({ status: 400, body: queryError('ValidationError', 'Stack with id my-limiter-load does not exist') }));

    expect(await invoke(['loadtest', 'delete', '-n', 'my-limiter', '--yes', ...place])).toMatchObject({ code: 4, stderr: expect.stringContaining('loadtest list') });
  });

  test('that cannot be deleted are a failure', async () => {
    const place = await serve((call) => (call.operation === 'DescribeStacks' && aws.calls.some(({ operation }) => operation === 'DeleteStack')
      ? described(stack('my-limiter-load', 'DELETE_FAILED'))
      : deletable(call)));

    expect(await invoke(['loadtest', 'delete', '-n', 'my-limiter', '--yes', ...place])).toMatchObject({
      code: 3, stderr: expect.stringMatching(/was not deleted\nError: the stack ended in DELETE_FAILED/),
    });
  });

  test('are not what only has the name of one', async () => {
    const place = await serve(({ operation }) => (operation === 'DescribeStacks' ? described(stack('my-limiter-load', undefined, '')) : undefined));

    expect(await invoke(['loadtest', 'delete', '-n', 'my-limiter', '--yes', ...place])).toMatchObject({
      code: 1, stderr: expect.stringContaining("stack 'my-limiter-load' is not that of a load generator"),
    });
    expect(aws.calls.map(({ operation }) => operation)).toEqual(['DescribeStacks']);
  });

  test('need an answer of AWS', async () => {
    const place = await serve(() => ({ status: 403, body: queryError('AccessDenied', 'no') }));

    expect(await invoke(['loadtest', 'delete', '-n', 'my-limiter', '--yes', ...place])).toMatchObject({ code: 3 });
  });
});

import { invoke, type Outcome } from './support/cli';
import { newFolder, type Folder } from './support/folder';
import { lambdaServer, type LambdaServer } from './support/lambda-server';
import { newNamespace, type TestNamespace } from './support/namespace';

let server: LambdaServer;
let ns: TestNamespace;
let folder: Folder;
/** What the function does before it applies. */
let beforeApply: () => Promise<void>;
beforeAll(async () => { server = await lambdaServer(async (action) => (action === 'apply' ? beforeApply() : undefined)); });
afterAll(() => server.close());
beforeEach(async () => {
  ns = await newNamespace();
  folder = newFolder();
  server.commands.length = 0;
  beforeApply = async () => {};
});
afterEach(() => folder.remove());

const MANIFEST = `
system: { on_unavailable: block }
resources: { openai/gpt-4o: { limits: { rpm: { capacity: 5 } } } }
entities: { user-1: { resources: { openai/gpt-4o: { limits: { rpm: { capacity: 1 } } } } } }
`;

function run(argv: readonly string[], manifest = MANIFEST, signal?: AbortSignal): Promise<Outcome> {
  folder.write('limits.yaml', `namespace: ${ns.name}${manifest}`);
  return ns.invoke([...argv, '-f', 'limits.yaml', '--via', 'lambda', '--endpoint-url', server.url], { cwd: folder.path, ...(signal && { signal }) });
}

describe('--via lambda', () => {
  test('plans, applies and compares through the function alone', async () => {
    expect(await run(['limits', 'plan', '--detailed-exitcode'])).toMatchObject({ code: 6, stdout: expect.stringContaining('+ entity   user-1/openai/gpt-4o') });
    expect(await run(['limits', 'apply'])).toMatchObject({ code: 0, stdout: expect.stringContaining('Applied: 3 created, 0 updated, 0 deleted.') });
    expect(await run(['limits', 'diff'])).toMatchObject({ code: 0 });
    expect(await ns.json(['resource', 'get-defaults', 'openai/gpt-4o'])).toMatchObject({ limits: [{ name: 'rpm', capacity: 5 }] });
    expect(server.commands.map(({ action }) => action)).toEqual(['diff', 'diff', 'diff', 'apply', 'diff']);
  });

  test('waits for a function that runs longer than an AWS call may take', async () => {
    beforeApply = async () => new Promise((done) => setTimeout(done, 600));
    expect(await run(['limits', 'apply', '--timeout', '300ms'])).toMatchObject({ code: 0, stdout: expect.stringContaining('3 created') });
  });

  test('says after Ctrl-C that the function goes on', async () => {
    const interruption = new AbortController();
    beforeApply = async () => interruption.abort();
    expect(await run(['limits', 'apply'], MANIFEST, interruption.signal)).toMatchObject({
      code: 130, stderr: expect.stringContaining(`${ns.table}-limits-provisioner goes on in AWS`),
    });
  });

  test('asks before limits are removed', async () => {
    await run(['limits', 'apply']);
    expect(await run(['limits', 'apply'], '\n')).toMatchObject({ code: 7 });
    expect(await run(['limits', 'apply', '--yes'], '\n')).toMatchObject({ code: 0, stdout: expect.stringContaining('3 deleted') });
  });

  test('carries out a plan that was kept, unless the limits changed', async () => {
    expect(await run(['limits', 'plan', '--out', 'plan.json'])).toMatchObject({ code: 0 });
    const applyPlan = (): Promise<Outcome> => ns.invoke(['limits', 'apply', 'plan.json', '--via', 'lambda', '--endpoint-url', server.url], { cwd: folder.path });

    expect(await applyPlan()).toMatchObject({ code: 0 });
    expect(await applyPlan()).toMatchObject({ code: 1, stderr: expect.stringContaining('the limits changed since the plan was made') });
  });

  test.each([
    ['a function that is not there', ['limits', 'plan', '-n', 'another'], 4, "there is no function 'another-limits-provisioner'"],
    ['what the function cannot look up', ['limits', 'plan', '--on-conflict', 'skip'], 2, '--on-conflict skip needs the audit trail'],
    ['a dry run', ['limits', 'apply', '--dry-run'], 2, 'limits plan --via lambda'],
  ])('refuses %s', async (_, argv, code, message) => {
    folder.write('limits.yaml', `namespace: ${ns.name}${MANIFEST}`);
    const place = argv.includes('-n') ? [] : ['-n', ns.table];
    const outcome = await invoke([...argv, ...place, '-f', 'limits.yaml', '--via', 'lambda', '--endpoint-url', server.url], { cwd: folder.path });
    expect(outcome).toMatchObject({ code, stderr: expect.stringContaining(message) });
  });

  test('refuses a namespace that is not registered, and registers none', async () => {
    folder.write('limits.yaml', 'namespace: nobody\n');
    for (const verb of ['plan', 'apply']) {
      const outcome = await invoke(['limits', verb, '-n', ns.table, '-f', 'limits.yaml', '--via', 'lambda', '--endpoint-url', server.url], { cwd: folder.path });
      expect(outcome).toMatchObject({ code: 4, stderr: expect.stringContaining('zae-limiter namespace register') });
    }
  });

  test('passes on why the function failed', async () => {
    await run(['limits', 'apply']);
    const { LimitsProvisioner, parseManifest } = await import('@zae-limiter/client/admin');
    const { connectDynamoDbTable } = await import('../../../test/support/table');
    const { client, store } = await connectDynamoDbTable();
    const { namespaceId } = JSON.parse((await run(['limits', 'plan', '--out', 'plan.json'])) && folder.read('plan.json')) as { namespaceId: string };
    await new LimitsProvisioner({ store, namespaceId }).apply(parseManifest({ namespace: ns.name, system: { on_unavailable: 'allow' } }), { owner: 'a-stack|Limits', adoptExisting: true });
    client.destroy();

    expect(await run(['limits', 'apply', '--yes'])).toMatchObject({
      code: 1, stderr: expect.stringMatching(/a-stack\|Limits[\s\S]*aws logs tail \/aws\/lambda\/\S+-limits-provisioner/),
    });
    expect(await run(['limits', 'apply', '--yes', '--adopt'])).toMatchObject({ code: 0 });
  });
});

import { existsSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RateLimiter } from '@zae-limiter/client';
import { int } from '@zae-limiter/client/schema/attributes';
import { usageIdentity, usageKey, usageOrigin } from '@zae-limiter/client/schema/usage-item';
import { FakeClock } from '@zae-limiter/client/testing';
import { connectDynamoDbTable, PATIENCE_MS } from '../../../test/support/table';
import { checkSchema } from './support/cli';
import { expectGolden } from './support/golden';
import { newNamespace, type TestNamespace } from './support/namespace';

let ns: TestNamespace;
let clock: FakeClock;
beforeEach(async () => {
  ns = await newNamespace();
  clock = new FakeClock();
});

const run = (...argv: string[]) => ns.invoke(['entity', ...argv], { clock });
const onTerminal = async (argv: string[], answers: boolean[] = []) => ns.invoke(['entity', ...argv], { clock, tty: true, answers });
const json = (...argv: string[]) => ns.json(['entity', ...argv], { clock });

async function ok(...argv: string[]): Promise<void> {
  const { code, stderr } = await run(...argv);
  if (code !== 0) throw new Error(stderr);
}

const limiter = (): Promise<RateLimiter> => RateLimiter.open({ stack: ns.table, namespace: ns.name, timeoutMs: PATIENCE_MS, clock });

/** An entity that has one of everything. */
async function used(id: string): Promise<void> {
  await ok('create', id, '--display-name', 'Ada', '--parent', 'org-1', '--metadata', 'plan=pro');
  await ok('create', `child-of-${id}`, '--parent', id);
  await ok('set-limits', id, '-r', 'gpt-4', '-l', 'rpm:10');
  await ok('set-limits', id, '-l', 'rpm:20');
  const open = await limiter();
  await open.acquire({ entity: id, resource: 'gpt-4', consume: { rpm: 1 } }).then((lease) => lease.commit());
  const { store, client } = await connectDynamoDbTable();
  const namespaceId = (await open.admin.namespaces.get(ns.name))!.id;
  const start = '2100-01-01T00:00:00Z';
  const { pk, sk } = usageKey(namespaceId, id, 'gpt-4', 'hourly', start);
  await store.transact([{
    put: { PK: { S: pk }, SK: { S: sk }, ...usageIdentity(namespaceId, id, 'gpt-4', start), ...usageOrigin(namespaceId, id, 'gpt-4', 'hourly', start), rpm: int(1), total_events: int(1) },
  }]);
  client.destroy();
}

describe('entity create', () => {
  test('creates a record below a parent', async () => {
    const { code, stdout } = await onTerminal(['create', 'user-1', '--display-name', 'Ada', '--parent', 'org-1', '--cascade', '--metadata', 'plan=pro', '--metadata', 'eq=a=b']);

    expect(code).toBe(0);
    expectGolden('entity-create', stdout);
    expect(await json('show', 'user-1')).toMatchObject({ id: 'user-1', name: 'Ada', parentId: 'org-1', cascade: true, metadata: { plan: 'pro', eq: 'a=b' } });
  });

  test('needs nothing but an id', async () => {
    expect(await json('create', 'user-1', '--no-cascade')).toMatchObject({ name: 'user-1', parentId: null, cascade: false, metadata: {}, createdAt: '2100-01-01T00:00:00Z' });
  });

  test.each([
    ['an id that is none', 2, ['no id']],
    ['metadata without a value', 2, ['user-2', '--metadata', 'plan']],
    ['itself for a parent', 2, ['user-2', '--parent', 'user-2']],
    ['an entity that is there already', 1, ['user-1']],
  ])('refuses %s with exit code %d', async (_, exitCode, args) => {
    await ok('create', 'user-1');

    expect((await run('create', ...args)).code).toBe(exitCode);
    expect(await json('list')).toMatchObject({ entities: [{ id: 'user-1' }] });
  });

  test('writes nothing with --dry-run', async () => {
    expect((await run('create', 'user-1', '--dry-run')).stdout).toContain('would be written, nothing was');
    expect((await run('show', 'user-1')).code).toBe(4);
  });
});

describe('entity show', () => {
  test('shows the record', async () => {
    await ok('create', 'user-1', '--display-name', 'Ada', '--parent', 'org-1', '--metadata', 'plan=pro');

    expectGolden('entity-show', (await onTerminal(['show', 'user-1'])).stdout);
  });

  test('ends with exit code 4 when there is none, and says what creates it', async () => {
    const { code, stderr } = await run('show', 'user-1');

    expect(code).toBe(4);
    expect(stderr).toContain('entity create');
  });
});

describe('entity update', () => {
  beforeEach(async () => ok('create', 'user-1', '--display-name', 'Ada', '--parent', 'org-1', '--metadata', 'plan=pro'));

  test('changes what is given, keeps the rest, and shows both', async () => {
    expectGolden('entity-update', (await onTerminal(['update', 'user-1', '--parent', 'org-2', '--cascade', '--metadata', 'plan=free'])).stdout);
    expect(await json('show', 'user-1')).toMatchObject({ name: 'Ada', parentId: 'org-2', cascade: true, metadata: { plan: 'free' } });
  });

  test('removes the parent and the metadata', async () => {
    const { before, after } = await json('update', 'user-1', '--remove-parent', '--clear-metadata', '--display-name', 'Bob');

    expect(before).toMatchObject({ name: 'Ada', parentId: 'org-1', metadata: { plan: 'pro' } });
    expect(after).toMatchObject({ name: 'Bob', parentId: null, metadata: {} });
  });

  test.each([
    ['nothing to change', 2, ['user-1']],
    ['a parent and none', 2, ['user-1', '--parent', 'org-2', '--remove-parent']],
    ['metadata and none', 2, ['user-1', '--metadata', 'a=b', '--clear-metadata']],
    ['an entity that is not there', 4, ['user-2', '--cascade']],
  ])('refuses %s with exit code %d', async (_, exitCode, args) => {
    expect((await run('update', ...args)).code).toBe(exitCode);
    expect(await json('show', 'user-1')).toMatchObject({ name: 'Ada', parentId: 'org-1', cascade: false, metadata: { plan: 'pro' } });
  });

  test('writes nothing with --dry-run', async () => {
    expect((await run('update', 'user-1', '--cascade', '--dry-run')).stdout).toContain('update ');
    expect(await json('show', 'user-1')).toMatchObject({ cascade: false });
  });
});

describe('limits of an entity', () => {
  test('are stored for all resources unless one is named', async () => {
    const { code, stdout } = await run('set-limits', 'user-1', '-l', 'rpm:10');
    await ok('set-limits', 'user-1', '--resource', 'gpt-4', '-l', 'rpm:20');

    expect([code, stdout]).toEqual([0, "Set 1 limit(s) for entity 'user-1' (resource=_default_):\n  rpm: 10/min\n"]);
    expect(await json('get-limits', 'user-1')).toMatchObject({ resource: '_default_', limits: [{ capacity: 10 }] });
    expect(await json('get-limits', 'user-1', '-r', '_default_')).toMatchObject({ limits: [{ capacity: 10 }] });
    expect(await json('get-limits', 'user-1', '-r', 'gpt-4')).toMatchObject({ resource: 'gpt-4', limits: [{ capacity: 20 }] });
  });

  test('are shown, before and after a change', async () => {
    await ok('set-limits', 'user-1', '-r', 'gpt-4', '-l', 'rpm:10', '-l', 'tpm:1000:1500');

    expectGolden('entity-get-limits', (await onTerminal(['get-limits', 'user-1', '-r', 'gpt-4'])).stdout);
    expectGolden('entity-set-limits', (await onTerminal(['set-limits', 'user-1', '-r', 'gpt-4', '-l', 'rpm:15', '--merge'])).stdout);
    expect((await run('get-limits', 'user-2')).stdout).toBe("No limits configured for entity 'user-2' (resource=_default_)\n");
  });

  test.each([
    ['no limit', ['user-1']], ['an entity that is no id', ['user#1', '-l', 'rpm:1']], ['a resource that is no name', ['user-1', '-r', '_other_', '-l', 'rpm:1']],
  ])('refuse %s with exit code 2', async (_, args) => {
    expect((await run('set-limits', ...args)).code).toBe(2);
    expect(await json('list-resources')).toMatchObject({ resources: [] });
  });

  test('are removed when they are told to, and the live bucket follows (the Python command line leaves it)', async () => {
    await ns.invoke(['resource', 'set-defaults', 'gpt-4', '-l', 'rpm:5'], { clock });
    await ok('set-limits', 'user-1', '-r', 'gpt-4', '-l', 'rpm:10');
    const open = await limiter();
    await open.acquire({ entity: 'user-1', resource: 'gpt-4', consume: { rpm: 1 } }).then((lease) => lease.commit());

    expect((await run('delete-limits', 'user-1', '-r', 'gpt-4')).code).toBe(7);
    expect((await onTerminal(['delete-limits', 'user-1', '-r', 'gpt-4'], [false])).code).toBe(7);
    expect((await run('delete-limits', 'user-1', '-r', 'gpt-4', '--dry-run')).stdout).toContain('delete ');
    expect(await json('get-limits', 'user-1', '-r', 'gpt-4')).toMatchObject({ limits: [{ name: 'rpm' }] });
    expect(await json('delete-limits', 'user-1', '-r', 'gpt-4', '--yes')).toMatchObject({ removed: [{ capacity: 10 }] });

    expect(await json('get-limits', 'user-1', '-r', 'gpt-4')).toMatchObject({ limits: [] });
    expect((await open.admin.buckets.show('user-1', 'gpt-4'))[0]!.limits).toMatchObject([{ name: 'rpm', capacity: 5 }]);
  });

  test('need no confirmation when there are none', async () => {
    await ok('set-limits', 'user-1', '-l', 'rpm:10');

    expect((await onTerminal(['delete-limits', 'user-1'], [true])).stdout).toBe("Deleted limits for entity 'user-1' (resource=_default_)\n");
    expect(await run('delete-limits', 'user-1')).toMatchObject({ code: 0, stdout: "No limits configured for entity 'user-1' (resource=_default_)\n" });
  });
});

describe('entity list', () => {
  beforeEach(async () => {
    await ok('create', 'org-1', '--display-name', 'The org');
    await ok('create', 'user-1', '--parent', 'org-1', '--cascade');
    await ok('create', 'user-2', '--parent', 'org-1');
    for (const id of ['user-1', 'user-2', 'user-3']) await ok('set-limits', id, '-r', 'gpt-4', '-l', 'rpm:1');
    await ok('set-limits', 'user-9', '-l', 'rpm:1');
  });

  const ids = async (...args: string[]) => ((await json('list', ...args)).entities as { id: string }[]).map(({ id }) => id);

  test('lists all that have a record', async () => {
    expectGolden('entity-list', (await onTerminal(['list'])).stdout);
    expect((await run('list')).stdout.split('\n')[0]).toBe('Entity\tName\tParent\tCascade\tCreated');
  });

  test.each([
    ['whose ids begin with a prefix', ['--prefix', 'user-'], ['user-1', 'user-2']],
    ['below a parent', ['--children-of', 'org-1'], ['user-1', 'user-2']],
    ['with limits on a resource', ['--with-custom-limits', 'gpt-4'], ['user-1', 'user-2', 'user-3']],
    ['with limits on all resources', ['--with-custom-limits', '_default_'], ['user-9']],
    ['that nobody has', ['--prefix', 'x'], []],
  ])('lists those %s', async (_, args, expected) => {
    expect(await ids(...args)).toEqual(expected);
  });

  test('prints one id a line with --with-custom-limits, of which --limit takes the first (X25)', async () => {
    expect((await run('list', '--with-custom-limits', 'gpt-4')).stdout).toBe('user-1\nuser-2\nuser-3\n');
    const { stdout, stderr } = await run('list', '--with-custom-limits', 'gpt-4', '--limit', '2');

    expect(stdout).toBe('user-1\nuser-2\n');
    expect(stderr).toMatch(/^There are more: --cursor \S+\n$/);
  });

  test.each([['all', []], ['those with limits', ['--with-custom-limits', 'gpt-4']], ['children', ['--children-of', 'org-1']]])('goes on where it ended: %s', async (_, args) => {
    const first = await json('list', ...args, '--limit', '1');
    const rest = await json('list', ...args, '--cursor', first.cursor as string);

    expect(rest.cursor).toBeNull();
    expect([...first.entities as unknown[], ...rest.entities as unknown[]]).toEqual((await json('list', ...args)).entities);
  });

  test('says that there are none', async () => {
    expect((await run('list', '--children-of', 'user-1')).stdout).toBe('No entities found\n');
    expect((await run('list', '--with-custom-limits', 'other')).stdout).toBe("No entities with custom limits for resource 'other'\n");
  });

  test.each([['two filters', ['--prefix', 'a', '--children-of', 'b']], ['a limit of nothing', ['--limit', '0']], ['a cursor that is none', ['--cursor', 'x']]])('refuses %s with exit code 2', async (_, args) => {
    expect((await run('list', ...args)).code).toBe(2);
  });

  test('lists the resources on which entities have limits', async () => {
    expectGolden('entity-list-resources', (await onTerminal(['list-resources'])).stdout);
    expect(await json('list-resources')).toMatchObject({ resources: ['_default_', 'gpt-4'] });
  });
});

describe('entity block', () => {
  beforeEach(async () => {
    await ns.invoke(['resource', 'set-defaults', 'gpt-4', '-l', 'rpm:10'], { clock });
    await ns.invoke(['resource', 'set-defaults', 'api/v1', '-l', 'rpm:10'], { clock });
  });

  const isAdmitted = async (resource: string) => (await (await limiter()).tryAcquire({ entity: 'user-1', resource, consume: { rpm: 1 } })).allowed;

  test('lets an entity take nothing of any resource that has limits, until the time is over', async () => {
    expectGolden('entity-block', (await onTerminal(['block', 'user-1', '--for', '1h', '--reason', 'abuse'])).stdout);

    expect([await isAdmitted('gpt-4'), await isAdmitted('api/v1')]).toEqual([false, false]);
    clock.advance(3_600_000 + 6000); // one token comes back every 6 s
    expect(await isAdmitted('gpt-4')).toBe(true);
  });

  test('finds resources that only the entity has limits for, and shows the later end of two blocks', async () => {
    await ok('set-limits', 'user-1', '-r', 'own', '-l', 'rpm:1');
    await ok('set-limits', 'user-1', '-l', 'rpm:1');
    await ok('block', 'user-1', '-r', 'own', '--for', '2h');

    expect(await json('block', 'user-1', '--for', '1h')).toMatchObject({
      blocked: [{ resource: 'api/v1' }, { resource: 'gpt-4', until: '2100-01-01T01:00:00.000Z' }, { resource: 'own', until: '2100-01-01T02:00:00.000Z' }],
    });
  });

  test('blocks one resource only when it is named, and records why', async () => {
    expect(await json('block', 'user-1', '--for', '90s', '-r', 'gpt-4', '--reason', 'abuse')).toMatchObject({ blocked: [{ resource: 'gpt-4', until: '2100-01-01T00:01:30.000Z' }] });

    expect([await isAdmitted('gpt-4'), await isAdmitted('api/v1')]).toEqual([false, true]);
    expect(await ns.json(['audit', 'list', '-e', 'user-1'])).toMatchObject({ events: [{ action: 'bucket_blocked', details: { reason: 'abuse' } }] });
  });

  test.each([
    ['no time', 2, ['user-1']], ['a time that is none', 2, ['user-1', '--for', 'ever']], ['a resource without limits', 2, ['user-1', '--for', '1h', '-r', 'other']],
  ])('refuses %s with exit code %d', async (_, exitCode, args) => {
    expect((await run('block', ...args)).code).toBe(exitCode);
    expect(await isAdmitted('gpt-4')).toBe(true);
  });

  test('ends with exit code 4 where there is nothing to block', async () => {
    ns = await newNamespace();

    const { code, stderr } = await run('block', 'user-1', '--for', '1h');

    expect(code).toBe(4);
    expect(stderr).toContain('--resource NAME');
  });

  test('writes nothing with --dry-run', async () => {
    expect((await run('block', 'user-1', '--for', '1h', '--dry-run')).stdout).toContain('would be written, nothing was');
    expect(await isAdmitted('gpt-4')).toBe(true);
  });

  test('is ended by unblock', async () => {
    await ok('block', 'user-1', '--for', '1h');

    expect((await run('unblock', 'user-1', '--dry-run')).stdout).toContain('update ');
    expect(await json('unblock', 'user-1', '-r', 'api/v1')).toMatchObject({ unblocked: ['api/v1'] });
    expectGolden('entity-unblock', (await onTerminal(['unblock', 'user-1'])).stdout);
    clock.advance(6000);
    expect([await isAdmitted('gpt-4'), await isAdmitted('api/v1')]).toEqual([true, true]);
  });

  test('is not there to be ended', async () => {
    expect(await run('unblock', 'user-1')).toMatchObject({ code: 0, stdout: "Entity 'user-1' is not blocked\n" });
    expect(await run('unblock', 'user-1', '-r', 'gpt-4')).toMatchObject({ code: 0, stdout: "Entity 'user-1' is not blocked on resource 'gpt-4'\n" });
    expect((await run('unblock', 'no id')).code).toBe(2);
  });
});

describe('entity delete', () => {
  test('removes everything but audit events', async () => {
    await used('user-1');

    expect((await run('delete', 'user-1')).code).toBe(7);
    expect((await onTerminal(['delete', 'user-1'], [false])).code).toBe(7);
    expect((await run('delete', 'user-1', '--dry-run')).stdout).toContain('delete ');
    expect((await run('show', 'user-1')).code).toBe(0);
    expectGolden('entity-delete', (await onTerminal(['delete', 'user-1'], [true])).stdout);

    expect((await run('show', 'user-1')).code).toBe(4);
    expect(await ns.json(['audit', 'list', '-e', 'user-1', '--action', 'entity_deleted'])).toMatchObject({ events: [{ entity: 'user-1' }] });
  });

  test('ends with exit code 4 when there is nothing of it', async () => {
    await ok('create', 'user-1');

    expect(await json('delete', 'user-1', '--yes')).toMatchObject({ entity: 'user-1', removed: 1 });
    expect(await run('delete', 'user-1', '--yes')).toMatchObject({ code: 4, stderr: expect.stringContaining('entity create user-1') });
  });
});

describe('entity erase', () => {
  test('removes everything, audit events included, and says what stays', async () => {
    await used('user-1');

    expect((await run('erase', 'user-1')).code).toBe(7);
    expect((await run('erase', 'user-1', '--dry-run')).stdout).toContain('delete ');
    expect((await json('list', '--prefix', 'user-1')).entities).toHaveLength(1);
    expectGolden('entity-erase', (await onTerminal(['erase', 'user-1'], [true])).stdout);

    expect((await run('export', 'user-1')).code).toBe(4);
    expect((await ns.json(['audit', 'list', '--system'])).events).toMatchObject([{ action: 'entity_deleted', entity: '$SYSTEM', details: { erased: true } }, { action: 'namespace_created' }]);
    expect(JSON.stringify((await ns.json(['audit', 'list', '--system'])).events)).not.toContain('user-1');
  });

  test('removes audit events of an entity that was deleted before', async () => {
    await ok('create', 'user-1');
    await ok('delete', 'user-1', '--yes');

    expect(await json('erase', 'user-1', '--yes')).toMatchObject({ removed: 0, auditEvents: 2, children: [] });
    expect((await run('erase', 'user-1', '--yes')).code).toBe(4);
  });
});

describe('entity export', () => {
  test('writes everything that is stored', async () => {
    await used('user-1');

    const { code, stdout } = await run('export', 'user-1');
    const content = JSON.parse(stdout) as Record<string, unknown>;

    expect(code).toBe(0);
    await checkSchema(['entity', 'export'], content);
    expect(content).toMatchObject({
      entity: 'user-1', namespace: ns.name, exportedAt: '2100-01-01T00:00:00.000Z',
      record: { name: 'Ada', parentId: 'org-1', metadata: { plan: 'pro' } },
      children: ['child-of-user-1'],
      limits: [{ resource: '_default_', limits: [{ capacity: 20 }] }, { resource: 'gpt-4', limits: [{ capacity: 10 }] }],
      buckets: [{ resource: 'gpt-4', blockedUntil: null, limits: [{ name: 'rpm', tokens: 9, totalConsumed: 1 }] }],
      usage: [{ resource: 'gpt-4', window: 'hourly', counters: { rpm: 1 }, totalEvents: 1 }],
    });
    const actions = (content.auditEvents as { action: string }[]).map(({ action }) => action).sort();
    expect(actions).toEqual(['entity_created', 'limits_set', 'limits_set']);
  });

  test('works for an entity that has limits and no record', async () => {
    await ok('set-limits', 'user-1', '-l', 'rpm:1');
    await ns.invoke(['resource', 'set-defaults', 'gpt-4', '-l', 'rpm:10'], { clock });
    await ok('block', 'user-1', '--for', '1h', '--reason', 'abuse');

    expect(JSON.parse((await run('export', 'user-1')).stdout)).toMatchObject({
      record: null, buckets: [{ blockedUntil: '2100-01-01T01:00:00.000Z', blockedReason: 'abuse' }],
    });
  });

  test('writes a file that only its owner may read, and replaces one only with --force', async () => {
    await ok('create', 'user-1');
    const cwd = mkdtempSync(join(tmpdir(), 'zae-export-'));
    const path = join(cwd, 'user.json');
    const toFile = (...args: string[]) => ns.invoke(['entity', 'export', 'user-1', '-o', 'user.json', ...args], { clock, cwd });

    expect(await toFile()).toEqual({ code: 0, stdout: '', stderr: "Exported entity 'user-1' to user.json\n" });
    expect(statSync(path).mode % 0o1000).toBe(0o600);
    const content = readFileSync(path, 'utf8');
    await ok('update', 'user-1', '--cascade');
    expect((await toFile()).code).toBe(2);
    expect(readFileSync(path, 'utf8')).toBe(content);
    expect((await toFile('--force')).code).toBe(0);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ record: { cascade: true } });
  });

  test('writes no file for an entity of which nothing is stored', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'zae-export-'));

    expect((await ns.invoke(['entity', 'export', 'user-1', '-o', 'user.json'], { cwd })).code).toBe(4);
    expect(existsSync(join(cwd, 'user.json'))).toBe(false);
  });

  test('ends with an error when the file cannot be written', async () => {
    await ok('create', 'user-1');

    expect((await ns.invoke(['entity', 'export', 'user-1', '-o', 'no/such/folder.json'], { cwd: tmpdir() })).code).toBe(2);
  });
});

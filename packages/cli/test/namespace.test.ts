import { Limit, RateLimiter } from '@zae-limiter/client';
import { FakeClock } from '@zae-limiter/client/testing';
import { PATIENCE_MS } from '../../../test/support/table';
import { invoke, invokeJson, type InvokeOptions } from './support/cli';
import { expectGolden } from './support/golden';
import { newTable } from './support/own-table';

let table: string;
let clock: FakeClock;
beforeEach(async () => {
  table = await newTable();
  clock = new FakeClock();
});

const run = (argv: readonly string[], options: InvokeOptions = {}) => invoke(['namespace', ...argv, '-n', table], { clock, ...options });
const json = (...argv: string[]) => invokeJson(['namespace', ...argv, '-n', table], { clock });
const onTerminal = (argv: readonly string[], answers: boolean[] = []) => run(argv, { tty: true, answers });

/** Compares text without ids, which are random. */
async function expectStable(name: string, text: string, purged = ''): Promise<void> {
  const lists = await Promise.all([json('list'), json('orphans')]) as { namespaces: { id: string }[] }[];
  const ids = lists.flatMap(({ namespaces }) => namespaces.map(({ id }) => id));
  expectGolden(name, [purged, ...ids].filter((id) => id !== '').reduce((stable, id) => stable.replaceAll(id, 'ID_________'), text));
}

async function register(...names: string[]): Promise<string[]> {
  const { namespaces } = await json('register', ...names) as { namespaces: { id: string }[] };
  return namespaces.map(({ id }) => id);
}

async function registerDeleted(name: string): Promise<string> {
  const [id] = await register(name);
  await json('delete', name, '--yes');
  return id!;
}

const names = async (list: 'list' | 'orphans') => ((await json(list)).namespaces as { name: string }[]).map(({ name }) => name);

describe('namespace register', () => {
  test('registers several, and leaves those that are there as they are', async () => {
    await register('tenant-beta');

    await expectStable('namespace-register', (await onTerminal(['register', 'tenant-alpha', 'tenant-beta'])).stdout);
    expect(await names('list')).toEqual(['tenant-alpha', 'tenant-beta']);
  });

  test('gives the id of each', async () => {
    const [id] = await register('tenant-alpha');

    expect(await json('register', 'tenant-alpha', 'tenant-beta')).toMatchObject({
      namespaces: [{ name: 'tenant-alpha', id, created: false }, { name: 'tenant-beta', created: true }],
    });
  });

  test.each([['no name', []], ['a reserved name', ['tenant-alpha', '_']], ['a name with a hash', ['tenant-alpha', 'a#b']]])('refuses %s with exit code 2, and registers none', async (_, args) => {
    expect((await run(['register', ...args])).code).toBe(2);
    expect(await names('list')).toEqual([]);
  });

  test('writes nothing with --dry-run', async () => {
    expect((await run(['register', 'tenant-alpha', '--dry-run'])).stdout).toContain('would be written, nothing was');
    expect(await names('list')).toEqual([]);
  });

  test('ends with exit code 4 without the table, and with 5 when its schema is another one', async () => {
    expect((await invoke(['namespace', 'register', 'a', '-n', 'no-such-table'])).code).toBe(4);
    table = await newTable({ schemaVersion: '9.0.0' });
    expect((await run(['register', 'a'])).code).toBe(5);
  });

  test('has no flag for a namespace', async () => {
    expect((await run(['list', '-N', 'tenant-alpha'])).code).toBe(2);
  });
});

describe('namespace list and show', () => {
  test('show what is registered', async () => {
    await register('tenant-alpha', 'tenant-beta');

    await expectStable('namespace-list', (await onTerminal(['list'])).stdout);
    await expectStable('namespace-show', (await onTerminal(['show', 'tenant-alpha'])).stdout);
    expect((await run(['list'])).stdout.split('\n')[0]).toBe('Name\tNamespace ID\tCreated At');
    expect(await json('show', 'tenant-alpha')).toMatchObject({ name: 'tenant-alpha', status: 'active', createdAt: '2100-01-01T00:00:00Z', deletedAt: null });
  });

  test('say when there is none, and what creates one', async () => {
    expect((await run(['list'])).stdout).toBe('No namespaces registered\n  zae-limiter namespace register NAME   creates one\n');
    expect(await run(['show', 'tenant-alpha'])).toMatchObject({ code: 4, stderr: expect.stringContaining('namespace register NAME') });
    expect((await run(['show', '_'])).code).toBe(2);
  });
});

describe('namespace delete and recover', () => {
  test('take a namespace away and bring it back', async () => {
    const [id] = await register('tenant-alpha');

    await expectStable('namespace-delete', (await onTerminal(['delete', 'tenant-alpha'], [true])).stdout);
    expect([await names('list'), await names('orphans')]).toEqual([[], ['tenant-alpha']]);
    await expectStable('namespace-recover', (await onTerminal(['recover', id!])).stdout);
    expect([await names('list'), await names('orphans')]).toEqual([['tenant-alpha'], []]);
  });

  test.each([['after a no', { tty: true, answers: [false] }], ['without a terminal and --yes', {}]])('change nothing %s, exit code 7', async (_, options) => {
    await register('tenant-alpha');

    expect((await run(['delete', 'tenant-alpha'], options)).code).toBe(7);
    expect(await names('list')).toEqual(['tenant-alpha']);
  });

  test('write nothing with --dry-run', async () => {
    await register('tenant-alpha');
    const id = await registerDeleted('tenant-beta');

    for (const argv of [['delete', 'tenant-alpha'], ['recover', id]]) expect((await run([...argv, '--dry-run'])).stdout).toContain('would be written, nothing was');
    expect([await names('list'), await names('orphans')]).toEqual([['tenant-alpha'], ['tenant-beta']]);
  });

  test('end with exit code 4 when there is none', async () => {
    expect((await run(['delete', 'tenant-alpha', '--yes'])).code).toBe(4);
    expect(await run(['recover', 'AAAAAAAAAAA'])).toMatchObject({ code: 4, stderr: expect.stringContaining('namespace orphans') });
  });

  test('refuse to recover one that is active, and one whose name was given away', async () => {
    const [id] = await register('tenant-alpha');
    expect((await run(['recover', id!])).code).toBe(1);
    await json('delete', 'tenant-alpha', '--yes');
    await register('tenant-alpha');

    expect(await run(['recover', id!])).toMatchObject({ code: 1, stderr: expect.stringContaining('registered anew') });
  });

  test('returns the record as it is now', async () => {
    const id = await registerDeleted('tenant-alpha');

    expect(await json('recover', id)).toMatchObject({ name: 'tenant-alpha', id, status: 'active', deletedAt: null });
  });
});

describe('namespace orphans', () => {
  test('lists those that nobody can open', async () => {
    await registerDeleted('tenant-alpha');

    await expectStable('namespace-orphans', (await onTerminal(['orphans'])).stdout);
    expect(await json('orphans')).toMatchObject({ namespaces: [{ name: 'tenant-alpha', status: 'deleted', deletedAt: '2100-01-01T00:00:00Z' }] });
  });

  test('says that there are none', async () => {
    expect((await run(['orphans'])).stdout).toBe('No orphaned namespaces\n');
  });
});

describe('namespace purge', () => {
  /** A deleted namespace with one of everything. */
  async function filled(): Promise<string> {
    const [id] = await register('tenant-alpha');
    const { admin, acquire } = bound(await RateLimiter.open({ stack: table, namespace: 'tenant-alpha', timeoutMs: PATIENCE_MS, clock }));
    await admin.limits.set([Limit.perMinute('rpm', 10)], { resource: 'gpt-4' });
    await admin.entities.create({ id: 'user-1' });
    await (await acquire({ entity: 'user-1', resource: 'gpt-4', consume: { rpm: 1 } })).commit();
    await json('delete', 'tenant-alpha', '--yes');
    return id!;
  }
  const bound = (limiter: RateLimiter) => ({ admin: limiter.admin, acquire: limiter.acquire.bind(limiter) });

  test('shows what there is, asks, and removes all of it', async () => {
    const id = await filled();

    const { code, stdout, stderr } = await onTerminal(['purge', id], [true]);

    expect(code).toBe(0);
    await expectStable('namespace-purge', `${stderr}---\n${stdout}`, id);
    expect(await names('orphans')).toEqual([]);
  });

  test('tells with --yes how much there was', async () => {
    const id = await filled();

    expect(await json('purge', id, '--yes')).toMatchObject({
      id, name: 'tenant-alpha', removed: 8, found: { entities: 1, limits: 1, buckets: 1, usage: 0, auditEvents: 4, others: 1, total: 8 },
    });
  });

  test.each([['after a no', { tty: true, answers: [false] }], ['without a terminal and --yes', {}]])('changes nothing %s, exit code 7', async (_, options) => {
    const id = await filled();

    expect((await run(['purge', id], options)).code).toBe(7);
    expect(await json('recover', id)).toMatchObject({ status: 'active' });
  });

  test('writes nothing with --dry-run', async () => {
    const id = await filled();

    expect((await run(['purge', id, '--dry-run'])).stdout).toContain('would be written, nothing was');
    expect(await json('recover', id)).toMatchObject({ status: 'active' });
  });

  test('stops at Ctrl-C, says what finishes it, and is finished by the same command', async () => {
    const id = await filled();

    const stopped = await run(['purge', id, '--yes'], { signal: AbortSignal.abort() });
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain(`run 'zae-limiter namespace purge ${id}' again to finish it`);
    expect(await json('orphans')).toMatchObject({ namespaces: [{ id, status: 'purging' }] });
    expect((await run(['recover', id])).code).toBe(1);

    expect(await json('purge', id, '--yes')).toMatchObject({ removed: 8 });
    expect(await names('orphans')).toEqual([]);
  });

  test('refuses one that is active, and ends with exit code 4 when there is none', async () => {
    const [id] = await register('tenant-alpha');

    expect(await run(['purge', id!, '--yes'])).toMatchObject({ code: 1, stderr: expect.stringContaining('namespace delete tenant-alpha') });
    expect((await run(['purge', 'AAAAAAAAAAA', '--yes'])).code).toBe(4);
    expect(await names('list')).toEqual(['tenant-alpha']);
  });
});

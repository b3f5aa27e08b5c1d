import { FakeClock } from '@zae-limiter/client/testing';
import { stable, type InvokeOptions, type Outcome } from './support/cli';
import { newFolder, type Folder } from './support/folder';
import { expectGolden } from './support/golden';
import { newNamespace, type TestNamespace } from './support/namespace';

let ns: TestNamespace;
let folder: Folder;
let clock: FakeClock;
beforeEach(async () => {
  ns = await newNamespace();
  folder = newFolder();
  clock = new FakeClock();
});
afterEach(() => folder.remove());

const limits = (sections: Readonly<Record<string, number>>): string => Object.entries(sections)
  .map(([name, capacity]) => `  ${name}: { limits: { rpm: { capacity: ${capacity} } } }\n`).join('');

const resources = (sections: Readonly<Record<string, number>>): string => `resources:\n${limits(sections)}`;

const run = (argv: readonly string[], options: InvokeOptions = {}): Promise<Outcome> => ns.invoke(argv, { cwd: folder.path, clock, ...options });
const json = (argv: readonly string[]): Promise<Record<string, unknown>> => ns.json(argv, { cwd: folder.path, clock });

async function done(...argv: string[]): Promise<void> {
  const outcome = await run(argv);
  expect(outcome).toMatchObject({ code: 0 });
  clock.advance(60_000);
}

async function apply(manifest: string): Promise<void> {
  folder.write('limits.yaml', `namespace: ${ns.name}\n${manifest}`);
  await done('limits', 'apply', '-f', 'limits.yaml', '--yes');
}

const byHand = (...argv: string[]): Promise<void> => done(...argv, '--principal', 'alice');
const now = (): string => new Date(clock.now()).toISOString();

async function live(): Promise<Record<string, number>> {
  const { manifest } = await json(['limits', 'pull']) as { manifest: { resources?: Record<string, { limits: { rpm: { capacity: number } } }> } };
  return Object.fromEntries(Object.entries(manifest.resources ?? {}).map(([name, { limits: { rpm } }]) => [name, rpm.capacity]));
}

describe('limits history', () => {
  beforeEach(async () => {
    await apply(`system: { on_unavailable: block }\n${resources({ 'gpt-4': 1 })}entities:\n  user-1:\n    resources:\n  ${limits({ _default_: 3 }).trimEnd().replace('  _', '      _')}\n`);
    await byHand('resource', 'set-defaults', 'gpt-4', '-l', 'rpm:2');
    await byHand('resource', 'delete-defaults', 'gpt-4', '--yes');
  });

  test('shows who changed which limits, newest first', async () => {
    const { code, stdout } = await run(['limits', 'history', '--limit', '2'], { tty: true, columns: 200 });
    expect(code).toBe(0);
    expectGolden('limits-history', stable(stdout));
  });

  test('tells a program what each change left', async () => {
    const { events } = await json(['limits', 'history']) as { events: Record<string, unknown>[] };
    expect(events).toHaveLength(5);
    expect(events.slice(0, 2)).toEqual([
      expect.objectContaining({ action: 'limits_deleted', level: 'resource', target: 'gpt-4', by: 'alice', after: null }),
      expect.objectContaining({ action: 'limits_set', after: { onUnavailable: null, limits: [{ name: 'rpm', capacity: 2, refillAmount: 2, refillPeriodSeconds: 60 }] } }),
    ]);
    expect(events.slice(2)).toEqual(expect.arrayContaining([
      expect.objectContaining({ level: 'system', target: null, by: 'provisioner:cli', after: { onUnavailable: 'block', limits: [] } }),
      expect.objectContaining({ level: 'entity', target: 'user-1/_default_' }),
    ]));
  });

  test('can be cut to a time, and to what manifests changed', async () => {
    expect((await json(['limits', 'history', '--since', '2m']) as { events: unknown[] }).events).toHaveLength(2);
    expect((await json(['limits', 'history', '--manifests']) as { events: unknown[] }).events).toHaveLength(3);
  });

  test('says so when there is nothing', async () => {
    const other = await newNamespace();
    expect(await other.invoke(['limits', 'history'])).toMatchObject({ code: 0, stdout: 'No changes of limits found\n' });
  });
});

describe('limits rollback', () => {
  test('brings back what manifests changed since a time, and nothing else', async () => {
    await apply(resources({ a: 1, b: 1, c: 1 }));
    await byHand('resource', 'set-defaults', 'mine', '-l', 'rpm:9');
    const before = now();
    clock.advance(1000);
    await byHand('resource', 'set-defaults', 'mine', '-l', 'rpm:10');
    await apply(resources({ a: 2, c: 1 }));
    await apply(resources({ a: 3, c: 1 }));

    const { code, stdout } = await run(['limits', 'rollback', '--to', before, '--yes'], { tty: true });

    expect(code).toBe(0);
    expectGolden('limits-rollback', stdout);
    expect(await live()).toEqual({ a: 1, b: 1, c: 1, mine: 10 });
    folder.write('limits.yaml', `namespace: ${ns.name}\n${resources({ a: 1, b: 1, c: 1 })}`);
    expect(await run(['limits', 'apply', '-f', 'limits.yaml'])).toMatchObject({ code: 0, stdout: 'Applied: 0 created, 0 updated, 0 deleted.\n' });
  });

  test('goes back to before an event', async () => {
    await apply(resources({ a: 1 }));
    await apply(resources({ a: 2 }));
    await apply(resources({ a: 3 }));
    const { events } = await json(['limits', 'history']) as { events: { id: string }[] };

    expect(await run(['limits', 'rollback', '--to', events[0]!.id])).toMatchObject({ code: 0 });
    expect(await live()).toEqual({ a: 2 });
  });

  test('removes what was not there', async () => {
    const entity = (capacity: number): string => `entities: { user-1: { resources: { gpt-4: { limits: { rpm: { capacity: ${capacity} } } } } } }\n`;
    await apply(entity(1));
    await apply('');
    const before = now();
    clock.advance(1000);
    await apply(entity(2));

    expect(await run(['limits', 'rollback', '--to', before, '--yes'])).toMatchObject({ code: 0, stdout: expect.stringContaining('1 deleted') });
  });

  test('refuses when no event says what limits were, unless they may be taken for new', async () => {
    const before = now();
    clock.advance(1000);
    await apply(resources({ a: 1 }));

    expect(await run(['limits', 'rollback', '--to', before, '--yes'])).toMatchObject({ code: 1, stderr: expect.stringContaining('resource a') });
    expect(await live()).toEqual({ a: 1 });
    expect(await run(['limits', 'rollback', '--to', before, '--assume-new'])).toMatchObject({ code: 7 });
    expect(await run(['limits', 'rollback', '--to', before, '--assume-new', '--yes', '--dry-run'])).toMatchObject({ code: 0, stdout: expect.stringContaining('Dry run') });
    expect(await live()).toEqual({ a: 1 });
    expect(await run(['limits', 'rollback', '--to', before, '--assume-new', '--yes'])).toMatchObject({ code: 0 });
    expect(await live()).toEqual({});
  });

  test('does not lose what somebody set after the manifest', async () => {
    await apply(resources({ a: 1, b: 1 }));
    const before = now();
    clock.advance(1000);
    await apply(resources({ a: 2, b: 2 }));
    await byHand('resource', 'set-defaults', 'a', '-l', 'rpm:77');

    expect(await run(['limits', 'rollback', '--to', before])).toMatchObject({ code: 1, stderr: expect.stringContaining('by alice') });
    expect(await run(['limits', 'rollback', '--to', before, '--on-conflict', 'skip'])).toMatchObject({ code: 0 });
    expect(await live()).toEqual({ a: 77, b: 1 });
  });

  test('leaves alone what somebody changed and no manifest touched since, so that it stays a conflict', async () => {
    await apply(resources({ a: 1, b: 1 }));
    const before = now();
    clock.advance(1000);
    await apply(resources({ a: 2, b: 1 }));
    await byHand('resource', 'set-defaults', 'b', '-l', 'rpm:77');

    const { code, stdout } = await run(['limits', 'rollback', '--to', before]);
    expect(code).toBe(0);
    expectGolden('limits-rollback-skipped', stdout);
    expect(await live()).toEqual({ a: 1, b: 77 });
    folder.write('limits.yaml', `namespace: ${ns.name}\n${resources({ a: 1, b: 1 })}`);
    expect(await run(['limits', 'apply', '-f', 'limits.yaml'])).toMatchObject({ code: 1, stderr: expect.stringContaining('resource b') });
  });

  test.each([
    ['an event that is not there', '01KG8Z3N5Q0000000000000000', 4, 'no change of limits has the id'],
    ['something that is no time', 'yesterday', 2, 'must be a time in ISO 8601'],
  ])('refuses %s', async (_, to, code, message) => {
    expect(await run(['limits', 'rollback', '--to', to])).toMatchObject({ code, stderr: expect.stringContaining(message) });
  });

  test('that finds nothing to undo leaves alone what is managed', async () => {
    await apply(resources({ a: 1, b: 1 }));
    await byHand('resource', 'set-defaults', 'b', '-l', 'rpm:77');

    expect(await run(['limits', 'rollback', '--to', now()])).toMatchObject({ code: 0, stdout: 'Nothing to roll back.\n' });
    expect(await json(['limits', 'rollback', '--to', now()])).toMatchObject({ hash: null, changes: [], skipped: [] });
    expect(await run(['limits', 'rollback', '--to', now(), '--dry-run'])).toMatchObject({ code: 0, stdout: 'Dry run: nothing would be written.\n' });
    folder.write('limits.yaml', `namespace: ${ns.name}\n${resources({ a: 1 })}`);
    expect(await run(['limits', 'plan', '-f', 'limits.yaml'])).toMatchObject({ stdout: expect.stringMatching(/! resource b .*by alice/) });
  });

  test('refuses a time that has not come', async () => {
    await apply(resources({ a: 1 }));
    const later = new Date(clock.now() + 1).toISOString();
    expect(await run(['limits', 'rollback', '--to', later])).toMatchObject({ code: 2, stderr: expect.stringContaining('--to is in the future') });
  });
});

describe('limits import', () => {
  const write = (manifest: string): void => folder.write('limits.yaml', `namespace: ${ns.name}\n${manifest}`);

  test('manages what was set by hand, and changes no value', async () => {
    await byHand('resource', 'set-defaults', 'a', '-l', 'rpm:7');
    write(resources({ a: 1, missing: 1 }));
    expect(await run(['limits', 'apply', '-f', 'limits.yaml'])).toMatchObject({ code: 1, stderr: expect.stringContaining('by alice') });

    expect(await run(['limits', 'import', '-f', 'limits.yaml', '--dry-run'])).toMatchObject({ code: 0, stdout: expect.stringContaining('Dry run') });
    expect(await run(['limits', 'import', '-f', 'limits.yaml', '--ascii'])).toMatchObject({
      code: 0, stdout: '  [ok] resource a\nImported: 1, managed before: 0, not in the table: 1.\n',
    });
    expect(await live()).toEqual({ a: 7 });
    expect(await json(['limits', 'import', '-f', 'limits.yaml'])).toMatchObject({ imported: [], managed: ['resource a'], missing: ['resource missing'], damaged: [] });

    clock.advance(1000);
    expect(await run(['limits', 'apply', '-f', 'limits.yaml'])).toMatchObject({ code: 0, stdout: expect.stringContaining('1 created, 1 updated') });
  });

  test('keeps what is managed, and what somebody changed a conflict', async () => {
    await apply(resources({ a: 1, b: 1, c: 1 }));
    await byHand('resource', 'set-defaults', 'b', '-l', 'rpm:77');
    await byHand('resource', 'set-defaults', 'd', '-l', 'rpm:4');
    write(resources({ d: 4 }));

    await done('limits', 'import', '-f', 'limits.yaml');
    write(resources({ a: 1, b: 1, d: 5 }));
    expect(await run(['limits', 'plan', '-f', 'limits.yaml'])).toMatchObject({
      stdout: expect.stringMatching(/! resource b .*by alice[\s\S]*~ resource d[\s\S]*rpm 4\/min → 5\/min\n[\s\S]*- resource c/),
    });
  });
});

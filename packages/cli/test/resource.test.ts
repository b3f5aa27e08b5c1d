import { expectGolden } from './support/golden';
import { newNamespace, type TestNamespace } from './support/namespace';

let ns: TestNamespace;
beforeEach(async () => { ns = await newNamespace(); });

const set = (...limits: string[]) => ns.invoke(['resource', 'set-defaults', 'gpt-4', ...limits.flatMap((limit) => ['-l', limit])]);
const stored = async (resource = 'gpt-4') => (await ns.json(['resource', 'get-defaults', resource])).limits;
const terminal = { tty: true };

describe('resource set-defaults', () => {
  test('stores the limits of a resource and shows them', async () => {
    const { code, stdout } = await set('rpm:50', 'tpm:10000:15000');

    expect([code, stdout]).toEqual([0, "Set 2 default(s) for resource 'gpt-4':\n  rpm: 50/min\n  tpm: 10,000/min (burst: 15,000)\n"]);
    expect(await stored()).toMatchObject([{ name: 'rpm', capacity: 50 }, { name: 'tpm', capacity: 15_000 }]);
  });

  test('replaces what was stored, and shows what became of each limit', async () => {
    await set('rpm:50', 'tpm:10000');

    expectGolden('resource-set-defaults', (await ns.invoke(['resource', 'set-defaults', 'gpt-4', '-l', 'rpm:80', '-l', 'rpd:5/day'], terminal)).stdout);
  });

  test('keeps other limits with --merge', async () => {
    await set('rpm:50', 'tpm:10000');

    const { before, after } = await ns.json(['resource', 'set-defaults', 'gpt-4', '-l', 'rpm:80', '--merge']);

    expect(before).toMatchObject([{ name: 'rpm', capacity: 50 }, { name: 'tpm' }]);
    expect(after).toMatchObject([{ name: 'rpm', capacity: 80 }, { name: 'tpm', capacity: 10_000 }]);
  });

  test.each([
    ['no limit', ['gpt-4']],
    ['a limit that is none', ['gpt-4', '-l', 'fast']],
    ['a resource that is no name', ['_default_', '-l', 'rpm:1']],
  ])('refuses %s with exit code 2', async (_, args) => {
    const { code, stderr } = await ns.invoke(['resource', 'set-defaults', ...args]);

    expect(code).toBe(2);
    expect(stderr).toMatch(/^Error: /);
  });

  test('writes nothing with --dry-run', async () => {
    const { code, stdout } = await ns.invoke(['resource', 'set-defaults', 'gpt-4', '-l', 'rpm:50', '--dry-run']);

    expect(code).toBe(0);
    expect(stdout).toContain('would be written, nothing was');
    expect(await stored()).toEqual([]);
  });
});

describe('resource get-defaults', () => {
  test('shows the limits', async () => {
    await set('rpm:50', 'tpm:10000:15000');

    expectGolden('resource-get-defaults', (await ns.invoke(['resource', 'get-defaults', 'gpt-4'], terminal)).stdout);
  });

  test('says that there are none', async () => {
    expect(await ns.invoke(['resource', 'get-defaults', 'gpt-4'])).toMatchObject({ code: 0, stdout: "No defaults configured for resource 'gpt-4'\n" });
  });
});

describe('resource delete-defaults', () => {
  beforeEach(async () => { await set('rpm:50'); });

  test('asks, and removes them after a yes', async () => {
    const { code, stdout } = await ns.invoke(['resource', 'delete-defaults', 'gpt-4'], { ...terminal, answers: [true] });

    expect([code, stdout]).toEqual([0, "Deleted defaults for resource 'gpt-4'\n"]);
    expect(await stored()).toEqual([]);
  });

  test.each([['after a no', { ...terminal, answers: [false] }], ['without a terminal and --yes', {}]])('changes nothing %s, exit code 7', async (_, options) => {
    expect((await ns.invoke(['resource', 'delete-defaults', 'gpt-4'], options)).code).toBe(7);
    expect(await stored()).toHaveLength(1);
  });

  test('tells with --yes what was removed, and asks nothing when there is nothing', async () => {
    expect(await ns.json(['resource', 'delete-defaults', 'gpt-4', '--yes'])).toMatchObject({ removed: [{ name: 'rpm' }] });
    expect(await ns.invoke(['resource', 'delete-defaults', 'gpt-4'])).toMatchObject({ code: 0, stdout: "No defaults configured for resource 'gpt-4'\n" });
  });

  test('writes nothing with --dry-run', async () => {
    expect((await ns.invoke(['resource', 'delete-defaults', 'gpt-4', '--dry-run'])).stdout).toContain('delete ');
    expect(await stored()).toHaveLength(1);
  });
});

describe('resource list', () => {
  test('lists resources that have limits, or says that none has', async () => {
    expect(await ns.invoke(['resource', 'list'])).toMatchObject({ code: 0, stdout: 'No resources with configured defaults\n' });
    await set('rpm:50');
    await ns.invoke(['resource', 'set-defaults', 'api/v1', '-l', 'rpm:1']);

    expect(await ns.json(['resource', 'list'])).toMatchObject({ resources: ['api/v1', 'gpt-4'] });
    expectGolden('resource-list', (await ns.invoke(['resource', 'list'], terminal)).stdout);
  });
});

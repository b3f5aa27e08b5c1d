import { RateLimiter } from '@zae-limiter/client';
import { PATIENCE_MS } from '../../../test/support/table';
import { expectGolden } from './support/golden';
import { newNamespace, type TestNamespace } from './support/namespace';

let ns: TestNamespace;
beforeEach(async () => { ns = await newNamespace(); });

const stored = async () => {
  const { schema, ...settings } = await ns.json(['system', 'get-defaults']);
  return settings;
};
const set = (...args: string[]) => ns.invoke(['system', 'set-defaults', ...args]);
const terminal = { tty: true };
const nothing = { limits: [], onUnavailable: null };

describe('system set-defaults', () => {
  test('stores limits and the policy for outages', async () => {
    const { code, stdout } = await set('-l', 'rpm:100', '-l', 'tpm:10000', '--on-unavailable', 'block');

    expect([code, stdout]).toEqual([0, 'Set 2 system-wide default(s):\n  rpm: 100/min\n  tpm: 10,000/min\n  on_unavailable: block\n']);
    expect(await stored()).toMatchObject({ limits: [{ name: 'rpm' }, { name: 'tpm' }], onUnavailable: 'block' });
  });

  test('keeps the stored policy when none is given (the Python command line erases it)', async () => {
    await set('-l', 'rpm:100', '--on-unavailable', 'block');
    await set('-l', 'rpm:200');

    expect(await stored()).toMatchObject({ limits: [{ name: 'rpm', capacity: 200 }], onUnavailable: 'block' });
  });

  test('shows what became of each limit and of the policy', async () => {
    await set('-l', 'rpm:100', '-l', 'tpm:10000', '--on-unavailable', 'block');

    expectGolden('system-set-defaults', (await ns.invoke(['system', 'set-defaults', '-l', 'rpm:200', '--on-unavailable', 'allow'], terminal)).stdout);
  });

  test('keeps other limits with --merge', async () => {
    await set('-l', 'rpm:100', '-l', 'tpm:10000');
    await set('-l', 'rpm:200', '--merge');

    expect(await stored()).toMatchObject({ limits: [{ name: 'rpm', capacity: 200 }, { name: 'tpm' }] });
  });

  test.each([['no limit', ['--on-unavailable', 'block']], ['another policy', ['-l', 'rpm:1', '--on-unavailable', 'maybe']], ['a limit that is none', ['-l', 'rpm']]])('refuses %s with exit code 2', async (_, args) => {
    expect((await set(...args)).code).toBe(2);
    expect(await stored()).toEqual(nothing);
  });

  test('writes nothing with --dry-run', async () => {
    expect((await set('-l', 'rpm:100', '--dry-run')).stdout).toContain('would be written, nothing was');
    expect(await stored()).toEqual(nothing);
  });
});

describe('system get-defaults', () => {
  test('shows limits and policy', async () => {
    await set('-l', 'rpm:100', '-l', 'tpm:10000:15000', '--on-unavailable', 'block');

    expectGolden('system-get-defaults', (await ns.invoke(['system', 'get-defaults'], terminal)).stdout);
  });

  test('shows limits without a policy, a policy without limits, and that there is nothing', async () => {
    const shown = async () => (await ns.invoke(['system', 'get-defaults'])).stdout;
    expect(await shown()).toBe('No system-wide defaults configured\n');
    await set('-l', 'rpm:100');
    expect(await shown()).toBe('System-wide defaults:\n  Limits:\n    rpm: 100/min\n');
    const { admin } = await RateLimiter.open({ stack: ns.table, namespace: ns.name, timeoutMs: PATIENCE_MS });
    await admin.limits.set([], {}, { onUnavailable: 'allow' });
    expect(await shown()).toBe('System-wide defaults:\n  on_unavailable: allow\n');
  });
});

describe('system delete-defaults', () => {
  test('removes limits and policy when it is told to', async () => {
    await set('-l', 'rpm:100', '--on-unavailable', 'block');

    expect(await ns.invoke(['system', 'delete-defaults'], { ...terminal, answers: [true] })).toMatchObject({ code: 0, stdout: 'Deleted system-wide defaults\n' });
    expect(await stored()).toEqual(nothing);
  });

  test.each([['after a no', { ...terminal, answers: [false] }], ['without a terminal and --yes', {}]])('changes nothing %s, exit code 7', async (_, options) => {
    await set('-l', 'rpm:100');

    expect((await ns.invoke(['system', 'delete-defaults'], options)).code).toBe(7);
    expect(await stored()).toMatchObject({ limits: [{ name: 'rpm' }] });
  });

  test('tells with --yes what was removed, and says when there was nothing', async () => {
    await set('-l', 'rpm:100');

    expect((await ns.invoke(['system', 'delete-defaults', '--dry-run'])).stdout).toContain('Dry run');
    expect(await ns.json(['system', 'delete-defaults', '--yes'])).toMatchObject({ removed: { limits: [{ name: 'rpm' }], onUnavailable: null } });
    expect(await ns.invoke(['system', 'delete-defaults'])).toMatchObject({ code: 0, stdout: 'No system-wide defaults configured\n' });
  });
});

import { newNamespace, type TestNamespace } from './support/namespace';

let ns: TestNamespace;
beforeEach(async () => { ns = await newNamespace(); });

test('stores the limits of a resource and shows them', async () => {
  const { code, stdout } = await ns.invoke(['resource', 'set-defaults', 'gpt-4', '-l', 'rpm:50', '-l', 'tpm:10000:15000']);

  expect([code, stdout]).toEqual([0, "Set 2 default(s) for resource 'gpt-4':\n  rpm: 50/min\n  tpm: 10,000/min (burst: 15,000)\n"]);
  expect(await ns.json(['resource', 'get-defaults', 'gpt-4'])).toMatchObject({ resource: 'gpt-4', limits: [{ name: 'rpm', capacity: 50 }, { name: 'tpm' }] });
});

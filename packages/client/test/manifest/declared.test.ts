import { declarationOf, declaredBy, manifestOf, withoutTargets } from '@zae-limiter/client/manifest/declared';
import { manifestFromProperties } from '@zae-limiter/client/manifest/properties';
import { propertiesOfManifest } from '@zae-limiter/client/manifest/to-properties';
import { parseManifest } from '@zae-limiter/client/manifest/validate';

const WHOLE = parseManifest({
  namespace: 'a',
  system: { on_unavailable: 'block', limits: { rpm: { capacity: 1000, burst: 1500 } } },
  resources: { 'openai/gpt-4': { limits: { tpm: { capacity: 90_000, refill_amount: 1000, refill_period: 1 } } } },
  entities: { 'user-1': { resources: { '_default_': { limits: { rpm: { capacity: 5 } } }, 'gpt-4': { limits: { rpm: { capacity: 6 } } } } } },
});

describe.each([
  ['a whole manifest', WHOLE],
  ['a policy alone', parseManifest({ namespace: 'a', system: { on_unavailable: 'allow' } })],
  ['nothing', parseManifest({ namespace: 'a' })],
])('%s', (_, manifest) => {
  test('is the same when it is put together from what it declares', () => {
    expect(manifestOf('a', declaredBy(manifest))).toEqual(manifest);
  });

  test('is valid, and the same, as people write it', () => {
    expect(parseManifest(declarationOf(manifest))).toEqual(manifest);
  });

  test('is the same as properties of a custom resource', () => {
    const { manifest: read, problems } = manifestFromProperties(propertiesOfManifest(manifest));
    expect(problems).toEqual([]);
    expect(parseManifest(read)).toEqual(manifest);
  });
});

test('people need not write what goes without saying', () => {
  expect(declarationOf(WHOLE).entities).toEqual({ 'user-1': { resources: { '_default_': { limits: { rpm: { capacity: 5 } } }, 'gpt-4': { limits: { rpm: { capacity: 6 } } } } } });
  expect(declarationOf(WHOLE).system).toEqual({ on_unavailable: 'block', limits: { rpm: { capacity: 1500, refill_amount: 1000 } } });
});

test('a manifest without some of its targets has no empty sections', () => {
  expect(withoutTargets(WHOLE, ({ level }) => level !== 'resource')).toEqual({ namespace: 'a', resources: WHOLE.resources });
});

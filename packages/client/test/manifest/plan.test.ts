import type { ManagedLimits } from '@zae-limiter/client/core/managed-limits';
import { managedBy, managedTargets, NOTHING_MANAGED, recordBytes, targetName, targetsOf, type Target } from '@zae-limiter/client/manifest/managed';
import { normalizeManifest, type Manifest, type ManifestDeclaration } from '@zae-limiter/client/manifest/manifest';
import { changeView, managedAfter, planChanges, type LiveSettings } from '@zae-limiter/client/manifest/plan';
import { vectors } from '../../../../test/support/vectors';

/** A set of managed limits as the Python library writes it. */
interface RecordedSet {
  readonly managed_system?: boolean;
  readonly managed_resources?: readonly string[];
  readonly managed_entities?: Readonly<Record<string, readonly string[]>>;
}

interface Live {
  readonly system: LiveSettings | null;
  readonly resources: Readonly<Record<string, LiveSettings>>;
  readonly entities: Readonly<Record<string, { readonly resources: Readonly<Record<string, LiveSettings>> }>>;
}

function managed({ managed_system: system = false, managed_resources: resources = [], managed_entities: entities = {} }: RecordedSet): ManagedLimits {
  return { system, resources, entities };
}

const reader = ({ system, resources, entities }: Live) => (target: Target): LiveSettings | undefined => {
  switch (target.level) {
    case 'system': return system ?? undefined;
    case 'resource': return resources[target.resource];
    case 'entity': return entities[target.entity]?.resources[target.resource];
  }
};

describe('F-11: a plan', () => {
  interface Input { readonly manifest: ManifestDeclaration; readonly previous: RecordedSet; readonly live: Live }

  test.each(vectors<Input, { readonly changes: unknown[]; readonly unchanged: number; readonly in_sync: boolean }>('provisioner_drift_recommended'))(
    '$title', ({ input, expected }) => {
      const { changes, unchanged } = planChanges(normalizeManifest(input.manifest), managed(input.previous), reader(input.live));

      const shown = changes.map((change) => ({ ...changeView(change), before: change.before ?? null, after: change.after ?? null }));
      expect({ changes: shown, unchanged, in_sync: changes.length === 0 }).toEqual(expected);
    });
});

describe('a plan for a table that holds other limits', () => {
  interface Input { readonly manifest: ManifestDeclaration; readonly previous: RecordedSet }
  interface Expected { readonly changes: readonly unknown[]; readonly managed_set: RecordedSet }

  const rows = vectors<Input, Expected>('provisioner_diff');
  const isBurst = ({ name }: { readonly name?: string }): boolean => name!.startsWith('legacy burst');
  const other: LiveSettings = { limits: { other: { capacity: 1, refill_amount: 1, refill_period: 1 } } };

  const plan = ({ manifest, previous }: Input) => {
    const had = new Set(targetsOf(managed(previous)).map((target) => JSON.stringify(target)));
    return planChanges(normalizeManifest(manifest), managed(previous), (target) => (had.has(JSON.stringify(target)) ? other : undefined));
  };

  test.each(rows.filter((row) => !isBurst(row)))('$title: has the changes of the Python library, in its order', ({ input, expected }) => {
    const { changes } = plan(input);

    expect(changes.map((change) => ({ ...changeView(change), data: change.after ?? null }))).toEqual(expected.changes);
  });

  test.each(rows.filter(({ name }) => name !== 'entity with empty resources produces nothing'))('$title: what is managed afterwards', ({ input, expected }) => {
    expect(managedAfter(normalizeManifest(input.manifest), [])).toEqual(managed(expected.managed_set));
  });

  test.each(rows.filter(isBurst))('F-16: $title, in the Python library', ({ input }) => {
    const { changes } = plan(input);

    expect(changes.map(({ after }) => after)).toEqual([{ limits: { tpm: { capacity: 75_000, refill_amount: 50_000, refill_period: 60 } } }]);
  });
});

const limits = { rpm: { capacity: 1, refill_amount: 1, refill_period: 60 } };

describe('equality', () => {
  const manifest: Manifest = { namespace: 'ns', system: { limits, on_unavailable: 'allow' } };

  test.each<[string, LiveSettings, boolean]>([
    ['the same', { limits, on_unavailable: 'allow' }, true],
    ['another policy', { limits, on_unavailable: 'block' }, false],
    ['a policy that nobody knows', { limits, on_unavailable: 'maybe' }, false],
    ['no policy', { limits }, false],
    ['no limits', { limits: {}, on_unavailable: 'allow' }, false],
    ['another limit', { limits: { tpm: limits.rpm }, on_unavailable: 'allow' }, false],
    ['one limit more', { limits: { ...limits, tpm: limits.rpm }, on_unavailable: 'allow' }, false],
    ['another capacity', { limits: { rpm: { ...limits.rpm, capacity: 2 } }, on_unavailable: 'allow' }, false],
    ['another refill amount', { limits: { rpm: { ...limits.rpm, refill_amount: 2 } }, on_unavailable: 'allow' }, false],
    ['another refill period', { limits: { rpm: { ...limits.rpm, refill_period: 2 } }, on_unavailable: 'allow' }, false],
    ['a damaged limit', { limits: { rpm: { capacity: 1 } }, on_unavailable: 'allow' }, false],
  ])('%s', (_, live, same) => {
    expect(planChanges(manifest, NOTHING_MANAGED, () => live)).toMatchObject(same
      ? { changes: [], unchanged: 1 }
      : { changes: [{ action: 'update', target: { level: 'system' }, before: live, after: manifest.system }], unchanged: 0 });
  });
});

describe('F-15: what is managed', () => {
  const manifest: Manifest = { namespace: 'ns', system: { limits }, resources: { a: { limits }, b: { limits } }, entities: { u: { resources: { a: { limits } } } } };
  const change = (action: 'create' | 'update' | 'delete', target: Target) => ({ action, target, before: undefined, after: undefined });

  test('is without what could not be created, and with what could not be updated or deleted', () => {
    const after = managedAfter(manifest, [
      change('create', { level: 'system' }), change('create', { level: 'resource', resource: 'a' }), change('update', { level: 'resource', resource: 'b' }),
      change('create', { level: 'entity', entity: 'u', resource: 'a' }),
      change('delete', { level: 'resource', resource: 'old' }), change('delete', { level: 'entity', entity: 'u', resource: 'old' }),
    ]);

    expect(after).toEqual({ system: false, resources: ['b', 'old'], entities: { u: ['old'] } });
  });

  test('keeps the system while it could not be deleted', () => {
    expect(managedAfter({ namespace: 'ns' }, [change('delete', { level: 'system' })])).toEqual({ system: true, resources: [], entities: {} });
  });

  test('survives a round trip, sorted, each target once', () => {
    const targets = targetsOf({ system: true, resources: ['b', 'a'], entities: { z: ['b', 'a'], y: ['_default_'] } });

    expect(targets.map(targetName)).toEqual([null, 'a', 'b', 'y/_default_', 'z/a', 'z/b']);
    expect(managedTargets([...targets, ...targets])).toEqual({ system: true, resources: ['a', 'b'], entities: { y: ['_default_'], z: ['a', 'b'] } });
    expect(managedBy(manifest)).toEqual({ system: true, resources: ['a', 'b'], entities: { u: ['a'] } });
  });

  test('is as large as DynamoDB counts it', () => {
    // An empty list or map takes 3 bytes; each member 1 byte beside its own.
    expect(recordBytes(NOTHING_MANAGED)).toBe(6);
    expect(recordBytes({ system: true, resources: ['abc'], entities: { user: ['abc', 'de'] } })).toBe((3 + 4) + (3 + 5 + (3 + 4 + 3)));
  });
});

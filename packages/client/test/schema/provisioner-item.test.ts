import type { Item } from '@zae-limiter/client/schema/attributes';
import {
  isoWithOffset, parseProvisionerRecord, provisionerKey, provisionerUpdate, type ProvisionerRecord,
} from '@zae-limiter/client/schema/provisioner-item';
import { MemoryStore } from '@zae-limiter/client/store/memory-store';

const NEW: ProvisionerRecord = parseProvisionerRecord(undefined);
const RECORD: ProvisionerRecord = {
  managed: { system: true, resources: ['a', 'b'], entities: { user: ['_default_', 'a'] } },
  lastApplied: '2026-01-15T10:30:00+00:00', appliedHash: 'sha256:0', owner: 'cli',
};
const ITEM: Item = {
  PK: { S: 'ns/SYSTEM#' }, SK: { S: '#PROVISIONER' }, GSI4PK: { S: 'ns' }, GSI4SK: { S: 'ns/SYSTEM#' },
  managed_system: { BOOL: true }, managed_resources: { L: [{ S: 'a' }, { S: 'b' }] },
  managed_entities: { M: { user: { L: [{ S: '_default_' }, { S: 'a' }] } } },
  last_applied: { S: '2026-01-15T10:30:00+00:00' }, applied_hash: { S: 'sha256:0' }, owner: { S: 'cli' },
};

describe('the record of a provisioner', () => {
  test('F-17: is written whole, with the keys of its index, and read back', async () => {
    const store = new MemoryStore();

    expect((await store.update(provisionerUpdate('ns', NEW, RECORD))).applied).toBe(true);

    const item = await store.get(provisionerKey('ns'));
    expect(item).toEqual(ITEM);
    expect(parseProvisionerRecord(item)).toEqual(RECORD);
  });

  test('says that nothing is managed when it is missing', () => {
    const managed = { system: false, resources: [], entities: {} };
    expect(NEW).toEqual({ managed, lastApplied: undefined, appliedHash: undefined, owner: undefined });
  });

  test('is read as far as it can be when it is damaged', () => {
    const entities = { M: { u: { L: [{ N: '1' }, { S: 'a' }] } } };
    const damaged = { ...ITEM, managed_system: { S: 'yes' }, managed_resources: { S: 'a' }, managed_entities: entities, owner: { N: '1' } };

    expect(parseProvisionerRecord(damaged)).toMatchObject({ managed: { system: false, resources: [], entities: { u: ['a'] } }, owner: undefined });
    expect(parseProvisionerRecord({ ...ITEM, managed_entities: { L: [] } }).managed.entities).toEqual({});
  });

  test.each<[string, Partial<ProvisionerRecord>]>([
    ['the time', { lastApplied: '2026-01-15T10:30:01+00:00' }], ['the hash', { appliedHash: 'sha256:1' }], ['the owner', { owner: 'stack|Limits' }],
    ['the owner, who is unknown', { owner: undefined }], ['everything', NEW],
  ])('F-41: is not written over one that differs in %s from the one that was read', async (_, difference) => {
    const store = new MemoryStore();
    await store.update(provisionerUpdate('ns', NEW, RECORD));

    const outcome = await store.update(provisionerUpdate('ns', { ...RECORD, ...difference }, NEW));

    expect(outcome.applied).toBe(false);
    expect(await store.get(provisionerKey('ns'))).toEqual(ITEM);
  });

  test('loses what is no longer known', async () => {
    const store = new MemoryStore();
    await store.update(provisionerUpdate('ns', NEW, RECORD));

    await store.update(provisionerUpdate('ns', RECORD, { ...RECORD, owner: undefined, appliedHash: undefined }));

    expect(parseProvisionerRecord(await store.get(provisionerKey('ns')))).toEqual({ ...RECORD, owner: undefined, appliedHash: undefined });
  });

  test.each([
    [Date.UTC(2026, 0, 15, 10, 30), '2026-01-15T10:30:00+00:00'], [Date.UTC(2026, 0, 15, 10, 30, 5, 7), '2026-01-15T10:30:05.007000+00:00'],
  ])('has times as Python writes them: %d is %s', (ms, expected) => {
    expect(isoWithOffset(ms)).toBe(expected);
  });
});

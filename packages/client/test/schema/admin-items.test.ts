import type { Item } from '@zae-limiter/client/schema/attributes';
import { auditItem, auditSubject, parseAuditEvent, type AuditEvent } from '@zae-limiter/client/schema/audit-item';
import { isCounted, limitNames, limitScopes } from '@zae-limiter/client/schema/config-item';
import { entityItem, parentChanges, parseEntity, type Entity } from '@zae-limiter/client/schema/entity-item';
import { namespaceItems, parseNamespace } from '@zae-limiter/client/schema/namespace-item';
import { parseVersion } from '@zae-limiter/client/schema/version-item';

describe('an entity item', () => {
  const entity: Entity = {
    id: 'user-1', name: 'Ada', parentId: 'org-1', cascade: true, metadata: { plan: 'pro', seats: 3, tags: ['a', null] }, createdAt: '2026-01-01T00:00:00Z',
  };

  test('is stored as the Python library stores it, and reads as it was', () => {
    const item = entityItem('ns1', entity);

    expect(item).toEqual({
      PK: { S: 'ns1/ENTITY#user-1' }, SK: { S: '#META' }, entity_id: { S: 'user-1' }, name: { S: 'Ada' }, parent_id: { S: 'org-1' }, cascade: { BOOL: true },
      metadata: { M: { plan: { S: 'pro' }, seats: { N: '3' }, tags: { L: [{ S: 'a' }, { NULL: true }] } } }, created_at: { S: '2026-01-01T00:00:00Z' },
      GSI1PK: { S: 'ns1/PARENT#org-1' }, GSI1SK: { S: 'CHILD#user-1' }, GSI4PK: { S: 'ns1' }, GSI4SK: { S: 'ns1/ENTITY#user-1' },
    });
    expect(parseEntity(item)).toEqual(entity);
  });

  test('without a parent says so, and is in no parent\'s index', () => {
    const item = entityItem('ns1', { ...entity, parentId: undefined, name: undefined, createdAt: undefined });

    expect(item).toMatchObject({ parent_id: { NULL: true }, name: { S: 'user-1' } });
    expect(Object.keys(item).filter((name) => name.startsWith('GSI1') || name === 'created_at')).toEqual([]);
  });

  test('moves between the indexes of parents', () => {
    expect(Object.fromEntries(parentChanges('ns1', 'user-1', 'org-2'))).toEqual({
      parent_id: { set: { S: 'org-2' } }, GSI1PK: { set: { S: 'ns1/PARENT#org-2' } }, GSI1SK: { set: { S: 'CHILD#user-1' } },
    });
    expect(Object.fromEntries(parentChanges('ns1', 'user-1', undefined))).toEqual({
      parent_id: { set: { NULL: true } }, GSI1PK: { remove: true }, GSI1SK: { remove: true },
    });
  });
});

describe('an audit event', () => {
  const event: AuditEvent = {
    id: '01ARYZ6S410000000000000000', timestamp: '2026-01-01T00:00:00Z', action: 'limits_set', entity: '$SYSTEM', principal: 'ops', resource: undefined,
    details: { limits: [{ name: 'rpm', capacity: 10 }], on_unavailable: null },
  };

  test('is stored as the Python library stores it, and reads as it was', () => {
    const item = auditItem('ns1', event, 1_767_225_600_999, 90);

    expect(item).toEqual({
      PK: { S: 'ns1/AUDIT#$SYSTEM' }, SK: { S: '#AUDIT#01ARYZ6S410000000000000000' }, event_id: { S: event.id }, timestamp: { S: event.timestamp },
      action: { S: 'limits_set' }, entity_id: { S: '$SYSTEM' }, principal: { S: 'ops' }, resource: { NULL: true },
      details: { M: { limits: { L: [{ M: { name: { S: 'rpm' }, capacity: { N: '10' } } }] }, on_unavailable: { NULL: true } } },
      ttl: { N: String(1_767_225_600 + 90 * 86_400) }, GSI4PK: { S: 'ns1' }, GSI4SK: { S: 'ns1/AUDIT#$SYSTEM' },
    });
    expect(parseAuditEvent(item)).toEqual(event);
  });

  test.each<[string, Item, object | undefined]>([
    ['without an action is none', { event_id: { S: 'x' } }, undefined],
    ['of which only the action is known still counts', { action: { S: 'x' } }, {
      id: '', timestamp: '', action: 'x', entity: '', principal: undefined, resource: undefined, details: {},
    }],
    ['with details that are no map has none', { action: { S: 'x' }, details: { S: 'text' } }, { action: 'x', details: {} }],
  ])('%s', (_, item, expected) => {
    if (expected === undefined) expect(parseAuditEvent(item)).toBeUndefined();
    else expect(parseAuditEvent(item)).toMatchObject(expected);
  });

  test.each([[{}, '$SYSTEM'], [{ resource: 'gpt-4' }, '$RESOURCE:gpt-4'], [{ entity: 'u' }, 'u'], [{ entity: 'u', resource: 'gpt-4' }, 'u']])(
    'of %j is about %s', (scope, subject) => {
      expect(auditSubject(scope)).toBe(subject);
    });
});

describe('a config item', () => {
  test('names its limits in order', () => {
    expect(limitNames({ l_b_cp: { N: '1' }, l_a_cp: { N: '1' }, l_a_ra: { N: '1' }, l__cp: { N: '1' }, x_cp: { N: '1' } })).toEqual(['a', 'b']);
  });

  test('may be on four levels, highest first', () => {
    expect(limitScopes('u', 'r')).toEqual([{ entity: 'u', resource: 'r' }, { entity: 'u' }, { resource: 'r' }, {}]);
  });

  test.each<[string, Item | undefined, boolean]>([
    ['of this library', { config_version: { N: '1' } }, true], ['W38: of a provisioner of the Python library', {}, false], ['that is missing', undefined, false],
  ])('%s is counted: %j %s', (_, item, counted) => {
    expect(isCounted(item)).toBe(counted);
  });
});

describe('a namespace record', () => {
  test('reads as it was written', () => {
    const [byName, byId] = namespaceItems('prod', 'abc', '2026-01-01T00:00:00Z');

    const expected = { id: 'abc', name: 'prod', status: 'active', createdAt: '2026-01-01T00:00:00Z', deletedAt: undefined };
    expect([parseNamespace(byName), parseNamespace(byId)]).toEqual([expected, expected]);
  });

  test('that is damaged reads as one that nobody can use', () => {
    expect(parseNamespace({})).toEqual({ id: '', name: '', status: '', createdAt: undefined, deletedAt: undefined });
  });
});

describe('the version record', () => {
  test('says which schema the table follows', () => {
    expect(parseVersion({ schema_version: { S: '0.10.0' }, lambda_version: { NULL: true }, updated_by: { S: 'cdk:1.0.0' } })).toEqual({
      schemaVersion: '0.10.0', clientMinimum: undefined, lambdaVersion: undefined, updatedAt: undefined, updatedBy: 'cdk:1.0.0',
    });
  });

  test.each([[undefined], [{}]])('says nothing when it is %j', (item) => {
    expect(parseVersion(item)).toBeUndefined();
  });
});

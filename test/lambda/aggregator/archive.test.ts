import { gunzipSync } from 'node:zlib';
import type { AttributeValue, DynamoDBRecord } from 'aws-lambda';
import fc from 'fast-check';
import { archive, archiveObjects, type ArchiveStore } from '../../../lambda-src/aggregator/archive';
import { readDeletedEvent, type ArchiveScope } from '../../../lambda-src/aggregator/archive-event';
import type { ArchiveObject } from '../../../lambda-src/aggregator/archive-object';
import { vectors } from '../../support/vectors';
import { auditRecord, type AuditRecordOptions } from '../support/audit-record';
import { sequenceNumber } from '../support/bucket-record';

type Line = Readonly<Record<string, unknown>>;

interface Archived {
  readonly objects: readonly { readonly Key: string; readonly decoded_lines: readonly Line[] }[];
  readonly events: number;
}

/** Text of an object. */
const textOf = ({ body }: ArchiveObject): string => gunzipSync(body).toString('utf8');

/** Lines of an object, each read as JSON. */
const linesOf = (object: ArchiveObject): Line[] => textOf(object).split('\n').slice(0, -1).map((line) => JSON.parse(line) as Line);

/** The only line that a record becomes; undefined when it is not archived. */
const lineOf = (record: DynamoDBRecord, scope: ArchiveScope = 'all'): Line | undefined => archiveObjects([record], scope).flatMap(linesOf)[0];

const records = (...options: AuditRecordOptions[]): DynamoDBRecord[] =>
  options.map((one, position) => auditRecord({ id: `E${position}`, sequence: position + 1, ...one }));

const at = (timestamp: string) => ({ attributes: { timestamp: { S: timestamp } } });

/** A store in memory, which refuses the keys that match. */
function memoryStore(refuses: RegExp = /(?!)/): ArchiveStore & { readonly objects: Map<string, Uint8Array> } {
  const objects = new Map<string, Uint8Array>();
  return {
    objects,
    async put({ key, body }) {
      if (refuses.test(key)) throw Object.assign(new Error('refused by a test'), { name: 'AccessDenied' });
      objects.set(key, body);
    },
  };
}

describe('archiveObjects', () => {
  const recommended = vectors<{ readonly records: DynamoDBRecord[]; readonly scope: ArchiveScope }, Archived>('archiver_recommended');

  test.each(recommended)('makes what the specification says: $title', ({ input, expected }) => {
    const objects = archiveObjects(input.records, input.scope);

    expect(objects.map((object) => ({ Key: object.key, decoded_lines: linesOf(object) })))
      .toEqual(expected.objects.map(({ Key, decoded_lines }) => ({ Key, decoded_lines })));
    expect(objects.reduce((sum, { events }) => sum + events, 0)).toBe(expected.events);
    expect(objects.flatMap(linesOf).map((line) => Object.keys(line)))
      .toEqual(expected.objects.flatMap(({ decoded_lines }) => decoded_lines).map((line) => Object.keys(line)));
  });

  test('writes compact JSON that ends each line, the last too, and keeps letters as they are', () => {
    const [object] = archiveObjects(records({ attributes: { principal: { S: 'café\n"é"' } } }, {}), 'ttl');

    expect(textOf(object!)).toBe([
      '{"event_id":"E0","entity_id":"user-1","action":"limits_set","timestamp":"2024-01-15T10:30:00Z","principal":"café\\n\\"é\\"","resource":"gpt-4","details":{},"namespace_id":"ns1","deleted_by":"ttl"}\n',
      '{"event_id":"E1","entity_id":"user-1","action":"limits_set","timestamp":"2024-01-15T10:30:00Z","principal":"admin","resource":"gpt-4","details":{},"namespace_id":"ns1","deleted_by":"ttl"}\n',
    ].join(''));
  });

  test('sorts by time and then by id, whatever zone a time is given in, and names the object after the first', () => {
    const [object] = archiveObjects(records(
      at('2024-01-15T10:30:00Z'), { id: 'Z', ...at('2024-01-15T09:00:00Z') }, { id: 'B', ...at('2024-01-15T09:00:00Z') },
      at('2024-01-15T10:30:00.5+02:00'),
    ), 'ttl');

    expect(linesOf(object!).map(({ event_id }) => event_id)).toEqual(['E3', 'B', 'Z', 'E0']);
    expect(object!.key).toMatch(/-2024-01-15T10-30-00\.502-00\.jsonl\.gz$/);
  });

  test('makes the same bytes of the same events at any time and in any order, for each record in exactly one object', () => {
    const anyEvent = fc.record({
      id: fc.stringMatching(/^[A-Z]{1,3}$/), namespaceId: fc.constantFrom('ns1', 'ns2'), deletedBy: fc.constantFrom('ttl' as const, 'request' as const),
      day: fc.integer({ min: 1, max: 3 }), second: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(fc.property(fc.array(anyEvent, { maxLength: 20 }), fc.infiniteStream(fc.nat()), (events, random) => {
      const batch = records(...events.map(({ day, second, ...event }) => ({ ...event, ...at(`2024-01-0${day}T00:00:0${second}Z`) })));
      const shuffled = batch.map((record) => [random.next().value as number, record] as const).sort(([a], [b]) => a - b).map(([, record]) => record);

      const [objects, again] = [archiveObjects(batch, 'all'), archiveObjects(shuffled, 'all')];

      const stored = (list: readonly ArchiveObject[]) => list.map(({ key, body }) => [key, Buffer.from(body).toString('hex')]);
      expect(stored(again)).toEqual(stored(objects));
      expect(objects.flatMap(({ sequenceNumbers }) => sequenceNumbers).sort()).toEqual(batch.map(({ dynamodb }) => dynamodb!.SequenceNumber).sort());
    }), { numRuns: 50 });
  });

  test('leaves time and system out of the gzip header, and sorts the keys of maps', () => {
    const [one, other] = [{ b: { S: '1' }, a: { S: '2' } }, { a: { S: '2' }, b: { S: '1' } }]
      .map((M) => archiveObjects([auditRecord({ attributes: { details: { M } } })], 'ttl')[0]!.body);

    expect([...one!.subarray(4, 8), one![9]]).toEqual([0, 0, 0, 0, 255]);
    expect(other).toEqual(one);
  });

  test.each([
    ['text that is no time', { S: '../yesterday at noon?' }, /\/audit-\w{16}-\.\.-yesterday-at-noon-\.jsonl\.gz$/],
    ['long text', { S: 'x'.repeat(3000) }, /\/audit-\w{16}-x{40}\.jsonl\.gz$/],
    ['a day without a time', { S: '2024-3-5' }, /\/audit-\w{16}-2024-3-5\.jsonl\.gz$/],
    ['an impossible time', { S: '2024-13-45T10:30:00Z' }, /\/audit-\w{16}-2024-13-45T10-30-00Z\.jsonl\.gz$/],
    ['a number', { N: '17' }, /\/audit-\w{16}-2030-03-05T14-30-00Z\.jsonl\.gz$/],
    ['nothing', undefined, /\/audit-\w{16}-2030-03-05T14-30-00Z\.jsonl\.gz$/],
  ])('files an event whose timestamp is %s under the day of its deletion, with a key that S3 takes', (_, timestamp, key) => {
    const [object] = archiveObjects([auditRecord({ attributes: { timestamp } })], 'ttl');

    expect(object!.key).toMatch(/^audit\/year=2030\/month=03\/day=05\/[\w.-]+$/);
    expect(object!.key).toMatch(key);
  });
});

describe('a record', () => {
  const shared = ['event_id', 'entity_id', 'action', 'timestamp', 'principal', 'resource', 'details'];
  const extract = vectors<{ readonly record: DynamoDBRecord }, { readonly event?: Line | null }>('archiver').filter(({ kind }) => kind === 'extract');
  /** Where ours differs from the reference, with what ours makes of it; undefined when it is not archived. */
  const ours: Record<string, Line | undefined> = {
    'REMOVE of an unprefixed PK raises': undefined,
    'missing action': { ...extract[0]!.expected.event, action: null },
    'set types are passed through raw': { ...extract[0]!.expected.event, details: { tags: ['a', 'b'] } },
  };

  test.each(extract)('becomes the seven fields of the reference: $title', ({ name, input, expected }) => {
    const event = name! in ours ? ours[name!] : expected.event ?? undefined;

    const line = lineOf(input.record);

    expect(line && Object.fromEntries(shared.map((field) => [field, line[field]]))).toEqual(event);
  });

  test('F-03: of an audit event has a namespace in front of its key, and is archived', () => {
    const record = auditRecord({ namespaceId: 'tenant-1', entity: '$RESOURCE:v1/chat' });

    expect(record.dynamodb!.Keys!.PK).toEqual({ S: 'tenant-1/AUDIT#$RESOURCE:v1/chat' });
    expect(lineOf(record, 'ttl')).toMatchObject({ namespace_id: 'tenant-1', entity_id: '$RESOURCE:v1/chat', event_id: 'A' });
  });

  test.each<[string, DynamoDBRecord, ArchiveScope]>([
    ['a change', { ...auditRecord(), eventName: 'MODIFY' }, 'all'],
    ['the creation', { ...auditRecord(), eventName: 'INSERT' }, 'all'],
    ['a deletion by an operator, in scope ttl', auditRecord({ deletedBy: 'request' }), 'ttl'],
    ['a deletion by another service, in scope ttl', { ...auditRecord(), userIdentity: { type: 'Service', principalId: 'replication.dynamodb.amazonaws.com' } }, 'ttl'],
    ['a deletion by a user named like the service, in scope ttl', { ...auditRecord(), userIdentity: { type: 'IAMUser', principalId: 'dynamodb.amazonaws.com' } }, 'ttl'],
    ['a deletion with an audit sort key alone', { ...auditRecord(), dynamodb: { Keys: { PK: { S: 'ns1/ENTITY#user-1' }, SK: { S: '#AUDIT#A' } } } }, 'all'],
    ['a deletion with an audit partition alone', { ...auditRecord(), dynamodb: { Keys: { PK: { S: 'ns1/AUDIT#user-1' }, SK: { S: '#META' } } } }, 'all'],
    ['a deletion without a key', { ...auditRecord(), dynamodb: {} }, 'all'],
    ['a deletion without anything', { eventName: 'REMOVE', userIdentity: null }, 'all'],
  ])('of %s is not archived', (_, record, scope) => {
    expect(readDeletedEvent(record, scope)).toBeUndefined();
  });

  test('F-30: says whether the event expired or was deleted', () => {
    expect(lineOf(auditRecord())).toMatchObject({ deleted_by: 'ttl' });
    expect(lineOf(auditRecord({ deletedBy: 'request' }))).toMatchObject({ deleted_by: 'request' });
  });

  test('F-30: that is damaged is archived with what it has', () => {
    const attributes = { event_id: undefined, entity_id: { NULL: true }, action: undefined, principal: { N: '5' }, details: { L: [{ S: 'x' }] } };

    expect(lineOf(auditRecord({ attributes }))).toEqual({
      event_id: 'A', entity_id: 'user-1', timestamp: '2024-01-15T10:30:00Z', principal: 5, resource: 'gpt-4', details: { value: ['x'] },
      namespace_id: 'ns1', deleted_by: 'ttl',
    });
  });

  test('F-30: that has no image keeps what its key says, and one without a number fails the whole batch', async () => {
    const { Keys } = auditRecord().dynamodb!;
    const record: DynamoDBRecord = { eventName: 'REMOVE', dynamodb: { Keys } };

    const { failures } = await archive([record], memoryStore(/./), 'all');

    expect(lineOf(record)).toEqual({ event_id: 'A', entity_id: 'user-1', details: {}, namespace_id: 'ns1', deleted_by: 'request' });
    expect(failures).toMatchObject([{ key: expect.stringMatching(/^audit\/year=1970\//), sequenceNumbers: [''] }]);
  });

  test.each<[string, AttributeValue, unknown]>([
    ['the greatest safe integer', { N: '9007199254740991' }, 9_007_199_254_740_991],
    ['a greater one', { N: '9007199254740992' }, '9007199254740992'],
    ['a smaller one than the least', { N: '-9007199254740993' }, '-9007199254740993'],
    ['an integer of 38 digits', { N: '12345678901234567890123456789012345678' }, '12345678901234567890123456789012345678'],
    ['a fraction', { N: '-0.125' }, -0.125],
    ['an exponent', { N: '1E+3' }, 1000],
    ['false', { BOOL: false }, false],
    ['empty text', { S: '' }, ''],
    ['null', { NULL: true }, null],
    ['an empty list', { L: [] }, []],
    ['a set of text', { SS: ['b', 'a', 'B'] }, ['B', 'a', 'b']],
    ['a set of numbers', { NS: ['10', '9007199254740993', '-1', '9007199254740992', '9.5'] }, [-1, 9.5, 10, '9007199254740992', '9007199254740993']],
    ['binary', { B: 'AQI=' }, 'AQI='],
    ['a set of binary', { BS: ['Ag==', 'AQ=='] }, ['AQ==', 'Ag==']],
    ['a map in a list', { L: [{ M: { a: { L: [{ NULL: true }] } } }] }, [{ a: [null] }]],
  ])('keeps %s in its details', (_, value, expected) => {
    expect(lineOf(auditRecord({ attributes: { details: { M: { it: value } } } }))!.details).toEqual({ it: expected });
  });

  test('keeps a detail named __proto__', () => {
    const record = JSON.parse(JSON.stringify(auditRecord()).replace('"M":{}', '"M":{"__proto__":{"S":"x"}}')) as DynamoDBRecord;

    expect(JSON.stringify(lineOf(record))).toContain('"details":{"__proto__":"x"}');
  });
});

describe('archive', () => {
  const threeDays = () => records(at('2024-01-16T00:00:01Z'), at('2024-01-15T23:59:59Z'), at('2024-01-17T00:00:00Z'), at('2024-01-16T12:00:00Z'));

  test('of a batch without audit events stores nothing', async () => {
    expect(await archive([], memoryStore(/./), 'all')).toEqual({ archived: 0, objects: 0, failures: [] });
  });

  test('F-30: counts what is stored, and reports the records of what is not, whatever the error', async () => {
    const store = memoryStore(/day=16/);

    const { failures, ...counts } = await archive(threeDays(), store, 'ttl');

    expect(counts).toEqual({ archived: 2, objects: 2 });
    expect([...store.objects.keys()].sort()).toEqual([expect.stringContaining('day=15'), expect.stringContaining('day=17')]);
    expect(failures).toEqual([{
      key: expect.stringContaining('day=16'), sequenceNumbers: [sequenceNumber(1), sequenceNumber(4)],
      error: expect.objectContaining({ name: 'AccessDenied' }),
    }]);
  });

  test('F-30: puts each event under its own day', async () => {
    const [first, ...rest] = archiveObjects(threeDays(), 'ttl');

    expect([first!, ...rest].map(({ key, events }) => [key.slice(0, 34), events])).toEqual([
      ['audit/year=2024/month=01/day=15/au', 1], ['audit/year=2024/month=01/day=16/au', 2], ['audit/year=2024/month=01/day=17/au', 1],
    ]);
  });

  test('that the time does not suffice for reports what it did not start', async () => {
    const store = memoryStore();
    let puts = 0;

    const { archived, failures } = await archive(threeDays(), store, 'ttl', () => puts++ < 1);

    expect({ archived, stored: store.objects.size }).toEqual({ archived: 1, stored: 1 });
    expect(failures.flatMap(({ sequenceNumbers }) => sequenceNumbers)).toEqual([sequenceNumber(1), sequenceNumber(4), sequenceNumber(3)]);
    expect(failures[0]!.error).toMatchObject({ message: expect.stringContaining('not started') });
  });

  test('stores ten objects at a time, and not more', async () => {
    let [running, most] = [0, 0];
    const put = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
    };
    const days = records(...Array.from({ length: 28 }, (_, day) => at(`2024-01-${String(day + 1).padStart(2, '0')}T00:00:00Z`)));

    expect(await archive(days, { put }, 'ttl')).toEqual({ archived: 28, objects: 28, failures: [] });
    expect(most).toBe(10);
  });
});

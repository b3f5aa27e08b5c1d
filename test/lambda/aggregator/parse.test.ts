import type { DynamoDBRecord } from 'aws-lambda';
import fc from 'fast-check';
import { CorruptRecordError } from '@zae-limiter/client/core/errors';
import { parseRecord } from '../../../lambda-src/aggregator/parse';
import { vectors } from '../../support/vectors';
import { AT, bucketRecord, sequenceNumber } from '../support/bucket-record';

interface Parsed {
  readonly namespace_id: string;
  readonly entity_id: string;
  readonly resource: string;
  readonly shard_id: number;
  readonly created_s: number;
  readonly sequence: string;
  readonly watermark: string;
  readonly limits: Readonly<Record<string, { readonly tc_delta: number }>>;
}

const parseVectors = vectors<{ readonly record: DynamoDBRecord }, { readonly parsed: Parsed | null }>('aggregator_recommended')
  .filter(({ kind }) => kind === 'parse');

/** A record whose `dynamodb` part differs in places. */
function changed(differences: Partial<Record<keyof NonNullable<DynamoDBRecord['dynamodb']>, unknown>>): DynamoDBRecord {
  const record = bucketRecord({ before: { rpm: 0 } });
  return { ...record, dynamodb: { ...record.dynamodb, ...differences } as DynamoDBRecord['dynamodb'] };
}

describe('parseRecord', () => {
  const op = (id: string, acquires?: number) => ({ x_op: { S: id }, ...(acquires !== undefined && { x_ev: { N: String(acquires) } }) });

  test.each([
    ['the requests that share a write of ours', { before: op('a.1', 5), after: op('a.2', 12) }, 7],
    ['none for a correction of ours', { before: op('a.1', 5), after: op('a.2', 5) }, 0],
    ['the first request of ours on a bucket of a Python client', { after: op('a.1', 1) }, 1],
    ['one for a write of a Python client, whatever ours wrote before', { before: op('a.1', 5), after: op('a.1', 5) }, 1],
    ['one on a bucket that ours never wrote', {}, 1],
  ])('counts %s', (_, more, requests) => {
    expect(parseRecord(bucketRecord({ before: { rpm: 0 }, more }))!.requests).toBe(requests);
  });

  test.each(parseVectors)('reads what the specification says: $title', ({ input, expected: { parsed } }) => {
    const change = parseRecord(input.record);

    expect(change).toEqual(parsed === null ? undefined : {
      key: { namespaceId: parsed.namespace_id, entity: parsed.entity_id, resource: parsed.resource, shard: parsed.shard_id },
      createdAt: parsed.created_s,
      sequence: parsed.sequence,
      watermark: parsed.watermark,
      consumed: new Map(Object.entries(parsed.limits)
        .filter(([limit, { tc_delta }]) => limit !== 'wcu' && tc_delta !== 0)
        .map(([limit, { tc_delta }]) => [limit, tc_delta])),
      requests: 1,
      before: input.record.dynamodb!.OldImage ?? {},
      after: input.record.dynamodb!.NewImage,
    });
  });

  // Where ours differs: a limit that the old image lacks counts (F-08), and the layout before namespaces is not read.
  type Reference = { readonly deltas: readonly { readonly limit_name: string; readonly tokens_delta: number }[] };
  const DIFFERENT = ['limit missing from OldImage is skipped', 'legacy key format PK=ns/ENTITY#, SK=#BUCKET#resource'];
  const reference = vectors<{ readonly record: DynamoDBRecord }, Reference>('aggregator').filter(({ kind, name }) => kind === 'parse' && !DIFFERENT.includes(name!));

  test.each(reference)('finds the consumption that the reference finds: $title', ({ input, expected: { deltas } }) => {
    let consumed: ReadonlyMap<string, number> = new Map();
    try {
      consumed = parseRecord(input.record)?.consumed ?? consumed;
    } catch (error) {
      expect(error).toBeInstanceOf(CorruptRecordError); // the reference ignores such records, ours logs and counts them
    }

    expect(consumed).toEqual(new Map(deltas.map(({ limit_name: limit, tokens_delta: delta }) => [limit, delta])));
  });

  test('F-08, W19: the request that created a bucket is consumption', () => {
    const record = bucketRecord({ after: { rpm: 2000, tpm: 70_000, wcu: 1000 } });

    expect(record.eventName).toBe('INSERT');
    expect(parseRecord(record)!.consumed).toEqual(new Map([['rpm', 2000], ['tpm', 70_000]]));
  });

  test('F-08: a limit that the bucket did not have before counts from 0', () => {
    const record = bucketRecord({ before: { rpm: 5000 }, after: { rpm: 6000, tpm: 400 } });

    expect(parseRecord(record)!.consumed).toEqual(new Map([['rpm', 1000], ['tpm', 400]]));
  });

  test.each([
    ['a refund is negative', { rpm: 5000 }, { rpm: 3000 }, [['rpm', -2000]]],
    ['a limit that did not move is left out', { rpm: 5000, tpm: 1 }, { rpm: 5000, tpm: 2 }, [['tpm', 1]]],
    ['a limit that the bucket no longer has is left out', { rpm: 5000, tpm: 1 }, { rpm: 6000 }, [['rpm', 1000]]],
    ['the internal limit is never usage', { wcu: 1000 }, { wcu: 2000 }, []],
    ['W7: names with dots, hyphens and underscores are whole', {}, { 'a.b-c_d': 1000, '_tc_x': 7 }, [['a.b-c_d', 1000], ['_tc_x', 7]]],
  ] as const)('%s', (_, before, after, consumed) => {
    const change = parseRecord(bucketRecord({ before, after }));

    expect([...change!.consumed]).toEqual(consumed);
  });

  test('F-07, W19: the time is that of the stream, cut to seconds, and not that of the last refill', () => {
    const record = bucketRecord({ at: AT + 0.75, before: { rpm: 0 } });
    const withRefill = { ...record, dynamodb: { ...record.dynamodb, NewImage: { ...record.dynamodb!.NewImage, rf: { N: '1000' } } } };

    expect(parseRecord(withRefill)!.createdAt).toBe(AT);
  });

  test('takes a resource with slashes and a shard of several digits apart', () => {
    const record = bucketRecord({ entity: 'org:1@x', resource: 'v1/chat/BUCKET', shard: 17 });

    expect(parseRecord(record)!.key).toEqual({ namespaceId: 'ns1', entity: 'org:1@x', resource: 'v1/chat/BUCKET', shard: 17 });
  });
});

describe('watermark', () => {
  const watermark = (sequence: string, stream: string): string => {
    const record = changed({ SequenceNumber: sequence });
    return parseRecord({ ...record, eventSourceARN: `arn:aws:dynamodb:us-east-1:1:table/t/stream/${stream}` })!.watermark;
  };

  test('F-06: sorts as text in the order of the sequence numbers, whatever their lengths', () => {
    const number = fc.bigInt({ min: 0n, max: 10n ** 40n - 1n });
    fc.assert(fc.property(number, number, (a, b) => {
      const [first, second] = [a, b].map((value) => watermark(String(value), '2030-01-01T00:00:00.000'));

      expect(first! < second!).toBe(a < b);
    }));
  });

  test('F-06: every change of a newer stream sorts after every change of an older one', () => {
    expect(watermark('9'.repeat(40), '2030-01-01T00:00:00.000') < watermark('1', '2030-01-01T00:00:00.001')).toBe(true);
  });

  test('stands without a stream label when the record has none', () => {
    const { eventSourceARN: _, ...record } = bucketRecord();

    expect(parseRecord(record)!.watermark).toBe(`|${sequenceNumber(1).padStart(40, '0')}`);
  });
});

describe('records that are not a change of a bucket', () => {
  test.each(['REMOVE', 'UNKNOWN_TO_SDK_VERSION', undefined])('an event named %s is ignored', (eventName) => {
    const record = { ...bucketRecord({ before: { rpm: 0 } }), eventName } as DynamoDBRecord;

    expect(parseRecord(record)).toBeUndefined();
  });

  test.each([
    ['a config', 'ns1/SYSTEM#', '#CONFIG'],
    ['a usage snapshot', 'ns1/ENTITY#user-1', '#USAGE#gpt-4#2030-01-01T00:00:00Z'],
    ['another record of a bucket partition', 'ns1/BUCKET#user-1#gpt-4#0', '#META'],
    ['another record under the sort key of a bucket', 'ns1/ENTITY#user-1', '#STATE'],
  ])('%s is ignored', (_, PK, SK) => {
    expect(parseRecord(changed({ Keys: { PK: { S: PK }, SK: { S: SK } } }))).toBeUndefined();
  });

  test.each([
    ['has no entity', { b_rpm_tc: { N: '-1000' } }],
    ['has a number for an entity', { entity_id: { N: '7' }, b_rpm_tc: { N: '-1000' } }],
  ])('W4: a fragment of a deleted bucket that %s is ignored', (_, NewImage) => {
    expect(parseRecord(changed({ NewImage }))).toBeUndefined();
  });

  test.each([
    ['no keys', changed({ Keys: undefined })],
    ['nothing but a name', { eventName: 'MODIFY' } as DynamoDBRecord],
  ])('a record with %s is ignored', (_, record) => {
    expect(parseRecord(record)).toBeUndefined();
  });
});

describe('records that cannot be read', () => {
  const image = (counter: string) => ({ ...bucketRecord().dynamodb!.NewImage, b_rpm_tc: { N: counter } });
  const keys = (PK: string) => ({ PK: { S: PK }, SK: { S: '#STATE' } });

  test.each([
    ['no sequence number', { SequenceNumber: undefined }, 'SequenceNumber'],
    ['no time', { ApproximateCreationDateTime: undefined }, 'ApproximateCreationDateTime'],
    ['no shard in its key', { Keys: keys('ns1/BUCKET#user-1#gpt-4') }, 'PK'],
    ['a shard that is a word', { Keys: keys('ns1/BUCKET#user-1#gpt-4#x') }, 'PK'],
    ['a negative shard', { Keys: keys('ns1/BUCKET#user-1#gpt-4#-1') }, 'PK'],
    ['nothing behind the word BUCKET', { Keys: keys('ns1/BUCKET#') }, 'PK'],
    ['no new image', { NewImage: undefined }, 'NewImage'],
    ['a counter that is text', { NewImage: { entity_id: { S: 'user-1' }, b_rpm_tc: { S: '7' } } }, 'b_rpm_tc'],
    ['a counter of a type that nobody knows', { NewImage: { entity_id: { S: 'user-1' }, b_rpm_tc: { X: '7' } } }, 'b_rpm_tc'],
    ['a counter that was none before', { OldImage: { b_rpm_tc: { NULL: true } }, NewImage: { entity_id: { S: 'user-1' }, b_rpm_tc: { N: '7' } } }, 'b_rpm_tc'],
    ['W26: a counter with a fraction', { NewImage: image('1000.5') }, 'b_rpm_tc'],
    ['W26: a counter with an exponent', { NewImage: image('1E+3') }, 'b_rpm_tc'],
    ['W26: an old counter with a fraction', { OldImage: image('0.5') }, 'b_rpm_tc'],
  ])('rejects a record with %s', (_, differences, named) => {
    const parse = () => parseRecord(changed(differences));

    expect(parse).toThrow(CorruptRecordError);
    expect(parse).toThrow(named);
  });
});

import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { LimitsProvisioner } from '@zae-limiter/client/admin/limits-provisioner';
import { manifestHash } from '@zae-limiter/client/manifest/canonical-json';
import type { Manifest } from '@zae-limiter/client/manifest/manifest';
import { parseManifest } from '@zae-limiter/client/manifest/validate';
import { readText, type Item } from '@zae-limiter/client/schema/attributes';
import { FakeClock } from '@zae-limiter/client/testing';
import { carryOutCommand } from '../../lambda-src/provisioner/command';
import { customResource } from '../../lambda-src/provisioner/custom-resource';
import { vectors } from '../support/vectors';
import { newTable, type NewTable } from './support/new-table';
import { toolsOf } from './support/provisioner';

const NOW = Date.UTC(2026, 0, 15, 10, 30);

/** A table that holds these items. */
async function tableWith(items: readonly Item[]): Promise<NewTable> {
  const table = await newTable();
  for (const item of items) await table.client.send(new PutItemCommand({ TableName: table.store.tableName, Item: item as never }));
  return table;
}

const key = (item: Item): string => `${readText(item, 'PK')} ${readText(item, 'SK')}`;

/** Without the audit events, and without the revision that this client gives to limits. */
const comparable = (items: readonly Item[]): Item[] => items
  .filter((item) => !key(item).includes('/AUDIT#'))
  .map(({ x_rev, ...item }) => item)
  .sort((a, b) => (key(a) < key(b) ? -1 : 1));

describe('F-17, F-18, W37, W38: what a manifest leaves in the table', () => {
  interface Input { readonly namespace_id: string; readonly manifest: Manifest; readonly table_before: readonly Item[] }

  test.each(vectors<Input, { readonly table_after: readonly Item[] }>('provisioner_items_recommended'))('$title', async ({ input, expected }) => {
    const table = await tableWith(input.table_before);
    const provisioner = new LimitsProvisioner({ store: table.store, namespaceId: input.namespace_id, clock: new FakeClock(NOW) });

    const { errors } = await provisioner.apply(input.manifest, { owner: 'cli' });

    expect(errors).toEqual([]);
    expect(comparable(await table.items())).toEqual(comparable(expected.table_after));
    table.client.destroy();
  });
});

describe('a call of the function of the Python library', () => {
  interface Call { readonly table_before: readonly Item[]; readonly event: Readonly<Record<string, unknown>> }
  interface Result {
    readonly return_value: Readonly<Record<string, unknown>> | null;
    readonly table_after: readonly Item[];
    readonly cfn_response: readonly { readonly body: Readonly<Record<string, unknown>> }[];
  }

  /** Where ours differs, and why; everything else is answered and stored as there. */
  interface Difference {
    readonly title: string;
    /** Parts of the answer that replace those of the reference. */
    readonly answer?: object;
    /** The error, instead of an answer. */
    readonly error?: object;
    /** The table stays as it was. */
    readonly unchanged?: true;
    /** Items that hold other attributes. */
    readonly items?: readonly object[];
  }

  /** The record of the manifest with its numbers as numbers. */
  const recordOf = (manifest: object): object => {
    const applied_hash = { S: manifestHash(parseManifest({ namespace: 'default', ...manifest })) };
    return { SK: { S: '#PROVISIONER' }, applied_hash, owner: { S: 'arn:aws:cloudformation:us-east-1:123456789012:stack/my-app-limits/guid|TenantLimits' } };
  };
  const failed = (reason: string) => ({
    Status: 'FAILED', PhysicalResourceId: 'create-failed/req-cfn-1', Reason: expect.stringContaining(reason), Data: undefined,
  });
  const data = (counts: object) => ({
    Data: { NamespaceId: 'a7x3kq2m', ManifestHash: expect.any(String), Created: '0', Updated: '0', Deleted: '0', Unchanged: '0', ...counts },
  });

  const OURS: Readonly<Record<string, Difference>> = {
    'CLI apply overwrites the whole system config item, dropping audit_retention_days': {
      title: 'F-18: keeps the audit retention, and sees that there are limits',
      answer: { changes: [{ action: 'update', level: 'system', target: null }], created: 0, updated: 1 },
      items: [{ SK: { S: '#CONFIG' }, audit_retention_days: { N: '30' }, config_version: { N: '1' } }],
    },
    'CLI apply removing everything': {
      title: 'F-18: keeps the audit retention', items: [{ SK: { S: '#CONFIG' }, audit_retention_days: { N: '30' } }],
    },
    'unknown CLI action is treated as apply': {
      title: 'F-20: a diff changes nothing', unchanged: true,
      answer: {
        status: 'diffed', in_sync: false, changes: [expect.objectContaining({ action: 'create', target: 'r' })],
        created: undefined, updated: undefined, deleted: undefined, errors: undefined,
      },
    },
    'CLI apply with empty namespace id: every write is rejected because GSI4PK is an index key; the state write then raises': {
      title: 'F-20: an empty id is refused', error: { code: 'INVALID_REQUEST' }, unchanged: true,
    },
    'CFN Create': {
      title: 'F-14, F-47: text is read as numbers, and the answer holds counts', answer: data({ Created: '3' }),
      items: [recordOf({
        system: { on_unavailable: 'block', limits: { rpm: { capacity: 1000 } } },
        resources: { 'gpt-4': { limits: { rpm: { capacity: 500, refill_amount: 50, refill_period: 6 } } } },
        entities: { u1: { resources: { 'gpt-4': { limits: { rpm: { capacity: 9 } } } } } },
      })],
    },
    'CFN Update drops a resource': {
      title: 'F-11, F-47: what is recorded and not there is created, or gone already', answer: data({ Created: '1' }),
      items: [recordOf({ resources: { 'gpt-4': { limits: { rpm: { capacity: 2000 } } } } })],
    },
    'CFN Delete': { title: 'F-11: what is gone already needs no deletion', answer: { Data: undefined } },
    'CFN Create with unregistered namespace fails': { title: 'F-13: with an id that says so', answer: failed("namespace 'nope' is not registered") },
    'CFN rollback Delete after that failed Create also fails': {
      title: 'F-13: it succeeds', answer: { Status: 'SUCCESS', PhysicalResourceId: 'failed', Data: undefined }, unchanged: true,
    },
    'CFN rollback Delete after a failed Create in a namespace with CLI-managed limits deletes them': {
      title: 'F-13: it touches nothing', answer: { Status: 'SUCCESS', PhysicalResourceId: 'failed', Data: undefined }, unchanged: true,
    },
    'CFN Create with non-numeric capacity: error is swallowed and SUCCESS is sent': {
      title: 'F-15: it fails', answer: failed('resources.gpt-4.limits.rpm.capacity NOT_AN_INTEGER'), unchanged: true,
    },
    'CFN Create with empty system': { title: 'F-20: it fails', answer: failed('system EMPTY_SECTION'), unchanged: true },
  };

  const rows = vectors<Call, Result>('provisioner_events').map((row) => ({ ...row, ours: OURS[row.name!] }));

  test('is listed above where ours differs', () => {
    expect(Object.keys(OURS).filter((name) => !rows.some((row) => row.name === name))).toEqual([]);
    expect(rows.filter(({ ours }) => ours === undefined).map(({ name }) => name)).toEqual(['CLI plan writes nothing', 'CLI apply, first time']);
  });

  const titled = rows.map((row) => ({ ...row, title: row.ours === undefined ? row.title : `${row.title}: ${row.ours.title}` }));

  test.each(titled)('$title', async ({ input, expected, ours = { title: '' } }) => {
    const table = await tableWith(input.table_before);
    const { tableName } = table.store;
    const tools = toolsOf(table.store, new FakeClock(NOW));
    const event = JSON.parse(JSON.stringify(input.event).replaceAll('"t"', `"${tableName}"`).replaceAll('"t/', `"${tableName}/`)) as Record<string, unknown>;

    if (ours.error !== undefined) {
      await expect(carryOutCommand(event, tools)).rejects.toMatchObject(ours.error);
    } else if ('RequestType' in event) {
      const { status, physicalResourceId, reason, data: Data } = await customResource(event as unknown as CloudFormationCustomResourceEvent, tools);
      const { Status, PhysicalResourceId } = expected.cfn_response[0]!.body as Record<string, string>;
      expect({ Status: status, PhysicalResourceId: physicalResourceId, Reason: reason, Data }).toEqual({
        Status, PhysicalResourceId: PhysicalResourceId!.replace(/^t\//, `${tableName}/`), Reason: undefined, ...ours.answer,
      });
    } else {
      const answer = await carryOutCommand(event, tools);
      expect(answer).toEqual({
        unchanged: 0, manifest_hash: expect.stringMatching(/^sha256:[0-9a-f]{64}$/), namespace_id: 'a7x3kq2m', ...expected.return_value, ...ours.answer,
      });
    }

    const after = comparable(await table.items());
    if (ours.unchanged) {
      expect(after).toEqual(comparable(input.table_before));
    } else {
      // Ours holds what the reference holds, and more: index keys, the owner, registries.
      const differing = (item: Item): object => ours.items?.find((other) => JSON.stringify((other as Item).SK) === JSON.stringify(item.SK)) ?? {};
      for (const item of expected.table_after) expect(after).toContainEqual(expect.objectContaining({ ...item, ...differing(item) }));
      for (const item of ours.items ?? []) expect(after).toContainEqual(expect.objectContaining(item));
    }
    table.client.destroy();
  });
});

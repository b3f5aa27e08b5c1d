import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { type RateLimiter } from '@zae-limiter/client';
import { USAGE_WINDOWS } from '@zae-limiter/client/schema/usage-item';
import { readStream } from '../../tools/stream';
import { deliver, usageOnly } from '../lambda/support/batch';
import { usageOf } from '../lambda/support/usage';
import { connectBoth, still, type Clients } from './support/clients';
import { releases } from './support/python';

describe.each(releases)('usage of a table that is shared with Python %s', (release) => {
  let clients: Clients;
  let ours: RateLimiter;
  beforeAll(async () => {
    clients = await connectBoth(release);
    ours = await clients.ours();
    await ours.admin.limits.set([still('rpm', 100), still('tpm', 1000)]);
  });
  afterAll(async () => clients.stop());

  /** Gives our aggregator everything that happened in the namespace. */
  async function aggregate(): Promise<void> {
    const { table } = clients;
    const streams = new DynamoDBStreamsClient({ endpoint: process.env.AWS_ENDPOINT_URL_DYNAMODB });
    const records = (await readStream(streams, table.name)).filter(({ dynamodb }) => dynamodb!.Keys!.PK!.S!.startsWith(`${table.namespaceId}/`));
    streams.destroy();
    const result = await deliver(records, table.store, usageOnly({ windows: USAGE_WINDOWS }));
    expect(result).toMatchObject({ poison: 0, failures: [] });
  }

  test('counts what both took and gave back, and reads the same in both', async () => {
    const { python, request } = clients;
    const take = request({ rpm: 1, tpm: 50 });
    const onPythons = { ...take, resource: `${take.resource}-python` };
    await ours.acquire(take);
    await python.acquire(take);
    await python.acquire({ ...take, adjust: { tpm: 25 } });
    await python.acquire({ ...take, giveUp: true });
    await ours.run(take, (lease) => lease.set({ tpm: 10 }));
    await python.acquire(onPythons);
    await ours.acquire(onPythons);

    await aggregate();

    const snapshots = await python.usage(take.entity);
    const total = (resource: string, window: string, limit: string) => snapshots
      .filter((snapshot) => snapshot.resource === resource && snapshot.window_type === window)
      .reduce((sum, { counters }) => sum + counters[limit]!, 0); // more than one when an hour ended meanwhile
    for (const window of USAGE_WINDOWS) {
      expect([total(take.resource, window, 'rpm'), total(take.resource, window, 'tpm')]).toEqual([4, 185]);
      expect([total(onPythons.resource, window, 'rpm'), total(onPythons.resource, window, 'tpm')]).toEqual([2, 100]);
    }
    expect((await usageOf(ours.admin.usage, { entity: take.entity })).map((snapshot) => ({
      resource: snapshot.resource, window_type: snapshot.window, window_start: snapshot.windowStart, window_end: snapshot.windowEnd,
      counters: snapshot.counters, total_events: snapshot.totalEvents,
    }))).toEqual(snapshots.map(({ resource, window_type, window_start, window_end, counters, total_events }) =>
      ({ resource, window_type, window_start, window_end, counters, total_events })));
  });
});

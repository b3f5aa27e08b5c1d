import { Admin, Limit, MemoryStore } from '@zae-limiter/client';
import { limitEvents } from '@zae-limiter/client/admin';
import { FakeClock } from '@zae-limiter/client/testing';

test('every change of limits in a namespace is found, newest first, and nothing else', async () => {
  const [store, clock] = [new MemoryStore(), new FakeClock()];
  const admin = new Admin({ store, namespaceId: 'ns1', clock });
  const limits = [Limit.perMinute('rpm', 1)];
  for (const change of [
    () => admin.limits.set(limits),
    () => new Admin({ store, namespaceId: 'ns12', clock }).limits.set(limits),
    () => admin.entities.create({ id: 'user-1' }),
    () => admin.limits.set(limits, { resource: 'openai/gpt-4' }),
    () => admin.limits.set(limits, { entity: 'user-1', resource: 'gpt-4' }),
    () => admin.limits.set(limits, { entity: 'user-1' }),
    () => admin.limits.delete({ resource: 'openai/gpt-4' }),
    () => admin.entities.delete('user-1'),
  ]) {
    await change();
    clock.advance(1000);
  }

  const found = [];
  for await (const { event: { action }, target } of limitEvents(store, 'ns1')) found.push([action, target]);

  expect(found).toEqual([
    ['entity_deleted', undefined],
    ['limits_deleted', { level: 'resource', resource: 'openai/gpt-4' }],
    ['limits_set', { level: 'entity', entity: 'user-1', resource: '_default_' }],
    ['limits_set', { level: 'entity', entity: 'user-1', resource: 'gpt-4' }],
    ['limits_set', { level: 'resource', resource: 'openai/gpt-4' }],
    ['limits_set', { level: 'system' }],
  ]);
});

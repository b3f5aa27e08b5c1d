import type { AuditEvent } from '@zae-limiter/client';
import type { LimitEvent, Target } from '@zae-limiter/client/admin';
import { ulid } from '@zae-limiter/client/schema/ulid';
import { styleFor } from '../src/output/style';
import { changeLines } from '../src/provisioning/change-lines';
import { settingsAfter } from '../src/provisioning/event-settings';
import { eventTime } from '../src/provisioning/event-time';
import { pastLimits } from '../src/provisioning/past-limits';

const event = (changes: Partial<AuditEvent>): AuditEvent => ({
  id: '', timestamp: '2026-01-01T00:00:00Z', action: 'limits_set', entity: 'user-1', principal: 'provisioner:cli', resource: undefined, details: {}, ...changes,
});
const limit = { name: 'rpm', capacity: 1, refill_amount: 2, refill_period_seconds: 3 };

describe('the time of an event', () => {
  test.each([
    ['comes from its ULID, to the millisecond', ulid(1_769_774_372_023, (size) => new Uint8Array(size)), 1_769_774_372_023],
    ['comes from its timestamp when the id is something else', 'event-1', Date.UTC(2026, 0, 1)],
  ])('%s', (_, id, time) => expect(eventTime(event({ id }))).toBe(time));
});

describe('what an event left', () => {
  test.each([
    ['limits and a policy', { details: { limits: [limit], on_unavailable: 'block' } }, { limits: { rpm: { capacity: 1, refill_amount: 2, refill_period: 3 } }, on_unavailable: 'block' }],
    ['nothing', { action: 'limits_deleted' }, undefined],
    ['something that it does not say', {}, 'unreadable'],
    ['a limit that is no mapping', { details: { limits: ['rpm'] } }, 'unreadable'],
    ['a limit without a number', { details: { limits: [{ ...limit, capacity: null }] } }, 'unreadable'],
  ])('may be %s', (_, changes, settings) => expect(settingsAfter(event(changes))).toEqual(settings));
});

describe('limits before a manifest changed them', () => {
  const [gpt4, all]: Target[] = [{ level: 'entity', entity: 'user-1', resource: 'gpt-4' }, { level: 'entity', entity: 'user-1', resource: '_default_' }];
  const past = (events: readonly LimitEvent[]): ReturnType<typeof pastLimits> =>
    pastLimits((async function* () { yield* events; })(), ({ id }) => id === 'undone');

  test('were none when the entity had been deleted', async () => {
    expect(await past([
      { target: gpt4, event: event({ id: 'undone' }) },
      { target: all, event: event({ details: { limits: [limit] } }) },
      { target: undefined, event: event({ action: 'entity_deleted' }) },
    ])).toEqual({ known: [{ target: gpt4, settings: undefined }], unknown: [] });
  });

  test('are not known when the event before cannot be read', async () => {
    expect(await past([{ target: gpt4, event: event({ id: 'undone' }) }, { target: gpt4, event: event({}) }])).toEqual({ known: [], unknown: [gpt4] });
  });

  test('are nobody\'s business when somebody set them by hand', async () => {
    expect(await past([{ target: gpt4, event: event({ id: 'undone', principal: undefined }) }])).toEqual({ known: [], unknown: [] });
  });
});

test('a record that lacks a number is shown as damaged', () => {
  const style = styleFor({ write: () => true }, {}, { noColor: true, ascii: true });
  const lines = changeLines([{
    action: 'update', target: { level: 'resource', resource: 'gpt-4' }, outside: { by: undefined, at: undefined },
    before: { limits: { rpm: { capacity: 5 } } }, after: { limits: { rpm: { capacity: 5, refill_amount: 5, refill_period: 60 } } },
  }], { style, now: 0, onConflict: 'show' });
  expect(lines).toEqual(['  ~ resource gpt-4  rpm (damaged) -> 5/min (changed outside the manifest)']);
});

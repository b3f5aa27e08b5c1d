import { isoSeconds, usageIdentity, usageKey, usageOrigin, watermarkAttribute } from '@zae-limiter/client/schema/usage-item';
import { versionAttributes } from '@zae-limiter/client/schema/version-item';

const START = '2030-03-05T00:00:00Z';

describe('a usage snapshot', () => {
  test.each([
    ['hourly', 'suffixed', `#USAGE#v1/chat#${START}`],
    ['daily', 'suffixed', `#USAGE#v1/chat#${START}#daily`],
    ['monthly', 'suffixed', `#USAGE#v1/chat#${START}#monthly`],
    ['hourly', 'legacy', `#USAGE#v1/chat#${START}`],
    ['daily', 'legacy', `#USAGE#v1/chat#${START}`],
    ['monthly', 'legacy', `#USAGE#v1/chat#${START}`],
  ] as const)('F-05: that is %s and %s is keyed %s', (window, style, sk) => {
    expect(usageKey('ns1', 'user-1', 'v1/chat', window, START, style)).toEqual({ pk: 'ns1/ENTITY#user-1', sk });
  });

  test('F-05: is suffixed unless somebody says otherwise', () => {
    expect(usageKey('ns1', 'user-1', 'gpt-4', 'daily', START).sk).toBe(`#USAGE#gpt-4#${START}#daily`);
  });

  test('is found by its resource and its namespace, and says what it is of', () => {
    expect(usageIdentity('ns1', 'user-1', 'gpt-4', START)).toEqual({
      entity_id: { S: 'user-1' }, GSI2PK: { S: 'ns1/RESOURCE#gpt-4' }, GSI2SK: { S: `USAGE#${START}#user-1` },
    });
    expect(usageOrigin('ns1', 'user-1', 'gpt-4', 'daily', START)).toEqual({
      resource: { S: 'gpt-4' }, window: { S: 'daily' }, window_start: { S: START }, GSI4PK: { S: 'ns1' }, GSI4SK: { S: 'ns1/ENTITY#user-1' },
    });
  });

  test('keeps how far each shard of a bucket is counted', () => {
    expect([0, 17].map(watermarkAttribute)).toEqual(['_wm0', '_wm17']);
  });
});

test('times are whole seconds of UTC', () => {
  expect(isoSeconds(Date.UTC(2030, 0, 2, 3, 4, 5, 999))).toBe('2030-01-02T03:04:05Z');
});

test('F-25, W49: a version record names no version of the function, so that no Python client replaces it', () => {
  expect(versionAttributes('0.10.0', START, 'cdk:1.2.3')).toEqual({
    schema_version: { S: '0.10.0' }, lambda_version: { NULL: true }, updated_at: { S: START }, updated_by: { S: 'cdk:1.2.3' },
    GSI4PK: { S: '_' }, GSI4SK: { S: '_/SYSTEM#' },
  });
});

import { Limit } from '@zae-limiter/client';
import {
  configAttributes, configKey, isLimitAttribute, limitAttributes, parseLimits, parseOnUnavailable, type LimitScope,
} from '@zae-limiter/client/schema/config-item';

interface Level {
  readonly scope: LimitScope;
  readonly key: { readonly pk: string; readonly sk: string };
  readonly attributes: Readonly<Record<string, object>>;
}

const VERSION = { config_version: { N: '1' }, GSI4PK: { S: 'ns1' } };

const LEVELS: readonly Level[] = [
  { scope: {}, key: { pk: 'ns1/SYSTEM#', sk: '#CONFIG' }, attributes: { ...VERSION, GSI4SK: { S: 'ns1/SYSTEM#' } } },
  {
    scope: { resource: 'gpt-4' },
    key: { pk: 'ns1/RESOURCE#gpt-4', sk: '#CONFIG' },
    attributes: { ...VERSION, GSI4SK: { S: 'ns1/RESOURCE#gpt-4' }, resource: { S: 'gpt-4' } },
  },
  {
    scope: { entity: 'user-1' },
    key: { pk: 'ns1/ENTITY#user-1', sk: '#CONFIG#_default_' },
    attributes: {
      ...VERSION, GSI4SK: { S: 'ns1/ENTITY#user-1' }, entity_id: { S: 'user-1' }, resource: { S: '_default_' },
      GSI3PK: { S: 'ns1/ENTITY_CONFIG#_default_' }, GSI3SK: { S: 'user-1' },
    },
  },
  {
    scope: { entity: 'user-1', resource: 'gpt-4' },
    key: { pk: 'ns1/ENTITY#user-1', sk: '#CONFIG#gpt-4' },
    attributes: {
      ...VERSION, GSI4SK: { S: 'ns1/ENTITY#user-1' }, entity_id: { S: 'user-1' }, resource: { S: 'gpt-4' },
      GSI3PK: { S: 'ns1/ENTITY_CONFIG#gpt-4' }, GSI3SK: { S: 'user-1' },
    },
  },
];

describe('the config item of a scope', () => {
  test.each(LEVELS)('$scope has its key, and the index keys by which operators find it', ({ scope, key, attributes }) => {
    expect(configKey('ns1', scope)).toEqual(key);
    expect(configAttributes('ns1', scope)).toEqual(attributes);
  });

  test('holds limits in whole tokens and seconds, and reads as it was', () => {
    const limits = [Limit.perHour('rph', 100), Limit.custom('tpm', { capacity: 500, refillAmount: 50, refillPeriodSeconds: 6 })];

    const item = limitAttributes(limits);

    expect(item).toEqual({
      l_rph_cp: { N: '100' }, l_rph_ra: { N: '100' }, l_rph_rp: { N: '3600' }, l_tpm_cp: { N: '500' }, l_tpm_ra: { N: '50' }, l_tpm_rp: { N: '6' },
    });
    expect(Object.keys(item).every(isLimitAttribute)).toBe(true);
    expect(parseLimits(item)).toEqual(limits);
  });

  test.each([['allow', 'allow'], ['block', 'block'], ['local', undefined], ['', undefined]])('with on_unavailable %p has the policy %p', (stored, policy) => {
    expect(parseOnUnavailable({ on_unavailable: { S: stored } })).toBe(policy);
    expect(parseOnUnavailable({})).toBeUndefined();
  });
});

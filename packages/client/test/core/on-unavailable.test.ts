import { checkOnUnavailable, checkOutagePolicy, type OnUnavailable, type OutagePolicy } from '@zae-limiter/client/core/on-unavailable';

describe('a policy for outages', () => {
  test.each(['allow', 'block', undefined] as const)('%p may be stored', (policy) => {
    expect(() => checkOnUnavailable(policy)).not.toThrow();
  });

  test.each(['local', 'Allow', '', 'deny', null])('%p may not be stored', (policy) => {
    expect(() => checkOnUnavailable(policy as OnUnavailable)).toThrow(expect.objectContaining({
      code: 'VALIDATION_FAILED', field: 'onUnavailable', value: String(policy), reason: 'unknown', rule: "must be 'allow' or 'block'",
    }));
  });

  test.each(['allow', 'block', 'local', undefined] as const)('%p may be that of a request', (policy) => {
    expect(() => checkOutagePolicy(policy)).not.toThrow();
  });

  test.each(['Local', '', 'deny', null])('%p may not be that of a request', (policy) => {
    expect(() => checkOutagePolicy(policy as OutagePolicy)).toThrow(expect.objectContaining({
      code: 'VALIDATION_FAILED', field: 'onUnavailable', value: String(policy), reason: 'unknown', rule: "must be 'allow', 'block' or 'local'",
    }));
  });
});

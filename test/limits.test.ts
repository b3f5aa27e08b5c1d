import { App, CfnOutput, CfnParameter, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Limit, LimitsSource, OnUnavailable, ZaeLimiter, ZaeLimiterLimits, type LimitsOptions } from '../src';
import { BOOTSTRAP, LIMITS, NAMESPACE, newLimiter, onlyOf, propertiesOf, templateOf } from './support/limits';

const OPTIONS: LimitsOptions = {
  system: { onUnavailable: OnUnavailable.BLOCK, limits: { rpm: Limit.perMinute(1000) } },
  resources: { 'gpt-4': { limits: { tpm: Limit.custom(90_000, 1000, Duration.seconds(1)) } } },
  entities: { 'user-premium': { resources: { _default_: { limits: { rpm: Limit.perMinute(100, { burst: 150 }) } } } } },
};
const text = (capacity: number, amount: number, period: number) =>
  ({ Capacity: String(capacity), RefillAmount: String(amount), RefillPeriod: String(period) });

describe('limits', () => {
  test('are text in the properties that the provisioner reads, because CloudFormation may write numbers as 1.0E11', () => {
    const limiter = newLimiter();

    limiter.addLimits('Limits', OPTIONS);

    const template = templateOf(limiter);
    expect(onlyOf(template, LIMITS).Properties).toEqual({
      ServiceToken: onlyOf(template, BOOTSTRAP).Properties.ServiceToken,
      ServiceTimeout: '330',
      TableName: 'app',
      Namespace: 'default',
      System: { OnUnavailable: 'block', Limits: { rpm: text(1000, 1000, 60) } },
      Resources: { 'gpt-4': { Limits: { tpm: text(90_000, 1000, 1) } } },
      Entities: { 'user-premium': { Resources: { _default_: { Limits: { rpm: text(150, 100, 60) } } } } },
    });
  });

  test('wait for the table to be prepared', () => {
    const limiter = newLimiter();

    limiter.addLimits('Limits', OPTIONS);

    const template = templateOf(limiter);
    expect(onlyOf(template, LIMITS).DependsOn).toEqual([onlyOf(template, BOOTSTRAP).id]);
  });

  test.each<[string, LimitsOptions, object]>([
    ['namespaceName', { namespaceName: 'tenant-1' }, { Namespace: 'tenant-1' }],
    ['adoptExisting', { adoptExisting: true }, { AdoptExisting: true }],
    ['removalPolicy RETAIN', { removalPolicy: RemovalPolicy.RETAIN }, { RetainOnDelete: true }],
    ['a policy without limits', { system: { onUnavailable: OnUnavailable.ALLOW } }, { System: { OnUnavailable: 'allow' } }],
    ['limits without a policy', { system: { limits: { rpm: Limit.perMinute(1) } } }, { System: { Limits: { rpm: text(1, 1, 60) } } }],
    ['an entity without limits', { entities: { 'user-1': { resources: {} } } }, { Entities: { 'user-1': { Resources: {} } } }],
    ['the largest numbers', { system: { limits: { rpm: Limit.perDay(999_999_999_999) } } },
      { System: { Limits: { rpm: text(999_999_999_999, 999_999_999_999, 86_400) } } }],
  ])('take %s', (_, options, expected) => {
    expect(propertiesOf(options)).toMatchObject(expected);
  });

  test('are deleted by default, and nobody else\'s are taken over', () => {
    expect(Object.keys(propertiesOf({ removalPolicy: RemovalPolicy.DESTROY }))).toEqual(['ServiceToken', 'ServiceTimeout', 'TableName', 'Namespace']);
  });

  test('can be added with a construct of their own, whose resource escape hatches reach', () => {
    const limiter = newLimiter();

    const limits = new ZaeLimiterLimits(Stack.of(limiter), 'MyLimits', { ...OPTIONS, limiter });

    expect([limits.limiter, limits.namespaceName]).toEqual([limiter, 'default']);
    expect(limits.node.defaultChild).toBe(limits.resource.node.defaultChild);
    templateOf(limiter).resourceCountIs(LIMITS, 1);
  });

  test('have attributes that are known when they are deployed', () => {
    const limiter = newLimiter();
    const { manifestHash, namespaceId } = limiter.addLimits('Limits', OPTIONS);

    for (const [id, value] of Object.entries({ manifestHash, namespaceId })) new CfnOutput(Stack.of(limiter), id, { value });

    const template = templateOf(limiter);
    const { id } = onlyOf(template, LIMITS);
    template.hasOutput('manifestHash', { Value: { 'Fn::GetAtt': [id, 'ManifestHash'] } });
    template.hasOutput('namespaceId', { Value: { 'Fn::GetAtt': [id, 'NamespaceId'] } });
  });

  test('become another resource with another limiter name, because CloudFormation lets none change its function', () => {
    const ids = ['one', 'two'].map((limiterName) => {
      const limiter = newLimiter({ limiterName });
      limiter.addLimits('Limits', OPTIONS);
      return onlyOf(templateOf(limiter), LIMITS).id;
    });

    expect(new Set(ids).size).toBe(2);
  });

  test('of a stack wait for the limiter of another one', () => {
    const app = new App();
    const [limiters, limits] = [new Stack(app, 'limiters'), new Stack(app, 'limits')];
    const limiter = new ZaeLimiter(limiters, 'Limiter');

    new ZaeLimiterLimits(limits, 'Limits', { ...OPTIONS, limiter });

    Template.fromStack(limits).hasResourceProperties(LIMITS, { TableName: 'limiters' });
    expect(limits.dependencies).toEqual([limiters]);
  });

  test.each<[string, Duration | undefined, string]>([
    ['as its function may run', Duration.seconds(30), '60'],
    ['as any function may run when that is not known', undefined, '930'],
  ])('F-02: the stack waits a little longer %s', (_, provisionerTimeout, expected) => {
    const limiter = newLimiter();
    Object.defineProperty(limiter, 'provisionerTimeout', { value: provisionerTimeout });

    limiter.addLimits('Limits', OPTIONS);

    expect(onlyOf(templateOf(limiter), LIMITS).Properties.ServiceTimeout).toBe(expected);
  });
});

describe('limits of a namespace that the app registers', () => {
  test('wait for it, and must find its id', () => {
    const limiter = newLimiter();

    limiter.addLimits('Limits', { ...OPTIONS, limiterNamespace: limiter.addNamespace('tenant-1') });

    const template = templateOf(limiter);
    const { Properties, DependsOn } = onlyOf(template, LIMITS);
    const { id } = onlyOf(template, NAMESPACE);
    expect(Properties).toMatchObject({ Namespace: 'tenant-1', NamespaceId: { 'Fn::GetAtt': [id, 'NamespaceId'] } });
    expect(DependsOn).toContain(id);
  });

  test('must find the id of one that is no construct', () => {
    expect(propertiesOf({ limiterNamespace: { namespaceName: 'tenant-1', namespaceId: 'a7x3kq2mPQw' } }))
      .toMatchObject({ Namespace: 'tenant-1', NamespaceId: 'a7x3kq2mPQw' });
  });
});

describe('limits that hold values that are known only when they are deployed', () => {
  test('take them for each number', () => {
    const limiter = newLimiter();
    const parameter = new CfnParameter(Stack.of(limiter), 'P', { type: 'Number' });
    const value = parameter.valueAsNumber;

    limiter.addLimits('Limits', { system: { limits: { rpm: Limit.custom(value, value, Duration.seconds(value)) } } });

    const Ref = { Ref: 'P' };
    expect(onlyOf(templateOf(limiter), LIMITS).Properties.System.Limits.rpm).toEqual({ Capacity: Ref, RefillAmount: Ref, RefillPeriod: Ref });
  });

  test('take them as text, objects and policies of a source, and as the name of the namespace', () => {
    const limiter = newLimiter();
    const { valueAsString, value } = new CfnParameter(Stack.of(limiter), 'P');

    limiter.addLimits('Limits', {
      namespaceName: valueAsString,
      source: LimitsSource.fromObject({ system: { on_unavailable: valueAsString, limits: { rpm: { capacity: value, burst: valueAsString } } } }),
    });

    expect(onlyOf(templateOf(limiter), LIMITS).Properties).toMatchObject({
      Namespace: { Ref: 'P' }, System: { OnUnavailable: { Ref: 'P' }, Limits: { rpm: { Capacity: { Ref: 'P' }, Burst: { Ref: 'P' } } } },
    });
  });
});

describe('a limiter without limits', () => {
  /** Synthesises in a process whose rules for limits cannot be loaded. */
  function synthWithoutRules(use: (cdk: typeof import('../src'), limiter: ZaeLimiter) => void): void {
    jest.isolateModules(() => {
      jest.doMock('../assets/manifest', () => { throw new Error('the rules were loaded'); });
      const cdk = jest.requireActual<typeof import('../src')>('../src');
      use(cdk, new cdk.ZaeLimiter(new Stack(new App(), 'app'), 'Limiter'));
    });
    jest.dontMock('../assets/manifest');
  }

  test('does not load the rules for limits', () => {
    const count = jest.fn();

    synthWithoutRules((_, limiter) => {
      limiter.addNamespace('tenant-1');
      templateOf(limiter).resourceCountIs(NAMESPACE, 1);
      count();
    });

    expect(count).toHaveBeenCalled();
    expect(() => synthWithoutRules((_, limiter) => limiter.addLimits('Limits', {}))).toThrow('the rules were loaded');
  });
});

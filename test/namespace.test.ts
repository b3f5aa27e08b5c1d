import { App, CfnOutput, CfnParameter, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ZaeLimiter, ZaeLimiterNamespace, type ZaeLimiterNamespaceProps } from '../src';
import { BOOTSTRAP, errorOf, NAMESPACE, newLimiter, onlyOf, templateOf } from './support/limits';

const namespace = (props: Partial<ZaeLimiterNamespaceProps>): ZaeLimiterNamespace => {
  const limiter = newLimiter();
  return new ZaeLimiterNamespace(Stack.of(limiter), 'Tenant', { limiter, namespaceName: 'tenant-1', ...props });
};

describe('a namespace', () => {
  test('has these properties by default, and waits for the table to be prepared', () => {
    const limiter = newLimiter();

    limiter.addNamespace('tenant-1');

    const template = templateOf(limiter);
    const { Properties, DependsOn } = onlyOf(template, NAMESPACE);
    const { id, Properties: bootstrap } = onlyOf(template, BOOTSTRAP);
    expect(Properties).toEqual({
      ServiceToken: bootstrap.ServiceToken, ServiceTimeout: '330', TableName: 'app', Namespace: 'tenant-1', Removal: 'RETAIN',
    });
    expect(DependsOn).toEqual([id]);
  });

  test.each<[string, Partial<ZaeLimiterNamespaceProps>, object]>([
    ['removalPolicy DESTROY, which can be undone', { removalPolicy: RemovalPolicy.DESTROY }, { Removal: 'SOFT_DELETE' }],
    ['removalPolicy RETAIN', { removalPolicy: RemovalPolicy.RETAIN }, { Removal: 'RETAIN' }],
    ['auditRetention', { auditRetention: Duration.days(365) }, { AuditRetentionDays: 365 }],
    ['a name with characters that no construct id has', { namespaceName: 'a/b c.é' }, { Namespace: 'a/b c.é' }],
  ])('takes %s', (_, props, expected) => {
    const { limiter } = namespace(props);

    templateOf(limiter as ZaeLimiter).hasResourceProperties(NAMESPACE, expected);
  });

  test('takes a name that is known only when it is deployed', () => {
    const limiter = newLimiter();
    const name = new CfnParameter(Stack.of(limiter), 'Name');

    new ZaeLimiterNamespace(Stack.of(limiter), 'Tenant', { limiter, namespaceName: name.valueAsString });

    templateOf(limiter).hasResourceProperties(NAMESPACE, { Namespace: { Ref: 'Name' } });
  });

  test('has an id that is known when it is deployed', () => {
    const limiter = newLimiter();
    const { namespaceId, namespaceName } = limiter.addNamespace('tenant-1');

    new CfnOutput(Stack.of(limiter), 'Id', { value: namespaceId });

    const template = templateOf(limiter);
    expect(namespaceName).toBe('tenant-1');
    template.hasOutput('Id', { Value: { 'Fn::GetAtt': [onlyOf(template, NAMESPACE).id, 'NamespaceId'] } });
  });

  test('becomes another resource with another limiter name, because CloudFormation lets none change its function', () => {
    const ids = ['one', 'two'].map((limiterName) => {
      const limiter = newLimiter({ limiterName });
      limiter.addNamespace('tenant-1');
      return onlyOf(templateOf(limiter), NAMESPACE).id;
    });

    expect(new Set(ids).size).toBe(2);
  });

  test('can be in another stack than its limiter', () => {
    const app = new App();
    const [limiters, tenants] = [new Stack(app, 'limiters'), new Stack(app, 'tenants')];
    const limiter = new ZaeLimiter(limiters, 'Limiter');

    new ZaeLimiterNamespace(tenants, 'Tenant', { limiter, namespaceName: 'tenant-1' });

    Template.fromStack(tenants).resourceCountIs(NAMESPACE, 1);
    expect(tenants.dependencies).toEqual([limiters]);
  });

  test.each<[string, Partial<ZaeLimiterNamespaceProps>, string]>([
    ['an empty name', { namespaceName: '' }, "NAMESPACE_INVALID: namespaceName must have 1 to 128 characters without '#' and not be '_', got ''"],
    ['a reserved name', { namespaceName: '_' }, "NAMESPACE_INVALID: namespaceName must have 1 to 128 characters without '#' and not be '_', got '_'"],
    ['a removal policy of real resources', { removalPolicy: RemovalPolicy.SNAPSHOT },
      "REMOVAL_POLICY_INVALID: removalPolicy must be DESTROY or RETAIN, got 'snapshot'"],
    ['no days', { auditRetention: Duration.days(0) }, 'AUDIT_RETENTION_RANGE: auditRetention must be a whole number of days from 1 to 3650, got 0 days'],
    ['a limiter without provisioner', { limiter: newLimiter({ provisioner: { enabled: false } }) },
      "PROVISIONER_REQUIRED: limiter must have a provisioner whose ARN is known, got 'app' without one"],
  ])('fails with %s', (_, props, message) => {
    expect(errorOf(() => namespace(props))).toMatchObject({ name: 'ValidationError', message: `${message} [app/Tenant]` });
  });
});

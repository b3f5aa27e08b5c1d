import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import {
  AccountPrincipal, AnyPrincipal, OrganizationPrincipal, PolicyDocument, PolicyStatement, Role, ServicePrincipal, WebIdentityPrincipal,
  type IPrincipal,
} from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import operations from '../spec/operations.json';
import matrix from '../spec/vectors/iam_access_matrix.json';
import policies from '../spec/vectors/iam_policies.json';
import { ZaeLimiter, type GrantOptions, type ILimiterNamespace } from '../src';
import { ACCOUNT, allows, inlinePolicies, isAllowed, managedPolicy, NAMESPACE_ID, TABLE_ARN, type Request, type Statement } from './support/policies';

const IDS = [NAMESPACE_ID, 'b9y4lr3n'];
const OTHER = 'c1z5ms4p';

function limiterApp() {
  const stack = new Stack(new App(), 'app', { env: { account: ACCOUNT, region: 'us-east-1' } });
  const limiter = new ZaeLimiter(stack, 'Limiter', { limiterName: 'prod' });
  const role = (id: string): Role => new Role(stack, id, { roleName: id, assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  return { stack, limiter, role };
}

/** Statements by the names of the contract. */
function statementsByName(): Record<string, Statement[]> {
  const { stack, limiter, role } = limiterApp();
  limiter.grantAcquire(role('tenants'), { namespaceIds: IDS }).assertSuccess();
  const template = Template.fromStack(stack);
  return {
    'AcquireOnly': managedPolicy(template, 'prod-acq'),
    'FullAccess': managedPolicy(template, 'prod-full'),
    'ReadOnly': managedPolicy(template, 'prod-read'),
    'NamespaceAcquire': managedPolicy(template, 'prod-ns-acq'),
    'NamespaceFullAccess': managedPolicy(template, 'prod-ns-full'),
    'NamespaceReadOnly': managedPolicy(template, 'prod-ns-read'),
    'grantAcquire(namespaceIds: [a7x3kq2m, b9y4lr3n])': inlinePolicies(template, 'tenants'),
    'AggregatorRole (table statements)': inlinePolicies(template, 'prod-aggr'),
    'ProvisionerRole (table statements)': inlinePolicies(template, 'prod-prov'),
  };
}

describe('F-37: the access matrix', () => {
  const statements = statementsByName();
  /** The aggregator creates shards with UpdateItem, so it needs and has no PutItem. */
  const NARROWER = ['acquire: first write of a bucket (alone or in a transaction)', 'aggregator: clone a shard'];

  const cells = matrix.flatMap(({ name, input, expected }) => Object.entries(expected).map(([policy, allowed]) => {
    const narrower = policy.startsWith('AggregatorRole') && NARROWER.includes(name);
    return { name, policy, input, allowed: allowed && !narrower };
  }));

  test('has a cell for each operation and policy', () => {
    expect(Object.keys(statements).sort()).toEqual([...new Set(cells.map(({ policy }) => policy))].sort());
    expect(cells.length).toBeGreaterThan(270);
  });

  test.each(cells)('$policy: $name is allowed: $allowed', async ({ policy, input, allowed }) => {
    const tags = policy.startsWith('Namespace') ? input.principal_tags_for_namespace_policies as Record<string, string> : {};
    const requests = (input.requests as { action: string; resource: string; leading_keys?: string[] | null }[])
      .map(({ action, resource, leading_keys }): Request => ({ action, resource, leadingKeys: leading_keys, tags }));

    const answers = await Promise.all(requests.map((request) => allows(statements[policy]!, request)));

    expect(answers.every(Boolean)).toBe(allowed);
  });
});

type Scoped = 'namespaceAcquire' | 'namespaceFullAccess' | 'namespaceReadOnly';

const ACCESSES: readonly (readonly [Scoped, string, string, 'grantAcquire' | 'grantFullAccess' | 'grantReadOnly'])[] = [
  ['namespaceAcquire', 'NamespaceAcquire', 'prod-ns-acq', 'grantAcquire'],
  ['namespaceFullAccess', 'NamespaceFullAccess', 'prod-ns-full', 'grantFullAccess'],
  ['namespaceReadOnly', 'NamespaceReadOnly', 'prod-ns-read', 'grantReadOnly'],
];

const WAYS: readonly (readonly [string, (method: string) => GrantOptions])[] = [
  ['the tag of the principal', () => ({ byPrincipalTag: true })],
  ['ids', () => ({ namespaceIds: [NAMESPACE_ID] })],
  ['namespaces', () => ({ namespaces: [{ namespaceName: 'tenant', namespaceId: NAMESPACE_ID } satisfies ILimiterNamespace] })],
];

const grantedBy = (method: (typeof ACCESSES)[number][3], options: GrantOptions): Statement[] => {
  const { stack, limiter, role } = limiterApp();
  limiter[method](role('tenant'), options).assertSuccess();
  return inlinePolicies(Template.fromStack(stack), 'tenant');
};

/** What the contract does not say: the registry is nobody's namespace, whatever the tag is. */
function withoutRegistryTag(statement: Statement): Statement {
  const tag = 'aws:PrincipalTag/zael_namespace_id';
  if (!JSON.stringify(statement).includes(tag)) return statement;
  return { ...statement, Condition: { ...statement.Condition, StringNotEquals: { [tag]: '_' } } };
}

describe.each(ACCESSES)('%s', (access, vector, policyName, method) => {
  test('is the document of the contract, but for the tag of the registry', () => {
    const { expected } = policies.find(({ name }) => name === vector)!;
    const statements = (expected.Statement as Statement[]).map(withoutRegistryTag);

    expect(statementsByName()[vector]).toEqual(statements);
    expect(grantedBy(method, { byPrincipalTag: true })).toEqual(statements.map(({ Sid, ...statement }) => statement));
  });

  const sets: [string, Statement[]][] = [
    ['the managed policy', managedPolicy(Template.fromStack(limiterApp().stack), policyName)],
    ...WAYS.map(([title, options]): [string, Statement[]] => [`a grant by ${title}`, grantedBy(method, options(method))]),
  ];

  describe.each(sets)('as %s', (_, statements) => {
    test.each(operations)('$operation ($action on $resource) is allowed as it should be', async (operation) => {
      expect(await isAllowed(statements, operation)).toBe(operation.allowed[access]);
    });

    test.each(operations.filter(({ leadingKeys }) => leadingKeys.some((key) => key.includes('{ns}'))))(
      'of another tenant, $operation ($action on $resource) is denied', async (operation) => {
        expect(await isAllowed(statements, operation, OTHER)).toBe(false);
      });

    test.each(operations.filter(({ leadingKeys, action }) => leadingKeys.includes('_/SYSTEM#') && action !== 'dynamodb:GetItem'))(
      'of the registry, $operation ($action) is denied', async (operation) => {
        expect(await isAllowed(statements, operation)).toBe(false);
      });

    test.each(['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'])('F-37: the tag _ does not open the registry to %s', async (name) => {
      const request = { action: `dynamodb:${name}`, resource: TABLE_ARN, leadingKeys: ['_/SYSTEM#'], tags: { zael_namespace_id: '_' } };

      expect(await allows(statements, request)).toBe(name === 'GetItem');
    });

    test('mixing a key of another tenant into a batch is denied', async () => {
      const leadingKeys = [`${NAMESPACE_ID}/BUCKET#user-1#gpt-4#0`, `${OTHER}/BUCKET#user-1#gpt-4#0`];

      expect(await isAllowed(statements, { action: 'dynamodb:BatchGetItem', leadingKeys, resource: 'table' })).toBe(false);
    });
  });
});

describe('a grant', () => {
  const grant = (options: GrantOptions) => () => {
    const { limiter, role } = limiterApp();
    limiter.grantAcquire(role('tenant'), options);
  };

  test.each<[string, GrantOptions]>([
    ['ids and namespaces', { namespaceIds: ['a'], namespaces: [] }],
    ['ids and the tag', { namespaceIds: ['a'], byPrincipalTag: true }],
  ])('by %s is refused: GRANT_SCOPE_CONFLICT', (_, options) => {
    expect(grant(options)).toThrow('GRANT_SCOPE_CONFLICT: a grant takes one of namespaces, namespaceIds and byPrincipalTag');
  });

  test.each<[string, GrantOptions, string]>([
    ['no id', { namespaceIds: [] }, 'takes at least one, got none'],
    ['no namespace', { namespaces: [] }, 'takes at least one, got none'],
    ['a wildcard', { namespaceIds: ['*'] }, "got '*'"],
    ['part of a key', { namespaceIds: ['a/BUCKET#'] }, "got 'a/BUCKET#'"],
    ['the registry', { namespaceIds: ['_'] }, "got '_'"],
  ])('by %s is refused: GRANT_SCOPE_INVALID', (_, options, text) => {
    expect(grant(options)).toThrow(/^GRANT_SCOPE_INVALID: /);
    expect(grant(options)).toThrow(text);
  });

  test('to a principal of another account is also a statement of the table', () => {
    const { stack, limiter } = limiterApp();
    const foreign = Role.fromRoleArn(stack, 'Foreign', 'arn:aws:iam::210987654321:role/worker');

    limiter.grantAcquire(foreign, { namespaceIds: [NAMESPACE_ID] }).assertSuccess();

    const [table] = Object.values(Template.fromStack(stack).findResources('AWS::DynamoDB::Table'));
    const statements = table!.Properties.ResourcePolicy.PolicyDocument.Statement as { Principal: object; Resource: string; Condition: object }[];
    expect(statements).toHaveLength(3);
    for (const statement of statements) {
      expect(statement).toMatchObject({ Principal: { AWS: 'arn:aws:iam::210987654321:role/worker' }, Resource: '*' });
      expect(statement.Condition).toHaveProperty('ForAllValues:StringLike');
    }
  });

  test('to another account as a whole is a statement of the table only', () => {
    const { limiter } = limiterApp();

    const granted = limiter.grantReadOnly(new AccountPrincipal('210987654321'), { namespaceIds: [NAMESPACE_ID] });

    expect(granted.success).toBe(true);
    expect(granted.resourceStatements).toHaveLength(2);
  });

  test('to an organisation is a statement of the table with its condition', () => {
    const { stack, limiter } = limiterApp();

    limiter.grantReadOnly(new OrganizationPrincipal('o-abcdefghij'), { namespaceIds: [NAMESPACE_ID] });

    const [table] = Object.values(Template.fromStack(stack).findResources('AWS::DynamoDB::Table'));
    for (const { Condition } of table!.Properties.ResourcePolicy.PolicyDocument.Statement) {
      expect(Condition).toMatchObject({ 'StringEquals': { 'aws:PrincipalOrgID': 'o-abcdefghij' }, 'ForAllValues:StringLike': expect.anything() });
    }
  });

  test('to another account reaches the key and the provisioner as well', () => {
    const stack = new Stack(new App(), 'app', { env: { account: ACCOUNT, region: 'us-east-1' } });
    const limiter = new ZaeLimiter(stack, 'Limiter', { limiterName: 'prod', encryptionKey: new Key(stack, 'Key') });
    const foreign = Role.fromRoleArn(stack, 'Foreign', 'arn:aws:iam::210987654321:role/operator');

    limiter.grantFullAccess(foreign).assertSuccess();

    const template = Template.fromStack(stack);
    const [key] = Object.values(template.findResources('AWS::KMS::Key'));
    const use = key!.Properties.KeyPolicy.Statement.find(({ Principal }: any) => JSON.stringify(Principal).includes('210987654321'));
    expect(use).toMatchObject({ Resource: '*', Condition: { StringLike: { 'kms:ViaService': ['dynamodb.us-east-1.amazonaws.com*'] } } });
    template.hasResourceProperties('AWS::Lambda::Permission', { Action: 'lambda:InvokeFunction', Principal: 'arn:aws:iam::210987654321:role/operator' });
  });

  test.each<[string, IPrincipal]>([
    ['everybody', new AnyPrincipal()],
    ['a service under conditions', new ServicePrincipal('ec2.amazonaws.com').withConditions({ StringEquals: { 'aws:SourceAccount': ACCOUNT } })],
  ])('to %s adds nothing to the table', (_, principal) => {
    const { stack, limiter } = limiterApp();

    expect(limiter.grantFullAccess(principal).success).toBe(false);

    Template.fromStack(stack).hasResourceProperties('AWS::DynamoDB::Table', { ResourcePolicy: Match.absent() });
  });

  test.each<[string, IPrincipal]>([
    ['an account under conditions', new AccountPrincipal('210987654321').withConditions({ StringEquals: { 'aws:PrincipalTag/team': 'a' } })],
    ['a user of the web', new WebIdentityPrincipal('accounts.google.com')],
  ])('to %s reaches the table, though a function cannot name it', (_, principal) => {
    const { stack, limiter } = limiterApp();

    expect(limiter.grantFullAccess(principal).success).toBe(true);

    Template.fromStack(stack).resourceCountIs('AWS::Lambda::Permission', 0);
  });

  test('to find limiters never reaches the key', () => {
    const stack = new Stack(new App(), 'app', { env: { account: ACCOUNT, region: 'us-east-1' } });
    const limiter = new ZaeLimiter(stack, 'Limiter', { limiterName: 'prod', encryptionKey: new Key(stack, 'Key') });

    limiter.grantDiscovery(new AccountPrincipal('210987654321'));

    expect(JSON.stringify(Template.fromStack(stack).findResources('AWS::KMS::Key'))).not.toContain('tag:GetResources');
  });

  test('changes the table of one limiter only, though two were given one policy', () => {
    const stack = new Stack(new App(), 'app', { env: { account: ACCOUNT, region: 'us-east-1' } });
    const resourcePolicy = new PolicyDocument({
      statements: [new PolicyStatement({ principals: [new AccountPrincipal('210987654321')], actions: ['dynamodb:DescribeTable'], resources: ['*'] })],
    });
    const [first] = ['first', 'second'].map((limiterName) => new ZaeLimiter(stack, limiterName, { limiterName, table: { resourcePolicy } }));

    first!.grantReadOnly(new AccountPrincipal('210987654321'));

    const counts = Object.values(Template.fromStack(stack).findResources('AWS::DynamoDB::Table'))
      .map(({ Properties }) => [Properties.TableName, Properties.ResourcePolicy.PolicyDocument.Statement.length]);
    expect(Object.fromEntries(counts)).toEqual({ first: 3, second: 1 });
  });

  test('to find limiters allows to read tags and stacks, and nothing of the table', () => {
    const { stack, limiter, role } = limiterApp();

    limiter.grantDiscovery(role('operator')).assertSuccess();

    expect(inlinePolicies(Template.fromStack(stack), 'operator')).toEqual([
      { Effect: 'Allow', Action: ['tag:GetResources', 'cloudformation:DescribeStacks'], Resource: ['*'] },
    ]);
  });
});

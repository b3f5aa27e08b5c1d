import { runSimulation } from '@cloud-copilot/iam-simulate';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { type Grant, type IGrantable, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import operations from '../spec/operations.json';
import policies from '../spec/vectors/iam_policies.json';
import { ZaeLimiter, type ZaeLimiterProps } from '../src';

const ACCOUNT = '123456789012';
const TABLE_ARN = `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/prod`;
const PROVISIONER_ARN = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:prod-limits-provisioner`;
/** What the app of a user switches on with `cdk init`: statements that look alike become one. */
const MINIMIZE = { '@aws-cdk/aws-iam:minimizePolicies': true };

type Access = 'acquireOnly' | 'fullAccess' | 'readOnly';

interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: object;
}

function limiterApp({ context, props }: { context?: Record<string, unknown>; props?: ZaeLimiterProps } = {}) {
  const stack = new Stack(new App({ context }), 'app', { env: { account: ACCOUNT, region: 'us-east-1' } });
  const limiter = new ZaeLimiter(stack, 'Limiter', { limiterName: 'prod', ...props });
  const grantee = (id: string): Role => new Role(stack, id, { roleName: id, assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  return { stack, limiter, grantee };
}

/** Puts ARNs in the place of references, and lists in the place of single values. */
function statementsOf(template: Template, document: { Statement: any[] }): Statement[] {
  const { Resources } = template.toJSON() as { Resources: Record<string, { Type: string; Properties: Record<string, any> }> };
  const resolve = (value: any): any => {
    if (Array.isArray(value)) return value.map(resolve);
    if (value?.['Fn::Join']) return resolve(value['Fn::Join'][1]).join(value['Fn::Join'][0]);
    if (value?.['Fn::GetAtt']) {
      const [id, attribute] = value['Fn::GetAtt'];
      if (attribute === 'Arn' && Resources[id]!.Type === 'AWS::DynamoDB::Table') return TABLE_ARN;
      if (attribute === 'Arn' && Resources[id]!.Properties.FunctionName === 'prod-limits-provisioner') return PROVISIONER_ARN;
      return `${id}.${attribute}`;
    }
    return value;
  };
  return document.Statement.map((statement) => ({
    ...statement, Action: [statement.Action].flat(), Resource: [resolve(statement.Resource)].flat(),
  }));
}

const managedPolicy = (template: Template, name: string): Statement[] =>
  Object.values(template.findResources('AWS::IAM::ManagedPolicy', { Properties: { ManagedPolicyName: name } }))
    .flatMap(({ Properties }) => statementsOf(template, Properties.PolicyDocument));

function inlinePolicies(template: Template, roleName: string): Statement[] {
  const [role] = Object.keys(template.findResources('AWS::IAM::Role', { Properties: { RoleName: roleName } }));
  return Object.values(template.findResources('AWS::IAM::Policy', { Properties: { Roles: [{ Ref: role }] } }))
    .flatMap(({ Properties }) => statementsOf(template, Properties.PolicyDocument));
}

function expectedStatements(name: string): Statement[] {
  const { expected } = policies.find((policy) => policy.name === name)!;
  return expected.Statement as Statement[];
}

const withoutSid = ({ Sid, ...statement }: Statement): Statement => statement;

const GRANTS: readonly (readonly [Access, string, string, (limiter: ZaeLimiter, grantee: IGrantable) => Grant])[] = [
  ['acquireOnly', 'AcquireOnly', 'prod-acq', (limiter, grantee) => limiter.grantAcquire(grantee)],
  ['fullAccess', 'FullAccess', 'prod-full', (limiter, grantee) => limiter.grantFullAccess(grantee)],
  ['readOnly', 'ReadOnly', 'prod-read', (limiter, grantee) => limiter.grantReadOnly(grantee)],
];

describe('policy documents', () => {
  test.each(GRANTS)('F-01: %s is the document of the contract as a managed policy and, but for the ids, as a grant', (_, vector, policyName, grant) => {
    const { stack, limiter, grantee } = limiterApp();
    grant(limiter, grantee('worker'));

    const template = Template.fromStack(stack);

    const expected = expectedStatements(vector);
    expect(managedPolicy(template, policyName)).toEqual(expected);
    expect(inlinePolicies(template, 'worker')).toEqual(expected.map(withoutSid));
  });

  test('F-46: the aggregator may do what the contract says of usage, but creates no shards', () => {
    const { stack } = limiterApp();

    const statements = inlinePolicies(Template.fromStack(stack), 'prod-aggr').filter(({ Resource }) => Resource.includes(TABLE_ARN));

    const [usage, shards] = expectedStatements('AggregatorRole (table statements)');
    expect([usage!.Sid, shards!.Sid]).toEqual(['WriteSnapshotsAndBuckets', 'CreateShards']);
    expect(statements).toEqual([usage]);
  });

  test('F-46: the provisioner may do to the table what the contract says', () => {
    const { stack } = limiterApp();

    const statements = inlinePolicies(Template.fromStack(stack), 'prod-prov').filter(({ Resource }) => Resource.includes(TABLE_ARN));

    expect(statements).toEqual(expectedStatements('ProvisionerRole (table statements)'));
  });

  test('full access leaves the provisioner out when there is none', () => {
    const { stack, limiter, grantee } = limiterApp({ props: { provisioner: { enabled: false } } });
    limiter.grantFullAccess(grantee('worker'));

    const template = Template.fromStack(stack);

    const expected = expectedStatements('FullAccess').filter(({ Sid }) => Sid !== 'InvokeProvisioner');
    expect(managedPolicy(template, 'prod-full')).toEqual(expected);
    expect(inlinePolicies(template, 'worker')).toEqual(expected.map(withoutSid));
  });

  test('F-01: no policy names an action that DynamoDB does not have', () => {
    const { stack } = limiterApp();

    const text = JSON.stringify(Template.fromStack(stack).toJSON());

    expect(text).not.toContain('TransactWriteItems');
    expect(text).not.toContain('TransactGetItems');
  });
});

describe('grants', () => {
  test.each(GRANTS)('%s reports everything that was granted', (_, vector, __, grant) => {
    const { limiter, grantee } = limiterApp();

    const result = grant(limiter, grantee('worker'));

    expect(result.success).toBe(true);
    expect(result.principalStatements).toHaveLength(expectedStatements(vector).length);
  });

  test.each(GRANTS)('%s reports a grantee that cannot have a policy', (_, __, ___, grant) => {
    const { limiter } = limiterApp();

    const result = grant(limiter, new ServicePrincipal('ec2.amazonaws.com'));

    expect(result.success).toBe(false);
    expect(() => result.assertSuccess()).toThrow(/could not be added/i);
  });
});

describe('simulated calls', () => {
  async function isAllowed(statements: readonly Statement[], { action, leadingKeys, resource }: (typeof operations)[number]): Promise<boolean> {
    const arns: Record<string, string> = { 'table': TABLE_ARN, 'provisioner': PROVISIONER_ARN, '*': '*' };
    const keys = leadingKeys.map((key) => key.replace('{ns}', 'a7x3kq2m'));
    const result = await runSimulation({
      request: {
        principal: `arn:aws:iam::${ACCOUNT}:role/worker`,
        action,
        resource: { resource: arns[resource] ?? `${TABLE_ARN}/index/${resource}`, accountId: ACCOUNT },
        contextVariables: keys.length === 0 ? {} : { 'dynamodb:LeadingKeys': keys },
      },
      identityPolicies: [{ name: 'policy', policy: { Version: '2012-10-17', Statement: statements } }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    }, {});
    if (result.resultType !== 'single') throw new Error(`the call cannot be simulated: ${JSON.stringify(result)}`);
    return result.overallResult === 'Allowed';
  }

  function policySets(): Record<'managed policy' | 'grant' | 'minimized grant', Record<Access, Statement[]>> {
    const granted = (context?: Record<string, unknown>): Record<Access, Statement[]> => {
      const { stack, limiter, grantee } = limiterApp({ context });
      GRANTS.forEach(([access, , , grant]) => grant(limiter, grantee(access)));
      const template = Template.fromStack(stack);
      return Object.fromEntries(GRANTS.map(([access]) => [access, inlinePolicies(template, access)])) as Record<Access, Statement[]>;
    };
    const template = Template.fromStack(limiterApp().stack);
    const managed = Object.fromEntries(GRANTS.map(([access, , name]) => [access, managedPolicy(template, name)])) as Record<Access, Statement[]>;
    return { 'managed policy': managed, 'grant': granted(), 'minimized grant': granted(MINIMIZE) };
  }

  describe.each(Object.entries(policySets()))('with a %s', (_, statements) => {
    test.each(operations)('$operation ($action on $resource) is allowed to whom it should be', async (operation) => {
      const allowed = {
        acquireOnly: await isAllowed(statements.acquireOnly, operation),
        fullAccess: await isAllowed(statements.fullAccess, operation),
        readOnly: await isAllowed(statements.readOnly, operation),
      };

      expect(allowed).toEqual(operation.allowed);
    });
  });
});

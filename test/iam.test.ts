import { App, Arn, Aws, CfnResource, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { AccountPrincipal, AccountRootPrincipal, ManagedPolicy, Role } from 'aws-cdk-lib/aws-iam';
import { ResourceNaming, ZaeLimiter, type IamOptions, type ZaeLimiterProps } from '../src';

type Props = (stack: Stack) => ZaeLimiterProps;

const env = { account: '123456789012', region: 'us-east-1' };
const external = (stack: Stack, id: string) => Role.fromRoleArn(stack, id, `arn:aws:iam::123456789012:role/${id}`);

function synth(props: Props = () => ({})) {
  const stack = new Stack(new App(), 'app', { env });
  const limiter = new ZaeLimiter(stack, 'Limiter', { limiterName: 'prod', ...props(stack) });
  return { stack, limiter, template: Template.fromStack(stack) };
}

interface Resource { readonly Type: string; readonly Properties?: Record<string, unknown> }

const resourcesOf = (template: Template): Resource[] => Object.values(template.toJSON().Resources as Record<string, Resource>);
const typesOf = (template: Template): string[] => resourcesOf(template).map(({ Type }) => Type);
const count = (template: Template, type: string): number => typesOf(template).filter((other) => other === type).length;

/** What the IAM settings lead to; names of roles and who owns the functions' roles. */
interface Row {
  readonly title: string;
  readonly iam: (stack: Stack) => IamOptions;
  readonly policies: number;
  /** Names of the roles that are created. */
  readonly roles: readonly string[];
  readonly aggregatorRole: 'created' | 'external' | 'none';
  readonly provisionerRole: 'created' | 'external' | 'none';
}

const MATRIX: readonly Row[] = [
  { title: 'no settings', iam: () => ({}), policies: 6, roles: ['prod-aggr', 'prod-prov'], aggregatorRole: 'created', provisionerRole: 'created' },
  { title: 'no IAM', iam: () => ({ createResources: false }), policies: 0, roles: [], aggregatorRole: 'none', provisionerRole: 'none' },
  {
    title: 'no IAM and a role for the aggregator', iam: (stack) => ({ createResources: false, aggregatorRole: external(stack, 'aggr') }),
    policies: 0, roles: [], aggregatorRole: 'external', provisionerRole: 'none',
  },
  {
    title: 'no IAM and roles for both functions',
    iam: (stack) => ({ createResources: false, aggregatorRole: external(stack, 'aggr'), provisionerRole: external(stack, 'prov') }),
    policies: 0, roles: [], aggregatorRole: 'external', provisionerRole: 'external',
  },
  {
    title: 'a role for the aggregator', iam: (stack) => ({ aggregatorRole: external(stack, 'aggr') }),
    policies: 6, roles: ['prod-prov'], aggregatorRole: 'external', provisionerRole: 'created',
  },
  {
    title: 'roles for people', iam: () => ({ createRoles: true }),
    policies: 6, roles: ['prod-admin', 'prod-aggr', 'prod-app', 'prod-prov', 'prod-read'], aggregatorRole: 'created', provisionerRole: 'created',
  },
  {
    title: 'no policies for namespaces', iam: () => ({ createNamespacePolicies: false }),
    policies: 3, roles: ['prod-aggr', 'prod-prov'], aggregatorRole: 'created', provisionerRole: 'created',
  },
];

describe.each(MATRIX)('with $title', ({ iam, policies, roles, ...expected }) => {
  test('these policies and roles are created', () => {
    const { template } = synth((stack) => ({ iam: iam(stack) }));

    expect(count(template, 'AWS::IAM::ManagedPolicy')).toBe(policies);
    expect(Object.values(template.findResources('AWS::IAM::Role')).map(({ Properties }) => Properties.RoleName).sort()).toEqual(roles);
  });

  test.each([['aggregator', 'aggr'], ['provisioner', 'prov']] as const)('the %s runs with the role that it can have, or is left out', (part, component) => {
    const { limiter, template } = synth((stack) => ({ iam: iam(stack) }));
    const kind = expected[`${part}Role`];

    const suffix = part === 'aggregator' ? 'aggregator' : 'limits-provisioner';
    const functions = Object.values(template.findResources('AWS::Lambda::Function', { Properties: { FunctionName: `prod-${suffix}` } }));
    expect(functions).toHaveLength(kind === 'none' ? 0 : 1);
    if (kind === 'external') expect(functions[0]!.Properties.Role).toBe(`arn:aws:iam::123456789012:role/${component}`);
    expect(limiter[`${part}PolicyDocument`] === undefined).toBe(kind === 'none');
  });
});

describe('without IAM', () => {
  test('no resource of IAM is created, whatever else is switched on', () => {
    const { template } = synth((stack) => ({
      iam: { createResources: false, aggregatorRole: external(stack, 'aggr'), provisionerRole: external(stack, 'prov') },
      tracing: true,
      pitrRecoveryPeriod: Duration.days(7),
      network: { vpc: new Vpc(stack, 'Vpc', { restrictDefaultSecurityGroup: false }) },
      ssmParameters: true,
    }));

    expect(typesOf(template).filter((type) => type.startsWith('AWS::IAM::'))).toEqual([]);
  });

  test('a role of the app gets no policy either', () => {
    const { template } = synth((stack) => {
      const role = new Role(stack, 'Own', { assumedBy: new AccountRootPrincipal() });
      return { iam: { createResources: false, aggregatorRole: role, provisionerRole: role }, tracing: true };
    });

    expect(typesOf(template).filter((type) => type.startsWith('AWS::IAM::'))).toEqual(['AWS::IAM::Role']);
  });
});

describe('the policy document of a function', () => {
  test.each(['aggregator', 'provisioner'] as const)('holds exactly what the %s may do when its role is created', (part) => {
    const { stack, limiter, template } = synth(() => ({ tracing: true }));

    const role = { Ref: stack.getLogicalId(limiter[`${part}Role`]!.node.defaultChild as CfnResource) };
    const [policy] = Object.values(template.findResources('AWS::IAM::Policy', { Properties: { Roles: [role] } }));
    const document = stack.resolve(limiter[`${part}PolicyDocument`]);
    expect(document.Statement).toEqual(policy!.Properties.PolicyDocument.Statement);
  });
});

describe('roles', () => {
  test.each<[string, IamOptions, unknown]>([
    ['by default', {}, { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::123456789012:root']] }],
    ['as it is set', { assumedBy: new AccountPrincipal('210987654321') }, { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::210987654321:root']] }],
  ])('for people can be assumed by principals of an account %s', (_, options, principal) => {
    const { template } = synth(() => ({ iam: { ...options, createRoles: true } }));

    for (const name of ['app', 'admin', 'read']) {
      const [role] = Object.values(template.findResources('AWS::IAM::Role', { Properties: { RoleName: `prod-${name}` } }));
      expect(role!.Properties.AssumeRolePolicyDocument.Statement).toEqual([{ Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { AWS: principal } }]);
      expect(role!.Properties.ManagedPolicyArns).toHaveLength(1);
    }
  });

  test('for people say in a tag what they are for', () => {
    const { template } = synth(() => ({ iam: { createRoles: true } }));

    const tags = ['app', 'admin', 'read'].map((name) => Object.values(template.findResources('AWS::IAM::Role', { Properties: { RoleName: `prod-${name}` } }))[0]!
      .Properties.Tags.find(({ Key }: { Key: string }) => Key === 'Role').Value);
    expect(tags).toEqual(['app', 'admin', 'readonly']);
  });

  test('F-43: each one that is created has the boundary, whether it is given by name or by ARN', () => {
    const arn = Arn.format({ service: 'iam', region: '', resource: 'policy', resourceName: 'boundary', partition: Aws.PARTITION, account: env.account });
    const templates = [
      synth((stack) => ({ iam: { createRoles: true, permissionsBoundary: ManagedPolicy.fromManagedPolicyName(stack, 'Boundary', 'boundary') } })),
      synth((stack) => ({ iam: { createRoles: true, permissionsBoundary: ManagedPolicy.fromManagedPolicyArn(stack, 'Boundary', arn) } })),
    ].map(({ template }) => template);

    for (const template of templates) {
      const boundaries = Object.values(template.findResources('AWS::IAM::Role')).map(({ Properties }) => Properties.PermissionsBoundary);
      expect(boundaries).toHaveLength(5);
      expect(new Set(boundaries.map((boundary) => JSON.stringify(boundary))).size).toBe(1);
      expect(JSON.stringify(boundaries[0])).toContain(':policy/boundary');
    }
  });

  test('have the boundary also beside a role of somebody else, which keeps its own', () => {
    const { template } = synth((stack) => ({
      iam: { createRoles: true, aggregatorRole: external(stack, 'aggr'), permissionsBoundary: ManagedPolicy.fromManagedPolicyName(stack, 'Boundary', 'boundary') },
    }));

    const roles = Object.values(template.findResources('AWS::IAM::Role')).map(({ Properties }) => [Properties.RoleName, Properties.PermissionsBoundary !== undefined]);
    expect(Object.fromEntries(roles)).toEqual({ 'prod-prov': true, 'prod-app': true, 'prod-admin': true, 'prod-read': true });
  });

  test('are named by the format', () => {
    const { template } = synth(() => ({ limiterName: 'my-app', iam: { createRoles: true, roleNameFormat: 'PowerUserPB-{}', policyNameFormat: '{}-v1' } }));

    const names = (type: string, property: string) => Object.values(template.findResources(type))
      .map(({ Properties }) => Properties[property]).sort();
    expect(names('AWS::IAM::Role', 'RoleName')).toEqual(['admin', 'aggr', 'app', 'prov', 'read'].map((part) => `PowerUserPB-my-app-${part}`));
    expect(names('AWS::IAM::ManagedPolicy', 'ManagedPolicyName')).toEqual(
      ['acq', 'full', 'ns-acq', 'ns-full', 'ns-read', 'read'].map((part) => `my-app-${part}-v1`),
    );
  });
});

describe('generated naming', () => {
  test('F-44: names the table, and leaves every other name to CloudFormation', () => {
    const { template } = synth(() => ({ naming: ResourceNaming.GENERATED, iam: { createRoles: true } }));

    const named = resourcesOf(template).flatMap(({ Properties = {} }) =>
      ['TableName', 'FunctionName', 'RoleName', 'ManagedPolicyName', 'QueueName', 'LogGroupName', 'BucketName', 'AlarmName']
        .filter((property) => typeof Properties[property] === 'string').map((property) => Properties[property]));
    expect(named).toEqual(['prod']);
  });

  test('keeps to a format of names, because who sets one needs it', () => {
    const { template } = synth(() => ({ naming: ResourceNaming.GENERATED, iam: { roleNameFormat: 'svc-{}' } }));

    template.hasResourceProperties('AWS::IAM::Role', { RoleName: 'svc-prod-aggr' });
  });
});

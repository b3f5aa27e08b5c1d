import { runSimulation } from '@cloud-copilot/iam-simulate';
import type { Template } from 'aws-cdk-lib/assertions';
import type { Call } from './calls';

/** The limiter whose policies are looked at has the name `prod`. */
export const ACCOUNT = '123456789012';
export const TABLE_ARN = `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/prod`;
const PROVISIONER_ARN = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:prod-limits-provisioner`;

export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: object;
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

export const managedPolicy = (template: Template, name: string): Statement[] =>
  Object.values(template.findResources('AWS::IAM::ManagedPolicy', { Properties: { ManagedPolicyName: name } }))
    .flatMap(({ Properties }) => statementsOf(template, Properties.PolicyDocument));

export function inlinePolicies(template: Template, roleName: string): Statement[] {
  const [role] = Object.keys(template.findResources('AWS::IAM::Role', { Properties: { RoleName: roleName } }));
  return Object.values(template.findResources('AWS::IAM::Policy', { Properties: { Roles: [{ Ref: role }] } }))
    .flatMap(({ Properties }) => statementsOf(template, Properties.PolicyDocument));
}

/** One call as the simulator takes it. */
export interface Request {
  readonly action: string;
  /** ARN, or `*`. */
  readonly resource: string;
  readonly leadingKeys?: readonly string[] | null;
  /** Tags of the caller. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** Whether a policy simulator allows a request. */
export async function allows(statements: readonly Statement[], { action, resource, leadingKeys, tags = {} }: Request): Promise<boolean> {
  const principalTags = Object.entries(tags).map(([key, value]) => [`aws:PrincipalTag/${key}`, value]);
  const result = await runSimulation({
    request: {
      principal: `arn:aws:iam::${ACCOUNT}:role/worker`,
      action,
      resource: { resource, accountId: ACCOUNT },
      contextVariables: { ...Object.fromEntries(principalTags), ...((leadingKeys ?? []).length > 0 && { 'dynamodb:LeadingKeys': [...leadingKeys!] }) },
    },
    identityPolicies: [{ name: 'policy', policy: { Version: '2012-10-17', Statement: statements } }],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  }, {});
  if (result.resultType !== 'single') throw new Error(`the call cannot be simulated: ${JSON.stringify(result)}`);
  return result.overallResult === 'Allowed';
}

/** Namespace of the caller where a policy asks for one. */
export const NAMESPACE_ID = 'a7x3kq2m';

/** Whether a policy simulator allows a call to a caller of the namespace, in that namespace or another one. */
export function isAllowed(statements: readonly Statement[], { action, leadingKeys, resource }: Call, namespaceId = NAMESPACE_ID): Promise<boolean> {
  const arns: Record<string, string> = { 'table': TABLE_ARN, 'provisioner': PROVISIONER_ARN, '*': '*' };
  return allows(statements, {
    action,
    resource: arns[resource] ?? `${TABLE_ARN}/index/${resource}`,
    leadingKeys: leadingKeys.map((key) => key.replace('{ns}', namespaceId)),
    tags: { zael_namespace_id: NAMESPACE_ID },
  });
}

import { Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { keyUse } from './private/encryption';
import { GLOBAL_INDEXES } from './private/table-schema';

/** What access is given to. */
export interface AccessTarget {
  readonly tableArn: string;
  /** The function that administrators may invoke; undefined when there is none. */
  readonly provisionerArn?: string;
  /** Key of the table, when it is one of the customer's. */
  readonly encryptionKey?: kms.IKey;
  /** Name of DynamoDB, as a key's conditions know it. */
  readonly keyService: string;
  /** The table, when this app may change its policy. */
  readonly table?: iam.IResourceWithPolicyV2;
  /** The function, when this app may change who invokes it. */
  readonly provisioner?: lambda.IFunction;
}

/** Namespaces that access is limited to. */
export interface NamespaceScope {
  /** What keys begin with: ids, or a variable of the policy. */
  readonly prefixes: readonly string[];
  /** Tag that the principal has to have. */
  readonly tagKey?: string;
}

const dynamodb = (...actions: string[]): string[] => actions.map((action) => `dynamodb:${action}`);

const indexArns = (tableArn: string, names: readonly string[]): string[] => names.map((name) => `${tableArn}/index/${name}`);

const ALL_INDEXES = GLOBAL_INDEXES.map(({ name }) => name);

/** What is in no namespace. A principal with this tag would be everybody's. */
const REGISTRY_NAMESPACE = '_';

/** Partition of the version record and of the namespaces' names and ids. */
const REGISTRY = `${REGISTRY_NAMESPACE}/SYSTEM#`;

type Conditions = { [operator: string]: { [key: string]: unknown } };

/**
 * Limits a statement to items by their partition key.
 *
 * `ForAllValues` also holds for a request that names no key at all, such as a Scan, hence the second condition.
 */
export function leadingKeys(...patterns: string[]): Conditions {
  return {
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': patterns },
    'Null': { 'dynamodb:LeadingKeys': 'false' },
  };
}

/** Limits a statement to keys of namespaces. A principal without the tag has no namespace, and no access. */
function keysOf({ prefixes, tagKey }: NamespaceScope, rest: string): Conditions {
  const conditions = leadingKeys(...prefixes.map((prefix) => `${prefix}/${rest}`));
  if (tagKey === undefined) return conditions;
  const tag = `aws:PrincipalTag/${tagKey}`;
  return { ...conditions, Null: { ...conditions.Null, [tag]: 'false' }, StringNotEquals: { [tag]: REGISTRY_NAMESPACE } };
}

/** The namespace whose id is the value of the principal's tag. */
export const taggedNamespace = (tagKey: string): NamespaceScope => ({ prefixes: [`\${aws:PrincipalTag/${tagKey}}`], tagKey });

/** To open a namespace. With `Query` a tenant could list all others, because the registry is one partition. */
const readRegistry = (tableArn: string): iam.PolicyStatement =>
  new iam.PolicyStatement({ sid: 'ReadRegistry', actions: dynamodb('GetItem'), resources: [tableArn], conditions: leadingKeys(REGISTRY) });

const useKey = ({ encryptionKey, keyService }: AccessTarget, access: 'read' | 'write'): iam.PolicyStatement[] =>
  (encryptionKey === undefined ? [] : [keyUse(encryptionKey, access, [keyService])]);

/**
 * Take and give back tokens, and read. No identifier holds `#`, so the pattern matches buckets only: limits,
 * entities, namespaces and audit records cannot be changed.
 */
export function acquireStatements(target: AccessTarget, scope?: NamespaceScope): iam.PolicyStatement[] {
  const { tableArn } = target;
  const write = dynamodb('UpdateItem', 'PutItem'); // PutItem: Python clients create their buckets with it
  const read = dynamodb('GetItem', 'BatchGetItem', 'Query');
  const indexes = indexArns(tableArn, ['GSI2', 'GSI3']);
  if (scope !== undefined) {
    return [
      new iam.PolicyStatement({ sid: 'ReadOwn', actions: read, resources: [tableArn, ...indexes], conditions: keysOf(scope, '*') }),
      new iam.PolicyStatement({ sid: 'WriteOwnBuckets', actions: write, resources: [tableArn], conditions: keysOf(scope, 'BUCKET#*') }),
      readRegistry(tableArn),
      ...useKey(target, 'write'),
    ];
  }
  return [
    new iam.PolicyStatement({ sid: 'ReadItems', actions: read, resources: [tableArn] }),
    new iam.PolicyStatement({ sid: 'QueryBuckets', actions: dynamodb('Query'), resources: indexes }),
    new iam.PolicyStatement({ sid: 'WriteBuckets', actions: write, resources: [tableArn], conditions: leadingKeys('*/BUCKET#*') }),
    ...useKey(target, 'write'),
  ];
}

/**
 * Everything that a client, the command line and a schema migration do; in namespaces, everything but the registry, purges
 * and migrations, which concern more than one namespace.
 */
export function fullAccessStatements(target: AccessTarget, scope?: NamespaceScope): iam.PolicyStatement[] {
  const { tableArn } = target;
  const readWrite = dynamodb('GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem');
  if (scope !== undefined) {
    return [
      new iam.PolicyStatement({ sid: 'ReadWriteOwn', actions: readWrite, resources: [tableArn], conditions: keysOf(scope, '*') }),
      new iam.PolicyStatement({
        sid: 'QueryOwn', actions: dynamodb('Query'), resources: indexArns(tableArn, ['GSI1', 'GSI2', 'GSI3']), conditions: keysOf(scope, '*'),
      }),
      readRegistry(tableArn),
      ...useKey(target, 'write'),
    ];
  }
  return [
    new iam.PolicyStatement({ sid: 'ItemAccess', actions: [...readWrite, ...dynamodb('DescribeTable', 'Scan')], resources: [tableArn] }),
    new iam.PolicyStatement({ sid: 'IndexAccess', actions: dynamodb('Query', 'Scan'), resources: indexArns(tableArn, ALL_INDEXES) }),
    ...useKey(target, 'write'),
    ...invokeProvisionerStatements(target),
  ];
}

/** Read everything, change nothing. */
export function readOnlyStatements(target: AccessTarget, scope?: NamespaceScope): iam.PolicyStatement[] {
  const { tableArn } = target;
  const read = dynamodb('GetItem', 'BatchGetItem', 'Query');
  if (scope !== undefined) {
    const resources = [tableArn, ...indexArns(tableArn, ['GSI1', 'GSI2', 'GSI3'])];
    return [
      new iam.PolicyStatement({ sid: 'ReadOwn', actions: read, resources, conditions: keysOf(scope, '*') }),
      readRegistry(tableArn),
      ...useKey(target, 'read'),
    ];
  }
  return [
    new iam.PolicyStatement({ sid: 'ReadItems', actions: [...read, ...dynamodb('DescribeTable', 'Scan')], resources: [tableArn] }),
    new iam.PolicyStatement({ sid: 'IndexAccess', actions: dynamodb('Query', 'Scan'), resources: indexArns(tableArn, ALL_INDEXES) }),
    ...useKey(target, 'read'),
  ];
}

/** Apply manifests and register namespaces through the provisioner; nothing when there is none. */
export function invokeProvisionerStatements({ provisionerArn }: AccessTarget): iam.PolicyStatement[] {
  if (provisionerArn === undefined) return [];
  return [new iam.PolicyStatement({ sid: 'InvokeProvisioner', actions: ['lambda:InvokeFunction'], resources: [provisionerArn] })];
}

/** Find limiters by their tags. Neither action knows a resource. */
export const discoveryStatements = (): iam.PolicyStatement[] =>
  [new iam.PolicyStatement({ sid: 'FindLimiters', actions: ['tag:GetResources', 'cloudformation:DescribeStacks'], resources: ['*'] })];

/**
 * Adds statements to whatever policies a grantee has. For one of another account, or one that has no policy of its own, also to the
 * policies of table, key and function, which is what AWS asks for then.
 */
export function grantStatements(grantee: iam.IGrantable, statements: iam.PolicyStatement[], target?: AccessTarget): iam.Grant {
  const grants = statements.flatMap(({ actions, resources, conditions }) => {
    const grant = { grantee, actions, resourceArns: resources, conditions };
    const onPrincipal = iam.Grant.addToPrincipal(grant);
    if (target?.table === undefined || !needsResourcePolicy(grantee, onPrincipal, target.table)) return [onPrincipal];
    const { table, encryptionKey, provisioner } = target;
    if (actions.includes('lambda:InvokeFunction') && provisioner !== undefined) {
      return isKnownToLambda(grantee.grantPrincipal) ? [onPrincipal, provisioner.grantInvoke(grantee)] : [onPrincipal];
    }
    const ofKey = encryptionKey !== undefined && resources.includes(encryptionKey.keyArn) ? encryptionKey : undefined;
    const resource = resources.some((arn) => arn.startsWith(target.tableArn)) ? table : ofKey;
    if (resource === undefined) return [onPrincipal];
    // Not addToPrincipalOrResource, which forgets the conditions. A policy cannot name the ARN of what it is part of: '*' there is the
    // table and its indexes, or the key.
    const statement = new iam.PolicyStatement({ principals: [grantee.grantPrincipal], actions, resources: ['*'], conditions });
    return [onPrincipal, iam.Grant.addStatementToResourcePolicy({ ...grant, resource, statement })];
  });
  return grants.reduce((all, grant) => all.combine(grant));
}

/** Whether a grantee is, or may be, of another account, or could not be given a policy. */
function needsResourcePolicy({ grantPrincipal }: iam.IGrantable, onPrincipal: iam.Grant, { env }: iam.IResourceWithPolicyV2): boolean {
  const { principalJson, conditions } = grantPrincipal.policyFragment;
  // A service acquires nothing itself, and nobody means everybody.
  const isEverybody = JSON.stringify(principalJson).includes('"*"') && Object.keys(conditions).length === 0;
  if ('Service' in principalJson || isEverybody) return false;
  const { principalAccount } = grantPrincipal;
  const isElsewhere = principalAccount !== undefined && !Token.isUnresolved(principalAccount) && principalAccount !== env.account;
  return isElsewhere || !onPrincipal.success;
}

/** Whether a function's policy can name a principal: an account, a role or a user, without conditions. */
function isKnownToLambda(principal: iam.IPrincipal): boolean {
  const { principalJson, conditions } = principal.policyFragment;
  const arns = Object.keys(principalJson).join() === 'AWS' ? [principalJson.AWS].flat() : [];
  return arns.length === 1 && Object.keys(conditions).length === 0 && (principal instanceof iam.ArnPrincipal || 'roleArn' in principal || 'userArn' in principal);
}

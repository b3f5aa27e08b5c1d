import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { GLOBAL_INDEXES } from './private/table-schema';

/** What access is given to. */
export interface AccessTarget {
  readonly tableArn: string;
  /** The function that administrators may invoke; undefined when there is none. */
  readonly provisionerArn?: string;
}

const dynamodb = (...actions: string[]): string[] => actions.map((action) => `dynamodb:${action}`);

const indexArns = (tableArn: string, names: readonly string[]): string[] => names.map((name) => `${tableArn}/index/${name}`);

const ALL_INDEXES = GLOBAL_INDEXES.map(({ name }) => name);

/**
 * Limits a statement to items by their partition key.
 *
 * `ForAllValues` also holds for a request that names no key at all, such as a Scan, hence the second condition.
 */
export function leadingKeys(...patterns: string[]): { [operator: string]: { [key: string]: unknown } } {
  return {
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': patterns },
    'Null': { 'dynamodb:LeadingKeys': 'false' },
  };
}

/**
 * Take and give back tokens, and read. No identifier holds `#`, so the pattern matches buckets only: limits,
 * entities, namespaces and audit records cannot be changed.
 */
export function acquireStatements({ tableArn }: AccessTarget): iam.PolicyStatement[] {
  return [
    new iam.PolicyStatement({ sid: 'ReadItems', actions: dynamodb('GetItem', 'BatchGetItem', 'Query'), resources: [tableArn] }),
    new iam.PolicyStatement({ sid: 'QueryBuckets', actions: dynamodb('Query'), resources: indexArns(tableArn, ['GSI2', 'GSI3']) }),
    new iam.PolicyStatement({
      sid: 'WriteBuckets',
      actions: dynamodb('UpdateItem', 'PutItem'), // PutItem: Python clients create their buckets with it
      resources: [tableArn],
      conditions: leadingKeys('*/BUCKET#*'),
    }),
  ];
}

/** Everything that a client, the command line and a schema migration do. */
export function fullAccessStatements({ tableArn, provisionerArn }: AccessTarget): iam.PolicyStatement[] {
  return [
    new iam.PolicyStatement({
      sid: 'ItemAccess',
      actions: dynamodb('GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'DescribeTable', 'Scan'),
      resources: [tableArn],
    }),
    new iam.PolicyStatement({ sid: 'IndexAccess', actions: dynamodb('Query', 'Scan'), resources: indexArns(tableArn, ALL_INDEXES) }),
    ...(provisionerArn === undefined ? [] : [
      new iam.PolicyStatement({ sid: 'InvokeProvisioner', actions: ['lambda:InvokeFunction'], resources: [provisionerArn] }),
    ]),
  ];
}

/** Read everything, change nothing. */
export function readOnlyStatements({ tableArn }: AccessTarget): iam.PolicyStatement[] {
  return [
    new iam.PolicyStatement({
      sid: 'ReadItems', actions: dynamodb('GetItem', 'BatchGetItem', 'Query', 'DescribeTable', 'Scan'), resources: [tableArn],
    }),
    new iam.PolicyStatement({ sid: 'IndexAccess', actions: dynamodb('Query', 'Scan'), resources: indexArns(tableArn, ALL_INDEXES) }),
  ];
}

/** Adds statements to whatever policies a grantee has. */
export function grantStatements(grantee: iam.IGrantable, statements: iam.PolicyStatement[]): iam.Grant {
  const grants = statements.map(({ actions, resources, conditions }) => iam.Grant.addToPrincipal({
    grantee, actions, resourceArns: resources, conditions,
  }));
  return grants.reduce((all, grant) => all.combine(grant));
}

/** The three managed policies, for principals that are not made in this app. */
export class AccessPolicies extends Construct {
  readonly acquireOnly: iam.ManagedPolicy;
  readonly fullAccess: iam.ManagedPolicy;
  readonly readOnly: iam.ManagedPolicy;

  constructor(scope: Construct, id: string, limiterName: string, target: AccessTarget) {
    super(scope, id);
    const policy = (child: string, suffix: string, description: string, statements: iam.PolicyStatement[]): iam.ManagedPolicy =>
      new iam.ManagedPolicy(this, child, { managedPolicyName: `${limiterName}-${suffix}`, description, statements });
    this.acquireOnly = policy('AcquireOnly', 'acq', `Take tokens from the rate limiter ${limiterName}`, acquireStatements(target));
    this.fullAccess = policy('FullAccess', 'full', `Administer the rate limiter ${limiterName}`, fullAccessStatements(target));
    this.readOnly = policy('ReadOnly', 'read', `Read the rate limiter ${limiterName}`, readOnlyStatements(target));
  }
}

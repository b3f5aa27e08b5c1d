import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acquireStatements, AccessTarget, fullAccessStatements, readOnlyStatements, taggedNamespace } from './access';
import { Names, PolicyComponent } from './private/names';

export interface AccessPoliciesProps {
  readonly limiterName: string;
  readonly names: Names;
  readonly target: AccessTarget;
  /** Tag of the policies for one namespace; undefined when there are none. */
  readonly namespaceTagKey?: string;
}

/** The managed policies, for principals that are not made in this app. */
export class AccessPolicies extends Construct {
  readonly acquireOnly: iam.ManagedPolicy;
  readonly fullAccess: iam.ManagedPolicy;
  readonly readOnly: iam.ManagedPolicy;
  readonly namespaceAcquire?: iam.ManagedPolicy;
  readonly namespaceFullAccess?: iam.ManagedPolicy;
  readonly namespaceReadOnly?: iam.ManagedPolicy;

  constructor(scope: Construct, id: string, { limiterName, names, target, namespaceTagKey }: AccessPoliciesProps) {
    super(scope, id);
    const policy = (child: string, component: PolicyComponent, description: string, statements: iam.PolicyStatement[]): iam.ManagedPolicy =>
      new iam.ManagedPolicy(this, child, { managedPolicyName: names.policy(component), description, statements });
    this.acquireOnly = policy('AcquireOnly', 'acq', `Take tokens from the rate limiter ${limiterName}`, acquireStatements(target));
    this.fullAccess = policy('FullAccess', 'full', `Administer the rate limiter ${limiterName}`, fullAccessStatements(target));
    this.readOnly = policy('ReadOnly', 'read', `Read the rate limiter ${limiterName}`, readOnlyStatements(target));
    if (namespaceTagKey === undefined) return;
    const own = taggedNamespace(namespaceTagKey);
    const where = `one namespace of the rate limiter ${limiterName}`;
    this.namespaceAcquire = policy('NamespaceAcquire', 'ns-acq', `Take tokens from ${where}`, acquireStatements(target, own));
    this.namespaceFullAccess = policy('NamespaceFullAccess', 'ns-full', `Administer ${where}`, fullAccessStatements(target, own));
    this.namespaceReadOnly = policy('NamespaceReadOnly', 'ns-read', `Read ${where}`, readOnlyStatements(target, own));
  }
}

import { Tags } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { AccessPolicies } from './access-policies';
import { Names, RoleComponent } from './private/names';

export interface AccessRolesProps {
  readonly limiterName: string;
  readonly names: Names;
  readonly policies: AccessPolicies;
  readonly assumedBy?: iam.IPrincipal;
  readonly permissionsBoundary?: iam.IManagedPolicy;
}

/** Roles that people and programs can assume, one for each managed policy. */
export class AccessRoles extends Construct {
  readonly app: iam.Role;
  readonly admin: iam.Role;
  readonly read: iam.Role;

  constructor(scope: Construct, id: string, { limiterName, names, policies, permissionsBoundary, ...props }: AccessRolesProps) {
    super(scope, id);
    const assumedBy = props.assumedBy ?? new iam.AccountRootPrincipal();
    const role = (child: string, component: RoleComponent, tag: string, purpose: string, policy: iam.IManagedPolicy): iam.Role => {
      const created = new iam.Role(this, child, {
        roleName: names.role(component), description: `${purpose} the rate limiter ${limiterName}`, assumedBy, permissionsBoundary,
        managedPolicies: [policy],
      });
      Tags.of(created).add('Role', tag);
      return created;
    };
    this.app = role('App', 'app', 'app', 'Take tokens from', policies.acquireOnly);
    this.admin = role('Admin', 'admin', 'admin', 'Administer', policies.fullAccess);
    this.read = role('Read', 'read', 'readonly', 'Read', policies.readOnly);
  }
}

import { ZaeLimiterStack } from '@zae-limiter/cdk';
import { App, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';

export const app = new App();

// 1. You may create roles, but only with a boundary, and only under certain names.
const bounded = new Stack(app, 'boundary-import');
new ZaeLimiterStack(app, 'bounded-limiter', {
  limiter: {
    iam: {
      permissionsBoundary: iam.ManagedPolicy.fromManagedPolicyName(bounded, 'Boundary', 'PowerUserBoundary'),
      roleNameFormat: 'PowerUserPB-{}',
      policyNameFormat: 'PowerUserPB-{}',
    },
  },
});

// 2. You may create nothing in IAM. Somebody else made two roles; `aggregatorPolicyDocument` and `provisionerPolicyDocument`
//    say what they have to allow. The template has no resource of IAM.
const handed = new Stack(app, 'handed-limiter-roles');
const role = (id: string, name: string): iam.IRole => iam.Role.fromRoleName(handed, id, name, { mutable: false });
const { limiter } = new ZaeLimiterStack(app, 'handed-limiter', {
  limiter: {
    iam: { createResources: false, aggregatorRole: role('Aggregator', 'limiter-aggregator'), provisionerRole: role('Provisioner', 'limiter-provisioner') },
  },
});

// What to hand to whoever makes the roles: one managed policy for each, in a stack that they deploy.
const forSecurity = new Stack(app, 'handed-limiter-policies');
new iam.ManagedPolicy(forSecurity, 'Aggregator', { document: limiter.aggregatorPolicyDocument });
new iam.ManagedPolicy(forSecurity, 'Provisioner', { document: limiter.provisionerPolicyDocument });

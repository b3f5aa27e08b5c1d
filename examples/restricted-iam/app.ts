import { App, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { ZaeLimiterStack } from '@zae-limiter/cdk';

export const app = new App();

// 1. You may create roles, but only with a boundary, and only under certain names.
const boundaries = new Stack(app, 'boundaries');
new ZaeLimiterStack(app, 'bounded-limiter', {
  limiter: {
    iam: {
      permissionsBoundary: iam.ManagedPolicy.fromManagedPolicyName(boundaries, 'Boundary', 'PowerUserBoundary'),
      roleNameFormat: 'PowerUserPB-{}',
      policyNameFormat: 'PowerUserPB-{}',
    },
  },
});

// 2. You may create nothing in IAM: the template of this limiter has no resource of it. Somebody else deploys the roles, first.
const security = new Stack(app, 'handed-limiter-roles');
const role = (id: string): iam.Role => new iam.Role(security, id, { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
const [aggregatorRole, provisionerRole] = [role('Aggregator'), role('Provisioner')];

const { limiter } = new ZaeLimiterStack(app, 'handed-limiter', {
  limiter: {
    iam: { createResources: false, aggregatorRole, provisionerRole },
    // A bucket whose name is known before the limiter is deployed, like all other names in the policies.
    audit: { archive: { bucket: s3.Bucket.fromBucketName(security, 'Archive', 'our-audit-archive') } },
  },
});

// What the roles have to allow. The documents hold names and no references, so the stack of the roles does not wait for the limiter.
new iam.ManagedPolicy(security, 'AggregatorPolicy', { document: limiter.aggregatorPolicyDocument, roles: [aggregatorRole] });
new iam.ManagedPolicy(security, 'ProvisionerPolicy', { document: limiter.provisionerPolicyDocument, roles: [provisionerRole] });

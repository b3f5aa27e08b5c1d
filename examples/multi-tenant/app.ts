import { App, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Limit, OnUnavailable, ZaeLimiter } from '@zae-limiter/cdk';

export const app = new App();
const stack = new Stack(app, 'shared-limiter');
const limiter = new ZaeLimiter(stack, 'Limiter');

// Each tenant has a namespace: limits, entities and buckets of its own in the one table.
for (const tenant of ['alpha', 'beta']) {
  const namespace = limiter.addNamespace(tenant);
  limiter.addLimits(tenant, {
    limiterNamespace: namespace,
    system: { limits: { requests: Limit.perMinute(1000) }, onUnavailable: OnUnavailable.BLOCK },
  });

  const worker = new lambda.Function(stack, `Worker-${tenant}`, {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = async () => "acquires in its own namespace";'),
    environment: limiter.clientEnvironment({ namespaceName: namespace.namespaceName }),
  });
  // The worker of one tenant can neither read nor take anything of another.
  limiter.grantAcquire(worker, { namespaces: [namespace] });
}

// Or one role for all: the tag of its session says whose namespace it may use. Whoever may set the tag chooses the tenant.
const broker = new iam.Role(stack, 'TenantSession', { assumedBy: new iam.AccountRootPrincipal().withSessionTags() });
limiter.grantAcquire(broker, { byPrincipalTag: true });

import { App, Stack } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Limit, ZaeLimiter } from '@zae-limiter/cdk';

export const app = new App();
const account = process.env.CDK_DEFAULT_ACCOUNT;

/** Part of the traffic that each region serves, and so the part of the limit that it may give out. */
const SHARES = { 'us-east-1': 0.6, 'eu-west-1': 0.4 };
const REQUESTS_PER_MINUTE = 10_000;

// A limiter for each region. One table for all of them (a global table) would let each region spend the whole limit, because
// what one of them takes reaches the others seconds later.
for (const [region, share] of Object.entries(SHARES)) {
  const stack = new Stack(app, `limiter-${region}`, { env: { account, region } });
  const limiter = new ZaeLimiter(stack, 'Limiter', { limiterName: 'prod-limiter' });
  limiter.addLimits('Share', { system: { limits: { requests: Limit.perMinute(REQUESTS_PER_MINUTE * share) } } });

  const worker = new lambda.Function(stack, 'Worker', {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = async () => "acquires in its own region";'),
    environment: limiter.clientEnvironment(),
  });
  limiter.grantAcquire(worker);
}

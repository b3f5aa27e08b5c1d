import { App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Limit, LimiterBilling, OnUnavailable, SnapshotWindow, ZaeLimiter } from '@zae-limiter/cdk';

const app = new App();
const stack = new Stack(app, 'app');

const limiter = new ZaeLimiter(stack, 'Limiter', {
  limiterName: 'prod',
  table: { billing: LimiterBilling.onDemand({ maxWriteRequestUnits: 1000 }) },
  removalPolicy: RemovalPolicy.RETAIN,
  pitrRecoveryPeriod: Duration.days(35),
  aggregator: {
    architecture: lambda.Architecture.X86_64,
    runtime: lambda.Runtime.NODEJS_22_X,
    stream: { batchSize: 500, maxBatchingWindow: Duration.seconds(30) },
    sharding: { maxShardCount: 8 },
  },
  usage: { windows: [SnapshotWindow.HOURLY, SnapshotWindow.MONTHLY] },
  logRetention: logs.RetentionDays.ONE_WEEK,
  namespaces: ['default', 'tenant-1'],
});

limiter.addLimits('Limits', {
  namespaceName: 'tenant-1',
  system: { onUnavailable: OnUnavailable.BLOCK, limits: { requests: Limit.perMinute(1000) } },
  resources: { 'gpt-4': { limits: { requests: Limit.perMinute(500), tokens: Limit.perMinute(10_000, { burst: 15_000 }) } } },
  entities: { 'user-premium': { resources: { 'gpt-4': { limits: { requests: Limit.perMinute(1000) } } } } },
});

const role = iam.Role.fromRoleName(stack, 'Worker', 'worker');
limiter.grantAcquire(role);

new lambda.CfnFunction(stack, 'Function', {
  role: role.roleArn,
  runtime: 'nodejs24.x',
  handler: 'index.handler',
  code: { zipFile: 'exports.handler = async () => {};' },
  environment: { variables: limiter.clientEnvironment({ namespaceName: 'tenant-1' }) },
});

app.synth();

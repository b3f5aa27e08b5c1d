import { App, Stack } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as subscriptions from 'aws-cdk-lib/aws-sns-subscriptions';
import { Profile, ZaeLimiterStack } from '@zae-limiter/cdk';

export const app = new App();
const env = { account: process.env.CDK_DEFAULT_ACCOUNT, region: 'us-east-1' };

// What the limiter uses and does not own: who is told, and the key that everything is encrypted with.
const foundation = new Stack(app, 'prod-limiter-foundation', { env });
const key = new kms.Key(foundation, 'Key', { alias: 'prod-limiter', enableKeyRotation: true });
const alerts = new sns.Topic(foundation, 'Alerts', { enforceSSL: true });
alerts.addSubscription(new subscriptions.EmailSubscription('platform@example.com'));

new ZaeLimiterStack(app, 'prod-limiter', {
  env,
  limiter: {
    profile: Profile.production(), // protected, restorable, backed up, watched
    encryptionKey: key,
    alarms: { topic: alerts, notifyOnOk: true },
    budget: { monthlyLimitUsd: 100, emails: ['platform@example.com'] },
    tags: { team: 'platform' },
  },
});

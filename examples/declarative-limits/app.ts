import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { LimitsSource, ZaeLimiter } from '@zae-limiter/cdk';

export const app = new App();

const stack = new Stack(app, 'my-app');
const limiter = new ZaeLimiter(stack, 'Limiter');

// The file is reviewed and versioned like code. It is checked when the app is synthesised, and applied when it is deployed: what
// changed is written, what was removed from the file is deleted, and what others set by hand is left alone.
limiter.addLimits('Default', { source: LimitsSource.fromYamlFile(join(__dirname, 'limits.yaml')) });

// The same from an app of its own, so that a team changes its limits without deploying the limiter.
const limits = new Stack(app, 'my-app-limits');
ZaeLimiter.fromSsm(limits, 'Limiter', 'other-app')
  .addLimits('Default', { source: LimitsSource.fromYamlFile(join(__dirname, 'limits.yaml')) });

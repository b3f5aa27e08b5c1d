import { App, Stack, Stage, type Environment } from 'aws-cdk-lib';
import { Limit, Profile, ZaeLimiter } from '@zae-limiter/cdk';

export const app = new App();

interface Settings {
  readonly profile: Profile;
  readonly requestsPerMinute: number;
  readonly env?: Environment;
}

/** The same stacks in each stage of the application; only the settings differ. */
class Application extends Stage {
  constructor(scope: App, id: string, { profile, requestsPerMinute, env }: Settings) {
    super(scope, id, { env });
    const stack = new Stack(this, 'Limits', { stackName: `${id}-limits` });
    const limiter = new ZaeLimiter(stack, 'Limiter', { limiterName: `${id}-limits`, profile });
    limiter.addLimits('Defaults', { system: { limits: { requests: Limit.perMinute(requestsPerMinute) } } });
  }
}

new Application(app, 'dev', { profile: Profile.development(), requestsPerMinute: 100 });
new Application(app, 'staging', { profile: Profile.staging(), requestsPerMinute: 1000 });
new Application(app, 'prod', { profile: Profile.production(), requestsPerMinute: 10_000 });

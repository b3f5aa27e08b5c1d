import { ZaeLimiterStack } from '#construct';
import { App, Aws } from 'aws-cdk-lib';
import { ParameterSynthesizer } from './parameter-synthesizer.js';
import { leaveOpen, openProps } from './parameters.js';
import type { Template } from './synthesis.js';

/**
 * The template of a limiter that plain CloudFormation deploys under any stack name, which is the limiter's: the code of its
 * functions is in a bucket that parameters name.
 *
 * @param open whether settings are parameters as well
 */
export function plainTemplate(open: boolean): Template {
  const app = new App({ analyticsReporting: false, treeMetadata: false });
  const stack = new ZaeLimiterStack(app, 'limiter', {
    stackName: 'limiter', description: 'Rate limiter', synthesizer: new ParameterSynthesizer(),
    limiter: open ? openProps() : { limiterName: Aws.STACK_NAME },
  });
  if (open) leaveOpen(stack);
  return app.synth().getStackByName('limiter').template as Template;
}

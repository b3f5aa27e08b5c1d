import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ZaeLimiter, type LimitsOptions, type ZaeLimiterProps } from '../../src';
import type { ValidationId } from '../../src/private/validate';

export const LIMITS = 'Custom::ZaeLimiterLimits';
export const NAMESPACE = 'Custom::ZaeLimiterNamespace';
export const BOOTSTRAP = 'Custom::ZaeLimiterBootstrap';

/** Rules that limits and namespaces can break, and a limiter cannot. */
export type LimitsRule = Extract<ValidationId, `LIMITS_${string}` | 'MANIFEST_INVALID' | 'REMOVAL_POLICY_INVALID'>;

/** A limiter in a stack of an app of its own. */
export function newLimiter(props?: ZaeLimiterProps): ZaeLimiter {
  return new ZaeLimiter(new Stack(new App(), 'app'), 'Limiter', props);
}

export const templateOf = (limiter: ZaeLimiter): Template => Template.fromStack(Stack.of(limiter));

/** The only resource of a type. */
export function onlyOf(template: Template, type: string): { id: string; Properties: any; DependsOn?: string[] } {
  const found = Object.entries(template.findResources(type));
  if (found.length !== 1) throw new Error(`the template should have one ${type}, it has ${found.length}`);
  const [[id, resource]] = found as [[string, any]];
  return { ...resource, id };
}

/** The properties that limits are synthesised to. */
export function propertiesOf(options: LimitsOptions): any {
  const limiter = newLimiter();
  limiter.addLimits('Limits', options);
  return onlyOf(templateOf(limiter), LIMITS).Properties;
}

/** The error that a call throws. */
export function errorOf(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('the call did not fail');
}

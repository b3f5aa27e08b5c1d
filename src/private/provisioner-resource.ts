import { CustomResource, Duration, Token } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { Problems } from './validate';

/** What a limiter tells of its provisioner. */
export interface ProvisionedLimiter {
  readonly limiterName: string;
  readonly provisionerFunctionArn?: string;
  readonly provisionerTimeout?: Duration;
}

export interface ProvisionerResourceProps {
  readonly limiter: ProvisionedLimiter;
  readonly type: string;
  /** By the names that the function reads. */
  readonly properties: { readonly [name: string]: unknown };
}

/** Longest run of any function. https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html */
const MAX_TIMEOUT = Duration.minutes(15);

/** Adds a resource that the provisioner makes. */
export function provisionerResource(scope: Construct, { limiter, type, properties }: ProvisionerResourceProps): CustomResource {
  const { limiterName, provisionerFunctionArn, provisionerTimeout: timeout = MAX_TIMEOUT } = limiter;
  // Another limiter name means another function, and CloudFormation lets no custom resource change its function: with the
  // name in its id the resource becomes another one.
  return new CustomResource(scope, Token.isUnresolved(limiterName) ? 'Resource' : limiterName, {
    resourceType: type,
    serviceToken: provisionerFunctionArn!,
    // A function that dies without an answer must not hold up the stack for CloudFormation's hour.
    serviceTimeout: (timeout.isUnresolved() ? MAX_TIMEOUT : timeout).plus(Duration.seconds(30)),
    properties,
  });
}

/** Collects that nobody could make the resource. */
export function checkProvisioner(problems: Problems, { limiterName, provisionerFunctionArn }: ProvisionedLimiter): void {
  if (provisionerFunctionArn !== undefined) return;
  problems.add('PROVISIONER_REQUIRED', `limiter must have a provisioner whose ARN is known, got '${limiterName}' without one`);
}

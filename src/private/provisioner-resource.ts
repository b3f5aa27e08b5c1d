import { CustomResource, Duration, Token } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { Problems } from './validate';

/** What a limiter tells of its provisioner. */
export interface ProvisionedLimiter {
  readonly limiterName: string;
  readonly provisionerFunctionArn?: string;
  readonly provisionerTimeout?: Duration;
  /** Part of the ids of what the provisioner makes. */
  readonly _provisionerId?: string;
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
  // Another name means another function, and CloudFormation lets no custom resource change its function: with the name in its id
  // the resource becomes another one.
  return new CustomResource(scope, limiter._provisionerId ?? provisionerId(limiterName), {
    resourceType: type,
    serviceToken: provisionerFunctionArn!,
    // A function that dies without an answer must not hold up the stack for CloudFormation's hour.
    serviceTimeout: (timeout.isUnresolved() ? MAX_TIMEOUT : timeout).plus(Duration.seconds(30)),
    properties,
  });
}

/** Id of a resource that the provisioner makes: another one for each name that the function may have. */
export function provisionerId(limiterName: string, suffix = ''): string {
  return Token.isUnresolved(limiterName) ? `Resource${suffix}` : `${limiterName}${suffix}`;
}

/** Collects that nobody could make the resource. */
export function checkProvisioner(problems: Problems, { limiterName, provisionerFunctionArn }: ProvisionedLimiter): void {
  if (provisionerFunctionArn !== undefined) return;
  problems.add('PROVISIONER_REQUIRED', `limiter must have a provisioner whose ARN is known, got '${limiterName}' without one`);
}

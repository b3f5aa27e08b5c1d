import * as path from 'path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { FunctionOptions } from '../function-options';
import { Problems } from './validate';

export interface BundledFunctionProps {
  /** Folder of the bundle in this package's `assets/`. */
  readonly asset: 'aggregator' | 'provisioner';
  readonly description: string;
  readonly functionName: string;
  readonly roleName: string;
  readonly options: FunctionOptions;
  readonly defaultTimeout: Duration;
  readonly logRetention: logs.RetentionDays;
  /** Whether X-Ray shows invocations and what they call. */
  readonly tracing: boolean;
  readonly environment: { [name: string]: string };
}

/**
 * A function whose code was bundled when this library was built, with its own role and log group.
 *
 * Whoever synthesises needs neither esbuild nor Docker, and the role may write to no other log.
 */
export class BundledFunction {
  readonly function: lambda.Function;
  readonly role: iam.Role;

  /** @param scope gets the children `LogGroup`, `Role` and `Function` */
  constructor(scope: Construct, props: BundledFunctionProps) {
    const { options } = props;
    const logGroup = new logs.LogGroup(scope, 'LogGroup', {
      logGroupName: `/aws/lambda/${props.functionName}`,
      retention: options.logRetention ?? props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new iam.Role(scope, 'Role', {
      roleName: props.roleName,
      description: `Role of ${props.functionName}`,
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });
    logGroup.grantWrite(this.role);
    const level = options.applicationLogLevel ?? lambda.ApplicationLogLevel.INFO;
    this.function = new lambda.Function(scope, 'Function', {
      functionName: props.functionName,
      description: props.description,
      code: lambda.Code.fromAsset(path.join(__dirname, '..', '..', 'assets', props.asset)),
      handler: 'index.handler',
      runtime: options.runtime ?? lambda.Runtime.NODEJS_24_X,
      architecture: options.architecture ?? lambda.Architecture.ARM_64,
      memorySize: options.memorySize ?? 256,
      timeout: options.timeout ?? props.defaultTimeout,
      reservedConcurrentExecutions: options.reservedConcurrentExecutions,
      role: this.role,
      logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
      applicationLogLevelV2: level,
      // Undefined, not disabled: the default is no part of the template.
      tracing: props.tracing ? lambda.Tracing.ACTIVE : undefined,
      environment: { ...props.environment, LOG_LEVEL: NEAREST_LEVEL[level] ?? level, ...(props.tracing && { TRACING_ENABLED: 'true' }) },
    });
  }
}

/** What the functions' own logger is told for levels that it does not know; Lambda itself drops by the exact level. */
const NEAREST_LEVEL: { readonly [level: string]: string } = { TRACE: 'DEBUG', FATAL: 'ERROR' };

/** Collects what is wrong with the settings of a function. */
export function checkFunctionOptions(problems: Problems, prop: string, options: FunctionOptions): void {
  problems.integer('MEMORY_RANGE', `${prop}.memorySize`, options.memorySize, 128, 10_240);
  problems.integer('CONCURRENCY_RANGE', `${prop}.reservedConcurrentExecutions`, options.reservedConcurrentExecutions, 1, 1_000_000);
  problems.seconds('TIMEOUT_RANGE', `${prop}.timeout`, options.timeout, 1, 900);
}

import * as path from 'path';
import { ArnComponents, ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { FunctionOptions } from '../function-options';
import { NetworkOptions } from '../network-options';
import { Names, RoleComponent } from './names';
import { Problems } from './validate';

/** What the functions of a limiter have in common. */
export interface FunctionSurroundings {
  readonly limiterName: string;
  readonly names: Names;
  readonly logRetention: logs.RetentionDays;
  /** Whether X-Ray shows invocations and what they call. */
  readonly tracing: boolean;
  readonly network?: NetworkOptions;
  /** Key of logs and environment variables. */
  readonly encryptionKey?: kms.IKey;
  readonly permissionsBoundary?: iam.IManagedPolicy;
}

export interface BundledFunctionProps extends FunctionSurroundings {
  /** Folder of the bundle in this package's `assets/`. */
  readonly asset: 'aggregator' | 'provisioner' | 'probe';
  readonly description: string;
  /** End of the function's name. */
  readonly suffix: string;
  readonly roleComponent: RoleComponent;
  readonly options: FunctionOptions;
  readonly defaultTimeout: Duration;
  readonly environment: { [name: string]: string };
  /** Role of the user; nothing is added to it. */
  readonly externalRole?: iam.IRole;
}

/**
 * A function whose code was bundled when this library was built, with its own role and log group.
 *
 * Whoever synthesises needs neither esbuild nor Docker, and the role may write to no other log.
 */
export class BundledFunction {
  readonly function: lambda.Function;
  readonly role: iam.IRole;
  /**
   * Everything that the role has to allow. For a role of the user in fixed naming it holds names and no references, so that it can be
   * deployed before the limiter is.
   */
  readonly policyDocument = new iam.PolicyDocument();
  private readonly ownRole?: iam.Role;

  /** @param scope gets the children `LogGroup`, `Role` and `Function` */
  constructor(scope: Construct, props: BundledFunctionProps) {
    const { options, names, network } = props;
    const functionName = names.of(props.suffix);
    const logGroup = new logs.LogGroup(scope, 'LogGroup', {
      logGroupName: functionName && `/aws/lambda/${functionName}`,
      retention: options.logRetention ?? props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
      encryptionKey: props.encryptionKey,
    });
    if (props.externalRole === undefined) {
      this.ownRole = new iam.Role(scope, 'Role', {
        roleName: names.role(props.roleComponent),
        description: `Role of ${props.limiterName}-${props.suffix}`,
        assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
        permissionsBoundary: props.permissionsBoundary,
      });
    }
    // An imported role cannot be changed by this app, whoever made it.
    this.role = this.ownRole ?? iam.Role.fromRoleArn(scope, 'Role', props.externalRole!.roleArn, { mutable: false });
    const logGroupArn = knownArn(scope, props, functionName && {
      service: 'logs', resource: 'log-group', resourceName: `/aws/lambda/${functionName}:*`, arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.allow(logWriting(logGroupArn ?? logGroup.logGroupArn));
    if (props.tracing) this.allow(tracingUse());
    if (network !== undefined) this.allow(networkUse());
    const level = options.applicationLogLevel ?? lambda.ApplicationLogLevel.INFO;
    const loggingFormat = options.loggingFormat ?? lambda.LoggingFormat.JSON;
    this.function = new lambda.Function(scope, 'Function', {
      functionName,
      description: props.description,
      code: options.code ?? lambda.Code.fromAsset(path.join(__dirname, '..', '..', 'assets', props.asset)),
      handler: 'index.handler',
      runtime: options.runtime ?? lambda.Runtime.NODEJS_24_X,
      architecture: options.architecture ?? lambda.Architecture.ARM_64,
      memorySize: options.memorySize ?? 256,
      timeout: options.timeout ?? props.defaultTimeout,
      reservedConcurrentExecutions: options.reservedConcurrentExecutions,
      role: this.role,
      logGroup,
      loggingFormat,
      // Metrics are lines of the log that have no level, which Lambda takes for INFO: a higher filter would drop them.
      applicationLogLevelV2: loggingFormat === lambda.LoggingFormat.JSON ? FILTER[level] ?? lambda.ApplicationLogLevel.INFO : undefined,
      // Undefined, not disabled: the default is no part of the template.
      tracing: props.tracing ? lambda.Tracing.ACTIVE : undefined,
      environment: {
        ...options.environment, ...props.environment, LOG_LEVEL: NEAREST_LEVEL[level] ?? level, ...(props.tracing && { TRACING_ENABLED: 'true' }),
      },
      environmentEncryption: props.encryptionKey,
      layers: options.layers,
      insightsVersion: options.insightsVersion,
      codeSigningConfig: options.codeSigningConfig,
      vpc: network?.vpc,
      vpcSubnets: network?.vpcSubnets,
      securityGroups: network?.securityGroups,
    });
  }

  /** Says what the role has to allow, and lets it when it is ours. */
  allow(...statements: iam.PolicyStatement[]): void {
    this.policyDocument.addStatements(...statements);
    for (const statement of statements) this.ownRole?.addToPrincipalPolicy(statement);
  }
}

/** Lambda's filter, for levels below INFO. What is above, the function's own logger leaves out. */
const FILTER: { readonly [level: string]: lambda.ApplicationLogLevel } = {
  TRACE: lambda.ApplicationLogLevel.TRACE, DEBUG: lambda.ApplicationLogLevel.DEBUG,
};

/** What the functions' own logger is told for levels that it does not know. */
const NEAREST_LEVEL: { readonly [level: string]: string } = { TRACE: 'DEBUG', FATAL: 'ERROR' };

/** ARN of a resource of the limiter by its name, for the policy of a role that is not the limiter's; undefined when a reference will do. */
export function knownArn(
  scope: Construct, { externalRole, names }: Pick<BundledFunctionProps, 'externalRole' | 'names'>, components: ArnComponents | '' | undefined,
): string | undefined {
  if (externalRole === undefined || names.of('') === undefined || typeof components !== 'object') return undefined;
  return Stack.of(scope).formatArn(components);
}

const logWriting = (logGroupArn: string): iam.PolicyStatement =>
  new iam.PolicyStatement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroupArn] });

/** The same statement as the CDK adds to a role that it may change, which then counts once. */
const tracingUse = (): iam.PolicyStatement =>
  new iam.PolicyStatement({ actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], resources: ['*'] });

/** What Lambda does in a VPC on the function's behalf. https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html */
const networkUse = (): iam.PolicyStatement => new iam.PolicyStatement({
  sid: 'UseNetwork',
  actions: [
    'ec2:CreateNetworkInterface', 'ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets', 'ec2:DeleteNetworkInterface',
    'ec2:AssignPrivateIpAddresses', 'ec2:UnassignPrivateIpAddresses',
  ],
  resources: ['*'], // network interfaces that do not exist yet have no ARN
});

/** Collects what is wrong with the settings of a function. */
export function checkFunctionOptions(problems: Problems, prop: string, options: FunctionOptions): void {
  problems.integer('MEMORY_RANGE', `${prop}.memorySize`, options.memorySize, 128, 10_240);
  problems.integer('CONCURRENCY_RANGE', `${prop}.reservedConcurrentExecutions`, options.reservedConcurrentExecutions, 1, 1_000_000);
  problems.seconds('TIMEOUT_RANGE', `${prop}.timeout`, options.timeout, 1, 900);
}

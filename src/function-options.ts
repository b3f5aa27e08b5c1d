import { Duration } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';

/** Settings that all functions have. */
export interface FunctionOptions {
  /**
   * Memory of the function in MiB; its share of a CPU grows with it.
   *
   * Range: 128 to 10240.
   *
   * @default 256
   */
  readonly memorySize?: number;

  /**
   * Longest run of one invocation.
   *
   * Range: 1 to 900 seconds.
   *
   * @default - 60 seconds for the aggregator, 300 seconds for the provisioner, 10 seconds for the probe
   */
  readonly timeout?: Duration;

  /**
   * Instruction set of the function. The code runs on both.
   *
   * @default Architecture.ARM_64
   */
  readonly architecture?: lambda.Architecture;

  /**
   * Node.js version. The code needs Node.js 22 or newer.
   *
   * @default Runtime.NODEJS_24_X
   */
  readonly runtime?: lambda.Runtime;

  /**
   * How long the function's log is kept.
   *
   * @default - `logRetention` of the limiter
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * Lowest level that is logged. Metrics are written at every level.
   *
   * @default ApplicationLogLevel.INFO
   */
  readonly applicationLogLevel?: lambda.ApplicationLogLevel;

  /**
   * Share of the account's concurrency that is kept for the function.
   *
   * Range: 1 or more.
   *
   * @default - none is reserved
   */
  readonly reservedConcurrentExecutions?: number;

  /**
   * Format of the function's log. The saved queries and the metrics of the function's log need JSON.
   *
   * @default LoggingFormat.JSON
   */
  readonly loggingFormat?: lambda.LoggingFormat;

  /**
   * More environment variables. Those that the limiter sets itself cannot be changed.
   *
   * @default - none
   */
  readonly environment?: { [name: string]: string };

  /**
   * Layers of the function.
   *
   * @default - none
   */
  readonly layers?: lambda.ILayerVersion[];

  /**
   * Version of Lambda Insights that watches the function. With a role of yours, the role has to allow it.
   *
   * @default - none
   */
  readonly insightsVersion?: lambda.LambdaInsightsVersion;

  /**
   * Signatures that the function's code has to have. The code of this package is not signed: sign it, and give it as `code`.
   *
   * @default - none
   */
  readonly codeSigningConfig?: lambda.ICodeSigningConfig;

  /**
   * Code to run instead of that of this package, with the handler `index.handler`.
   *
   * @default - the code of this package
   */
  readonly code?: lambda.Code;
}

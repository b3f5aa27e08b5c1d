/** Oldest CDK that the library promises to work with: it is compiled and tested against exactly this version. */
export const CDK_MIN = '2.257.0';
export const CONSTRUCTS_MIN = '10.5.1';
export const AWS_SDK = '^3.1162.0';
export const NODE_MIN = '20.19.0';
/** One version for all packages of the repository. */
export const VERSION = '0.1.0';

/** TypeScript that jsii does not compile. */
export const SOURCE_DIRS = ['lambda-src', 'synth-src', 'packages/client/src', 'examples', 'tools', 'bench'];

/** The packages by their import name, resolved to their sources. */
export const PACKAGE_PATHS = {
  '@zae-limiter/cdk': ['./src/index.ts'],
  '@zae-limiter/client': ['./packages/client/src/index.ts'],
  '@zae-limiter/client/*': ['./packages/client/src/*'],
};

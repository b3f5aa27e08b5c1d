// Which folder may import which. The layers of the client point inwards; type imports count too.
'use strict';

const CLIENT = '^packages/client/src';

/** Folders of the client that each folder may import, besides itself. */
const CLIENT_LAYERS = {
  core: [],
  schema: ['core'],
  store: ['core', 'schema'],
  limiter: ['core', 'schema', 'store', 'admin'],
  admin: ['core', 'schema', 'manifest', 'store'],
  manifest: ['core'],
  testing: ['core', 'schema', 'store'],
};

const SDK = '@aws-sdk';

const layerRules = Object.entries(CLIENT_LAYERS).map(([layer, allowed]) => ({
  name: `client-${layer}`,
  comment: `packages/client/src/${layer} may import ${allowed.join(', ') || 'nothing else'} of the client`,
  severity: 'error',
  from: { path: `${CLIENT}/${layer}/` },
  to: { path: `${CLIENT}/`, pathNot: [layer, ...allowed].map((name) => `${CLIENT}/${name}/`) },
}));

module.exports = {
  forbidden: [
    ...layerRules,
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'sdk-at-the-edge',
      comment: 'only the DynamoDB store speaks to the SDK; open() makes the client for it, the meter watches one',
      severity: 'error',
      from: { path: `${CLIENT}/`, pathNot: [`${CLIENT}/store/dynamodb/`, `${CLIENT}/limiter/rate-limiter.ts`, `${CLIENT}/testing/capacity-meter.ts`] },
      to: { path: SDK },
    },
    {
      name: 'store-interface-only',
      comment: 'only open() knows which store there is',
      severity: 'error',
      from: { path: [`${CLIENT}/limiter/`, `${CLIENT}/admin/`], pathNot: `${CLIENT}/limiter/rate-limiter.ts` },
      to: { path: `${CLIENT}/store/`, pathNot: `${CLIENT}/store/store.ts` },
    },
    {
      name: 'client-alone',
      comment: 'the client is published on its own',
      severity: 'error',
      from: { path: `${CLIENT}/` },
      to: { path: ['^src/', '^lambda-src/', '^tools/', '^test/', 'node_modules/aws-cdk-lib', 'node_modules/constructs'] },
    },
    {
      name: 'construct-alone',
      comment: 'jsii carries the construct into five languages: it may import the CDK and nothing else',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: ['^packages/', '^lambda-src/', '^synth-src/', '^tools/', '^test/', SDK] },
    },
    {
      name: 'lambda-alone',
      comment: 'the functions are built from the client',
      severity: 'error',
      from: { path: '^lambda-src/' },
      to: { path: ['^src/', '^tools/', '^test/', 'node_modules/aws-cdk-lib'] },
    },
    {
      name: 'synth-alone',
      comment: 'what the construct needs at synth is built from the manifest of the client, and speaks to nobody',
      severity: 'error',
      from: { path: '^synth-src/' },
      to: { path: [`${CLIENT}/(?!core/|manifest/)`, '^src/', '^lambda-src/', '^tools/', '^test/', SDK, 'node_modules/aws-cdk-lib'] },
    },
    {
      name: 'cli-on-public-entries',
      comment: 'the CLI uses what the packages export, and the construct library only to deploy',
      severity: 'error',
      from: { path: '^packages/cli/src/' },
      to: { path: [`${CLIENT}/(?!(index|admin/index|testing/index)\\.ts)`, '^src/(?!index\\.ts)', '^lambda-src/', '^synth-src/', '^tools/', '^test/'] },
    },
    {
      name: 'examples-are-users',
      comment: 'examples use what users have: the public entry points, and the development tools',
      severity: 'error',
      from: { path: '^examples/' },
      to: { path: ['^packages/client/src/(?!index|testing/)', '^src/(?!index)', '^lambda-src/', '^test/'] },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.check.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.cjs', '.json'] },
  },
};

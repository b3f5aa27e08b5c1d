import { awscdk } from 'projen';

/** The commands of CONTRIBUTING.md: each is one line in package.json and works on a fresh clone after `npm ci`. */
export function defineTasks(project: awscdk.AwsCdkConstructLibrary): void {
  const java = project.addTask('check:java', {
    description: 'Stop at once, with one line, when DynamoDB Local could not run',
    exec: 'node scripts/check-java.cjs',
  });
  const bundle = project.addTask('bundle', {
    description: 'Bundle lambda-src/ and synth-src/ into assets/',
    exec: 'node scripts/bundle.mjs',
  });
  const packages = project.addTask('compile:packages', {
    description: 'Compile packages/* to ESM and CommonJS',
    exec: 'node scripts/compile-packages.mjs',
  });
  const typecheck = project.addTask('typecheck', { description: 'Type check everything', exec: 'tsc -p tsconfig.check.json' });
  const depcruise = project.addTask('depcruise', {
    description: 'Check the import directions',
    exec: 'depcruise --config .dependency-cruiser.cjs src lambda-src synth-src packages/client/src packages/cli/src examples',
  });

  const lint = project.addTask('lint', { description: 'eslint and import directions' });
  lint.spawn(project.eslint!.eslintTask);
  lint.spawn(depcruise);

  project.preCompileTask.spawn(packages);
  project.preCompileTask.spawn(bundle);
  project.compileTask.reset('jsii --fail-on-warnings'); // words that another language has reserved are warnings too

  // `npm test` is the whole check: lint, types, build, every test. Jest comes last so that its summary ends the output.
  const env = {
    CDK_VALIDATION: 'false', // newer CDK versions check templates, which costs a second in every synth
    JSII_DEPRECATED: 'quiet',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
  const jest = project.addTask('jest', { description: 'Every test', exec: 'jest --ci', receiveArgs: true, env });
  const test = project.testTask;
  test.reset();
  test.spawn(java);
  test.spawn(project.preCompileTask);
  test.spawn(project.compileTask);
  test.spawn(project.postCompileTask);
  test.spawn(typecheck);
  test.spawn(lint);
  test.spawn(jest);

  const interop = project.addTask('test:interop', { description: 'Share a table with clients of the Python library, which pip installs' });
  interop.spawn(java);
  interop.exec('node scripts/prepare-python.cjs');
  interop.spawn(bundle);
  interop.exec('jest --ci --config test/interop/jest.config.cjs', { receiveArgs: true, env });

  const templates = project.addTask('test:templates', { description: 'Look at the templates of many props with cfn-lint, which pip installs' });
  templates.exec('node scripts/prepare-cfn-lint.cjs');
  templates.spawn(bundle);
  templates.exec('jest --ci --config test/templates/jest.config.cjs', { receiveArgs: true, env });

  const cloudformation = project.addTask('test:cloudformation', {
    description: 'Deploy and delete with the command line, against the emulator moto, which pip installs',
  });
  cloudformation.exec('node scripts/prepare-moto.cjs');
  cloudformation.spawn(bundle);
  cloudformation.exec('jest --ci --config packages/cli/test/cloudformation/jest.config.cjs', { receiveArgs: true, env });

  const languages = project.addTask('test:languages', {
    description: 'Make the packages for every language from what `npm test` compiled, and synthesise one app in several of them',
  });
  languages.exec('node scripts/package-languages.mjs');
  languages.exec('jest --ci --config test/languages/jest.config.cjs', { receiveArgs: true, env });

  project.addTask('test:mutation', {
    description: 'Change the client in thousands of small ways, and count how many a test notices',
    exec: 'node scripts/mutation.mjs',
    receiveArgs: true,
    env,
  });

  project.addTask('docs:cli', {
    description: 'Write docs/reference/cli.md anew from the commands of the CLI',
    exec: 'tsx --tsconfig tsconfig.check.json tools/cli-reference.ts',
  });

  const bench = project.addTask('bench', {
    description: 'Measure the client beside its floor and its peers, and write bench/results/ and the tables and plots of the docs',
  });
  bench.spawn(java);
  bench.exec('npm ci --prefix bench --no-audit --no-fund');
  bench.spawn(bundle);
  bench.exec('tsx --tsconfig tsconfig.check.json bench/main.ts', { receiveArgs: true, env });

  const demo = project.addTask('demo', {
    description: 'Synthesise the example app, start DynamoDB Local, limit, refill, aggregate, and say what it cost',
  });
  demo.spawn(java);
  demo.spawn(bundle);
  demo.exec('tsx --tsconfig tsconfig.check.json examples/demo/main.ts', {
    env: { JSII_DEPRECATED: 'quiet', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  });
}

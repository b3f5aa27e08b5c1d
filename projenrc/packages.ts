import { awscdk, JsonFile } from 'projen';
import { AWS_SDK, CLI_DEPENDENCIES, NODE_MIN, PACKAGE_PATHS, SOURCE_DIRS, VERSION } from './versions';

/** Writes the workspace packages' manifests and the TypeScript programs that jsii does not own. */
export function definePackages(project: awscdk.AwsCdkConstructLibrary): void {
  // One program for everything that jsii does not compile: type check, eslint, editors.
  new JsonFile(project, 'tsconfig.check.json', {
    obj: {
      extends: './tsconfig.json',
      compilerOptions: {
        noEmit: true,
        rootDir: '.',
        target: 'es2022',
        lib: ['es2023', 'esnext.disposable'],
        module: 'esnext',
        moduleResolution: 'bundler',
        isolatedModules: true,
        declaration: false,
        inlineSourceMap: false,
        inlineSources: false,
        resolveJsonModule: true,
        types: ['node', 'jest'],
        paths: PACKAGE_PATHS,
      },
      include: ['src', 'test', ...SOURCE_DIRS, 'packages/client/test', 'packages/cli/test', 'projenrc', '.projenrc.ts'],
      exclude: ['**/node_modules', '**/cdk.out'],
    },
  });
  const dev = project.tsconfigDev.file;
  dev.addOverride('compilerOptions.target', 'es2022');
  dev.addOverride('compilerOptions.lib', ['es2023', 'esnext.disposable']);
  dev.addOverride('compilerOptions.module', 'esnext');
  dev.addOverride('compilerOptions.moduleResolution', 'bundler');
  dev.addOverride('compilerOptions.paths', Object.fromEntries(
    Object.entries(PACKAGE_PATHS).map(([name, [path]]) => [name, [path.replace('./', '../')]]),
  ));

  const compilerOptions = {
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    strict: true,
    noUnusedLocals: true,
    noImplicitReturns: true,
    declaration: true,
    sourceMap: true,
    skipLibCheck: true,
    isolatedModules: true,
    types: ['node'],
    rootDir: 'src',
    outDir: 'dist/esm',
  };
  const dual = (path: string) => ({
    import: { types: `./dist/esm/${path}.d.ts`, default: `./dist/esm/${path}.js` },
    require: { types: `./dist/cjs/${path}.d.ts`, default: `./dist/cjs/${path}.js` },
  });
  new JsonFile(project, 'packages/client/package.json', {
    readonly: false,
    obj: {
      name: '@zae-limiter/client',
      version: VERSION,
      description: 'Runtime client of zae-limiter: exact token-bucket rate limits on DynamoDB, one write per acquire',
      keywords: ['rate-limiter', 'token-bucket', 'dynamodb', 'llm'],
      license: 'MIT',
      repository: { type: 'git', url: 'https://github.com/zae-limiter/zae-limiter-cdk.git', directory: 'packages/client' },
      type: 'module',
      sideEffects: false,
      engines: { node: `>=${NODE_MIN}` },
      publishConfig: { access: 'public' },
      files: ['dist', '!dist/**/*.map'],
      main: './dist/cjs/index.js',
      module: './dist/esm/index.js',
      types: './dist/cjs/index.d.ts',
      exports: {
        '.': dual('index'), './admin': dual('admin/index'), './testing': dual('testing/index'), './package.json': './package.json',
      },
      dependencies: { '@aws-sdk/client-dynamodb': AWS_SDK },
    },
  });
  new JsonFile(project, 'packages/client/tsconfig.json', { obj: { compilerOptions, include: ['src'] } });
  new JsonFile(project, 'packages/client/tsconfig.cjs.json', {
    obj: { extends: './tsconfig.json', compilerOptions: { module: 'commonjs', moduleResolution: 'bundler', outDir: 'dist/cjs' } },
  });

  new JsonFile(project, 'packages/cli/package.json', {
    readonly: false,
    obj: {
      name: '@zae-limiter/cli',
      version: VERSION,
      description: 'Admin command line of zae-limiter: deploy, limits, usage, audit and repairs of a rate limiter on DynamoDB',
      keywords: ['rate-limiter', 'token-bucket', 'dynamodb', 'cli'],
      license: 'MIT',
      repository: { type: 'git', url: 'https://github.com/zae-limiter/zae-limiter-cdk.git', directory: 'packages/cli' },
      type: 'commonjs', // starts faster, and one format is enough for a program
      engines: { node: `>=${NODE_MIN}` },
      publishConfig: { access: 'public' },
      bin: { 'zae-limiter': './dist/main.js' },
      // The construct library, bundled: what `deploy` synthesises is always of the same version.
      imports: { '#construct': './dist/construct/index.js' },
      files: ['dist', 'assets'],
      dependencies: { '@zae-limiter/client': `^${VERSION}`, ...CLI_DEPENDENCIES },
    },
  });
}

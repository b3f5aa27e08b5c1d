import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { devDependencies, version } from '../../package.json';
import { connectTestTable } from '../support/table';
import { inNewFolder, MINUTES, npm, pack, requireBuilt, ROOT, run, writeFiles, type Packed } from './pack';

const CLIENT = join(ROOT, 'packages', 'client');

/** Bundles of the library. */
const BUNDLES = ['aggregator', 'manifest', 'probe', 'provisioner'];

function packLibrary(destination: string): Packed {
  requireBuilt(
    ['lib/index.js', 'npx jsii'], ['.jsii', 'npx jsii'], ['API.md', 'npx jsii-docgen -o API.md'],
    ...BUNDLES.map((name) => [`assets/${name}/index.js`, 'node scripts/bundle.mjs'] as const),
  );
  return pack(ROOT, destination);
}

function packClient(destination: string): Packed {
  const compile = 'node scripts/compile-packages.mjs';
  requireBuilt(['packages/client/dist/esm/index.js', compile], ['packages/client/dist/cjs/index.js', compile]);
  return pack(CLIENT, destination);
}

/** TypeScript modules of a folder, without their ending. */
const modulesOf = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts')).map((path) => path.replace(/\.ts$/, ''));

/** What compiling each module leaves behind. */
const compiled = (modules: readonly string[], to: string): string[] => modules.flatMap((path) => [`${to}/${path}.d.ts`, `${to}/${path}.js`]);

describe('files of the packages', () => {
  test('the construct library holds its compiled modules, the bundles of its functions, the rules for limits and its documents, nothing else', async () => {
    const { files } = await inNewFolder(packLibrary);

    expect(files).toEqual([
      '.jsii', 'API.md', 'LICENSE', 'README.md', 'package.json',
      ...BUNDLES.flatMap((name) => [`assets/${name}/index.js`, `assets/${name}/package.json`]),
      ...compiled(modulesOf(join(ROOT, 'src')), 'lib'),
    ].sort());
  }, MINUTES);

  test('the client holds its modules in both formats and its documents, nothing else', async () => {
    const { files } = await inNewFolder(packClient);

    const documents = ['LICENSE', 'README.md'].filter((name) => existsSync(join(CLIENT, name)));
    const modules = modulesOf(join(CLIENT, 'src'));
    expect(files).toEqual([
      'package.json', 'dist/cjs/package.json', ...documents, ...compiled(modules, 'dist/esm'), ...compiled(modules, 'dist/cjs'),
    ].sort());
  }, MINUTES);
});

describe('a CDK app that installs the construct library', () => {
  const APP = `
    import { Limit, SnapshotWindow, ZaeLimiter } from '@zae-limiter/cdk';
    import { App, Duration, Stack } from 'aws-cdk-lib';

    const stack = new Stack(new App(), 'Consumer');
    const limiter = new ZaeLimiter(stack, 'Limiter', { limiterName: 'prod', usage: { windows: [SnapshotWindow.DAILY], retention: Duration.days(30) } });
    limiter.addLimits('Limits', { system: { limits: { rpm: Limit.perMinute(1000) } } });
  `;
  /** Loaded into every Node.js process: whoever wants to talk to another host fails, and is written down. */
  const OFFLINE = `
    const refuse = (call) => () => {
      require('node:fs').appendFileSync(process.env.NETWORK_LOG, process.argv.join(' ') + ': ' + call + '\\n');
      throw new Error('there is no network');
    };
    require('node:net').Socket.prototype.connect = refuse('connect');
    require('node:dns').lookup = refuse('lookup');
  `;

  /** Nothing but Node.js can be found, and no network. */
  function bareEnvironment(folder: string): NodeJS.ProcessEnv {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    symlinkSync(process.execPath, join(bin, 'node'));
    writeFiles(folder, { 'offline.cjs': OFFLINE });
    return { PATH: bin, HOME: folder, CI: 'true', NETWORK_LOG: join(folder, 'network.log'), NODE_OPTIONS: `--require=${join(folder, 'offline.cjs')}` };
  }

  test('the environment of the test has no network and no bundler', async () => {
    await inNewFolder((folder) => {
      const env = bareEnvironment(folder);

      const connect = () => run(folder, 'node', ['-e', "require('node:http').get('http://localhost')"], env);

      expect(connect).toThrow('there is no network');
      expect(readFileSync(env.NETWORK_LOG!, 'utf8')).toContain('connect');
      for (const tool of ['esbuild', 'docker', 'npm']) expect(() => run(folder, tool, ['--version'], env)).toThrow('ENOENT');
    });
  });

  test('F-02: is synthesised with the code of its functions, without network, esbuild or Docker', async () => {
    await inNewFolder((folder) => {
      const { tarball } = packLibrary(folder);
      const { constructs, typescript, 'aws-cdk': cli, 'aws-cdk-lib': cdk, 'ts-node': tsNode, '@types/node': nodeTypes } = devDependencies;
      writeFiles(folder, {
        'package.json': {
          name: 'consumer',
          private: true,
          dependencies: { '@zae-limiter/cdk': `file:${tarball}`, 'aws-cdk-lib': cdk, constructs },
          devDependencies: { '@types/node': nodeTypes, 'aws-cdk': cli, 'ts-node': tsNode, typescript },
        },
        'tsconfig.json': { compilerOptions: { target: 'es2022', module: 'nodenext', strict: true, types: ['node'] } },
        'cdk.json': { app: 'node -r ts-node/register app.ts' },
        'app.ts': APP,
      });
      npm(folder, 'install', '--no-audit', '--no-fund', '--prefer-offline');
      const env = bareEnvironment(folder);

      run(folder, 'node', ['node_modules/aws-cdk/bin/cdk', 'synth', '--quiet', '--no-notices', '--no-version-reporting'], env);

      const template = JSON.parse(readFileSync(join(folder, 'cdk.out', 'Consumer.template.json'), 'utf8'));
      const tables = Object.values<any>(template.Resources).filter(({ Type }) => Type === 'AWS::DynamoDB::Table');
      expect(tables.map(({ Properties }) => Properties.TableName)).toEqual(['prod']);
      const limits = Object.values<any>(template.Resources).filter(({ Type }) => Type === 'Custom::ZaeLimiterLimits');
      expect(limits.map(({ Properties }) => Object.keys(Properties.System.Limits))).toEqual([['rpm']]);
      const assets = readdirSync(join(folder, 'cdk.out')).filter((name) => name.startsWith('asset.'));
      const handlers = assets.map((asset) => readFileSync(join(folder, 'cdk.out', asset, 'index.js'), 'utf8'));
      const bundles = ['aggregator', 'provisioner'].map((name) => readFileSync(join(ROOT, 'assets', name, 'index.js'), 'utf8'));
      expect(handlers.sort()).toEqual(bundles.sort());
      expect(existsSync(join(folder, 'node_modules', 'esbuild'))).toBe(false);
      expect(existsSync(env.NETWORK_LOG!)).toBe(false);
    });
  }, 5 * MINUTES);
});

describe('a Node.js app that installs the client', () => {
  /** The same program in both module formats: takes one token and says how many are left. */
  const program = (format: string, resolve: string, ending: string) => `
    async function main() {
      const paths = ['@zae-limiter/client', '@zae-limiter/client/testing'].map((name) => ${resolve}(name));
      const clock = new FakeClock(Date.now());
      const limiter = await RateLimiter.open({ clock, timeoutMs: 60_000 });
      const request = { entity: '${format}', resource: 'gpt-4', consume: { rpm: 1 }, limits: [Limit.perMinute('rpm', 10)] };
      const { outcome, limits } = await limiter.tryAcquire(request);
      await limiter.close();
      const remaining = limits.map((limit) => limit.remaining);
      process.stdout.write(JSON.stringify({ outcome, remaining, formats: paths.map((path) => path.split('/dist/')[1]) }));
    }
    ${ending}
  `;
  const FILES = {
    'esm.mjs': `
      import { Limit, RateLimiter } from '@zae-limiter/client';
      import { FakeClock } from '@zae-limiter/client/testing';
      ${program('esm', 'import.meta.resolve', 'await main();')}`,
    'commonjs.cjs': `
      const { Limit, RateLimiter } = require('@zae-limiter/client');
      const { FakeClock } = require('@zae-limiter/client/testing');
      ${program('commonjs', 'require.resolve', 'void main();')}`,
  };

  test('acquires with import and with require, and its types are found both ways', async () => {
    const { client, name, namespace } = await connectTestTable();
    client.destroy();
    await inNewFolder((folder) => {
      const { tarball } = packClient(folder);
      writeFiles(folder, {
        'package.json': { name: 'consumer', private: true, dependencies: { '@zae-limiter/client': `file:${tarball}` } },
        'tsconfig.json': {
          compilerOptions: {
            allowJs: true, checkJs: true, noEmit: true, strict: true, skipLibCheck: true, module: 'nodenext', target: 'es2022',
            lib: ['es2022', 'esnext.disposable'], types: ['node'], typeRoots: [join(ROOT, 'node_modules', '@types')],
          },
          files: Object.keys(FILES),
        },
        ...FILES,
      });
      npm(folder, 'install', '--no-audit', '--no-fund', '--prefer-offline');
      const env = { ...process.env, ZAEL_STACK: name, ZAEL_NAMESPACE: namespace };

      const outputs = Object.keys(FILES).map((file) => JSON.parse(run(folder, process.execPath, [file], env)));
      run(folder, process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder], env);

      expect(outputs).toEqual(['esm', 'cjs'].map((format) =>
        ({ outcome: 'allowed', remaining: [9], formats: [`${format}/index.js`, `${format}/testing/index.js`] })));
      const manifest = JSON.parse(readFileSync(join(folder, 'node_modules', '@zae-limiter', 'client', 'package.json'), 'utf8'));
      expect(manifest.version).toBe(version);
    });
  }, 5 * MINUTES);
});

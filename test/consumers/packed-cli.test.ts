import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { version } from '../../package.json';
import { connectDynamoDbTable } from '../support/table';
import { inNewFolder, MINUTES, npm, pack, requireBuilt, ROOT, run, writeFiles } from './pack';

const CLI = join(ROOT, 'packages', 'cli');

function packCli(destination: string): ReturnType<typeof pack> {
  requireBuilt(['packages/cli/dist/main.js', 'node scripts/compile-packages.mjs'], ['packages/cli/assets/aggregator/index.js', 'node scripts/bundle.mjs']);
  return pack(CLI, destination);
}

test('the package of the CLI holds its modules, the construct library, the bundles of its functions and its documents, nothing else', async () => {
  const { files } = await inNewFolder(packCli);

  const modules = readdirSync(join(CLI, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  const assets = readdirSync(join(ROOT, 'assets'), { recursive: true, encoding: 'utf8' }).filter((path) => /\.js(on)?$/.test(path));
  const documents = ['LICENSE', 'README.md'].filter((name) => existsSync(join(CLI, name)));
  expect(files).toEqual([
    'package.json', ...documents, 'dist/construct/index.js', ...modules.map((path) => `dist/${path.replace(/\.ts$/, '.js')}`), ...assets.map((path) => `assets/${path}`),
    'assets/manifest.schema.json', 'assets/prices.json',
  ].sort());
}, MINUTES);

test('who installs the CLI has a program that reads a table and makes a template', async () => {
  const { client, name, namespace } = await connectDynamoDbTable();
  client.destroy();
  await inNewFolder((folder) => {
    const tarballs = [pack(join(ROOT, 'packages', 'client'), folder), packCli(folder)].map(({ tarball }) => `file:${tarball}`);
    writeFiles(folder, {
      'package.json': { name: 'consumer', private: true, dependencies: { '@zae-limiter/client': tarballs[0], '@zae-limiter/cli': tarballs[1] } },
    });
    npm(folder, 'install', '--no-audit', '--no-fund', '--prefer-offline');
    const cli = (...args: string[]): string => run(folder, join(folder, 'node_modules', '.bin', 'zae-limiter'), args, process.env);

    expect(cli('--version')).toBe(`${version}\n`);
    expect(JSON.parse(cli('resource', 'list', '-n', name, '-N', namespace, '-o', 'json'))).toMatchObject({ resources: [] });
    expect(cli('cfn-template')).toContain('AWS::DynamoDB::Table');
    expect(readFileSync(join(folder, 'node_modules', '@zae-limiter', 'cli', 'package.json'), 'utf8')).toContain(version);
  });
}, 5 * MINUTES);

import { parseManifest } from '@zae-limiter/client/admin';
import ts from 'typescript';
import { parse } from 'yaml';
import { invoke, invokeJson, type Outcome } from './support/cli';
import { newFolder, type Folder } from './support/folder';
import { expectGolden } from './support/golden';

let folder: Folder;
beforeEach(() => { folder = newFolder(); });
afterEach(() => folder.remove());

const run = (...argv: string[]): Promise<Outcome> => invoke(argv, { cwd: folder.path });

describe('init', () => {
  test('writes a manifest that is valid and a program that compiles', async () => {
    const { code, stdout } = await invoke(['init', '-n', 'my-app', '-N', 'tenant-1'], { cwd: folder.path, tty: true });

    expect(code).toBe(0);
    expectGolden('init', stdout);
    expect(await run('limits', 'validate', '-f', 'limits.yaml')).toMatchObject({ code: 0 });
    expect(parseManifest(parse(folder.read('limits.yaml'))).namespace).toBe('tenant-1');
    expect(folder.read('limits.yaml')).toMatch(/^# yaml-language-server: \$schema=https:\/\//);
    expect(typeErrors(folder.read('limiter.mts'))).toEqual([]);
    expect(typeErrors(folder.read('limiter.mts').replace('lease.set', 'lease.put'))).toHaveLength(1);
  });

  test('replaces nothing unless told to', async () => {
    folder.write('limiter.mts', 'mine');

    expect(await run('init')).toMatchObject({ code: 2, stderr: expect.stringContaining('limiter.mts is there already') });
    expect(() => folder.read('limits.yaml')).toThrow('ENOENT');
    expect(await run('init', '--force')).toMatchObject({ code: 0 });
    expect(folder.read('limiter.mts')).toContain('"zae-limiter"');
  });

  test('--dry-run writes nothing', async () => {
    expect(await invokeJson(['init', '--dry-run'], { cwd: folder.path })).toMatchObject({ files: ['limits.yaml', 'limiter.mts'], dryRun: true });
    expect(await run('init', '--dry-run')).toMatchObject({ stdout: expect.stringContaining('Would write limits.yaml') });
    expect(() => folder.read('limits.yaml')).toThrow('ENOENT');
  });

  test.each([['-n', 'my_app'], ['-N', 'a#b']])('refuses %s %s', async (flag, value) => {
    expect(await run('init', flag, value)).toMatchObject({ code: 2 });
  });
});

describe('schema', () => {
  test('manifest is the definition of manifests', async () => {
    const { code, stdout } = await run('schema', 'manifest');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(jest.requireActual('../../../spec/manifest.schema.json'));
  });

  test('output says what a command prints', async () => {
    const { stdout } = await run('schema', 'output', 'limits', 'diff');
    expect(JSON.parse(stdout)).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#', title: 'zae-limiter.limits-diff/1', type: 'object',
      required: expect.arrayContaining(['schema', 'drift']), properties: { schema: { const: 'zae-limiter.limits-diff/1' }, inSync: { type: 'boolean' } },
    });
  });

  test('output without a command holds all', async () => {
    const schemas = JSON.parse((await run('schema', 'output')).stdout) as Record<string, unknown>;
    expect(Object.keys(schemas)).toEqual(expect.arrayContaining(['limits plan', 'version', 'init']));
    expect(schemas).not.toHaveProperty('schema output');
  });

  test('output refuses a command that prints no JSON', async () => {
    expect(await run('schema', 'output', 'schema', 'manifest')).toMatchObject({ code: 4, stderr: expect.stringContaining("no command 'schema manifest' prints JSON") });
  });
});

/** What the compiler says about a program that uses the client. */
function typeErrors(source: string): string[] {
  const file = `${__dirname}/starter.mts`;
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile('tsconfig.check.json', (path) => ts.sys.readFile(path)).config, ts.sys, process.cwd());
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  Object.assign(host, {
    fileExists: (path: string) => path === file || fileExists.call(host, path),
    readFile: (path: string) => (path === file ? source : readFile.call(host, path)),
    getSourceFile: (path: string, target: ts.ScriptTarget) =>
      (path === file ? ts.createSourceFile(path, source, target) : getSourceFile.call(host, path, target)),
  });
  const program = ts.createProgram([file], options, host);
  const ofFile = program.getSourceFile(file)!;
  return [...program.getSyntacticDiagnostics(ofFile), ...program.getSemanticDiagnostics(ofFile)]
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

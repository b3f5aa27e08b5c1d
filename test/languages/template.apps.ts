import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { version } from '../../package.json';
import { interpreter } from '../../tools/python-venv.cjs';

const ROOT = resolve(__dirname, '../..');
const OUTPUT = join(ROOT, '.cache', 'languages');

/** How each app is run. All are the same app, with the constructs of the package in `dist/` but for TypeScript, which has the sources. */
const COMMANDS: Record<string, readonly string[]> = {
  TypeScript: ['npx', 'tsx', '--tsconfig', 'tsconfig.check.json', 'test/languages/typescript/app.ts'],
  Python: [interpreter('languages'), 'test/languages/python/app.py'],
  Java: [
    'mvn', '--batch-mode', '--quiet', '--file', 'test/languages/java/pom.xml', `-Dmaven.repo.local=${join(ROOT, '.cache', 'm2')}`,
    `-Dpackages=file://${join(ROOT, 'dist', 'java')}`, `-Dlimiter.version=${version}`, `-Doutdir=${join(OUTPUT, 'java-target')}`, 'compile', 'exec:java',
  ],
};

/** Template and assets that an app makes, as text. */
function synthesise(language: string): { template: string; assets: string[] } {
  const outdir = join(OUTPUT, language);
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  const [program, ...args] = COMMANDS[language]!;
  const env = { ...process.env, CDK_OUTDIR: outdir, JSII_RUNTIME_PACKAGE_CACHE_ROOT: join(ROOT, '.cache', 'jsii'), PYTHONDONTWRITEBYTECODE: '1' };
  const { status, error, stdout, stderr } = spawnSync(program!, args, { cwd: ROOT, encoding: 'utf8', env });
  if (status !== 0) throw new Error(`the ${language} app ended with ${status ?? error}\n${stdout}\n${stderr}`);
  return {
    template: JSON.stringify(JSON.parse(readFileSync(join(outdir, 'app.template.json'), 'utf8'))),
    assets: readdirSync(outdir).filter((name) => name.startsWith('asset.')).sort(),
  };
}

describe('one app', () => {
  let expected: ReturnType<typeof synthesise>;

  beforeAll(() => { expected = synthesise('TypeScript'); });

  test('has the aggregator and the limits that it was asked for, and its functions', () => {
    expect(expected.template).toContain('"BatchSize":500');
    expect(expected.template).toContain('user-premium');
    expect(expected.template).toContain('"ZAEL_NAMESPACE":"tenant-1"');
    expect(expected.assets).toHaveLength(2);
  });

  test.each(['Python', 'Java'])('gives the same template in %s, byte for byte, with the same functions', (language) => {
    const { template, assets } = synthesise(language);

    expect(JSON.parse(template)).toEqual(JSON.parse(expected.template));
    expect(template === expected.template).toBe(true); // the order of keys too; a difference in anything else is shown above
    expect(assets).toEqual(expected.assets);
  });
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import metricsSpec from '../spec/metrics.json';
import probeMetricsSpec from '../spec/probe-metrics.json';
import * as library from '../src';

const ROOT = resolve(__dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const PAGES = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md') && name !== 'API.md'),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md')).map((name) => join('docs', name)),
  'packages/client/README.md', 'packages/cli/README.md',
  ...readdirSync(join(ROOT, 'examples')).map((name) => join('examples', name, 'README.md')).filter((path) => existsSync(join(ROOT, path))),
];

function blocks(language: string): [title: string, code: string][] {
  return PAGES.flatMap((page) => [...read(page).matchAll(new RegExp(`^\`\`\`${language}(?: \\w+)?\\n(.*?)^\`\`\``, 'gms'))]
    .map(({ 1: code, index }): [string, string] => [`${page}:${read(page).slice(0, index).split('\n').length}`, code!]));
}

/** Errors of TypeScript programs that exist in memory only, in a folder from which the repository's paths resolve. */
function compile(programs: readonly [title: string, code: string][]): Map<string, string[]> {
  const config = ts.getParsedCommandLineOfConfigFile(join(ROOT, 'tsconfig.check.json'), {}, {
    ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined,
  })!;
  const options: ts.CompilerOptions = { ...config.options, noUnusedLocals: false, skipLibCheck: true };
  const files = new Map(programs.map(([, code], at) => [join(ROOT, 'docs', `snippet-${at}.ts`), `${code}\nexport {};\n`]));
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path) ?? readFile(path);
  host.getSourceFile = (path, ...rest) => {
    const code = files.get(path);
    return code === undefined ? getSourceFile(path, ...rest) : ts.createSourceFile(path, code, ts.ScriptTarget.ES2022);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return new Map(programs.map(([title], at) => {
    const source = program.getSourceFile(join(ROOT, 'docs', `snippet-${at}.ts`));
    const diagnostics = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return [title, diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))];
  }));
}

describe('TypeScript in the documentation', () => {
  const snippets = blocks('m?ts'); // `mts` is for the client: Rosetta, which translates the README, leaves it alone
  let errors: Map<string, string[]>;

  beforeAll(() => { errors = compile(snippets); });

  test('is there, and this check sees a mistake', () => {
    expect(snippets.length).toBeGreaterThan(5);
    expect([...compile([['wrong', "import { Limit } from '@zae-limiter/client';\nLimit.perMinute(5, 'rpm');"]]).values()]).not.toEqual([[]]);
  });

  test.each(snippets)('%s compiles', (title) => {
    expect(errors.get(title)).toEqual([]);
  });
});

describe('other languages in the documentation', () => {
  // `npm run test:languages` synthesises these apps and compares their templates.
  test.each([
    ['ts', 'typescript/app.ts'], ['python', 'python/app.py'], ['java', 'java/src/main/java/app/Main.java'], ['xml', 'java/pom.xml'],
  ])('the %s of docs/reference/languages.md is in test/languages/%s', (language, path) => {
    const [code] = [...read('docs/reference/languages.md').matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1]!);

    expect(read(`test/languages/${path}`)).toContain(code!.trimEnd());
  });
});

describe('examples in docstrings', () => {
  // Rosetta compiles them in `npm run test:languages`, each in this file.
  test('may use everything that the package exports', () => {
    const [imported] = /(?<=^import \{)[^}]*(?=\} from '@zae-limiter\/cdk')/m.exec(read('rosetta/default.ts-fixture'))!;

    expect(imported.split(',').map((name) => name.trim()).filter((name) => name !== '')).toEqual(Object.keys(library).sort());
  });
});

describe('commands in the documentation', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const builtIn = ['ci', 'test', 'install', 'i'];
  const commands = PAGES.flatMap((page) => [...read(page).matchAll(/\bnpm (?:run )?([\w:-]+)|\bnpx projen ([a-z:]+)/g)]
    .map(({ 0: command, 1: script, 2: task }): [string, string, string] => [page, command, (script ?? task)!]));

  test.each(commands)('%s: `%s` exists', (_, __, name) => {
    expect([...Object.keys(scripts), ...builtIn]).toContain(name);
  });
});

describe('links in the documentation', () => {
  const links = PAGES.flatMap((page) => [...read(page).matchAll(/\]\((?!https?:)([^)#\s]+)/g)].map(({ 1: link }): [string, string] => [page, link!]));

  test.each(links)('%s leads to %s', (page, link) => {
    expect(existsSync(join(ROOT, dirname(page), link))).toBe(true);
  });
});

describe('the reference', () => {
  const ids = (page: string, pattern: RegExp) => [...read(page).matchAll(pattern)].map(({ 1: id }) => id!).sort();

  test('lists every error code with its class and HTTP status', () => {
    const specified = JSON.parse(read('spec/errors.json')) as Record<string, { class: string; httpStatus: number }>;
    const rows = read('docs/reference/errors.md').matchAll(/^\| `([A-Z_]+)` \| `(\w+)` .*\| (\d+) \|$/gm);
    const documented = [...rows].map(([, code, type, status]) => [code, type, Number(status)]);

    expect(documented).toEqual(Object.entries(specified).map(([code, entry]) => [code, entry.class, entry.httpStatus]));
  });

  test('lists every validation id', () => {
    const declared = ids('src/private/validate.ts', /'([A-Z]+_[A-Z_]+)'/g);

    expect(ids('docs/reference/validation.md', /^\| `([A-Z_]+)` /gm)).toEqual([...new Set(declared)]);
  });

  test('lists every code of a limits manifest, and every code of a request', () => {
    const declared = (path: string, type: string): string[] => {
      const [, union] = new RegExp(`export type ${type} =([^;]*);`).exec(read(path))!;
      return [...union!.matchAll(/'([A-Z_]+)'/g)].map(({ 1: code }) => code!);
    };
    const codes = [
      ...declared('packages/client/src/manifest/validate.ts', 'ManifestCode'), ...declared('lambda-src/provisioner/request-error.ts', 'RequestCode'),
    ];

    expect(ids('docs/reference/manifest.md', /^\| `([A-Z_]+)` /gm)).toEqual(codes.sort());
  });

  test.each([['aggregator', metricsSpec], ['probe', probeMetricsSpec]])('lists every metric of the %s', (name, { metrics, namespace }) => {
    const page = read(`docs/operations/${name}.md`);

    const [, table] = /^\| metric \|.*\n\|[-|]*\|\n((?:\|.*\n)*)/m.exec(page)!;
    expect([...table!.matchAll(/^\| `(\w+)` \|/gm)].map(([, metric]) => metric)).toEqual(metrics.map((metric) => metric.name));
    expect(page).toContain(`namespace \`${namespace}\``);
  });

  test('lists every warning id', () => {
    expect(ids('docs/reference/validation.md', /^\| `(@zae-limiter\/cdk:\w+)` /gm)).toEqual(ids('src/private/warning-ids.ts', /'(@zae-limiter\/cdk:\w+)'/g));
  });

  test('has a page for every decision, and no page that is not listed', () => {
    const pages = readdirSync(join(ROOT, 'docs/adr')).filter((name) => /^\d{3}-/.test(name));

    expect(ids('docs/adr/README.md', /\]\((\d{3}-[\w-]+\.md)\)/g)).toEqual(pages.sort());
  });
});

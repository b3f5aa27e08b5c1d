import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { buildProgram } from '../src/program';

const ROOT = resolve(__dirname, '../../..');

const PAGES = [
  join(ROOT, 'README.md'), join(ROOT, 'packages/cli/README.md'),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md')).map((name) => join(ROOT, 'docs', name)),
  ...readdirSync(join(ROOT, 'examples')).map((name) => join(ROOT, 'examples', name, 'README.md')).filter(existsSync),
];

/** Command lines in blocks of the documentation; `docs/reference/cli.md` shows forms, not lines. */
const lines = PAGES.filter((page) => !page.endsWith('reference/cli.md')).flatMap((page) =>
  [...readFileSync(page, 'utf8').matchAll(/^```(?:sh|bash|console)\n(.*?)^```/gms)].flatMap(([, block]) =>
    block!.replaceAll(/\\\n\s*/g, '').split('\n').flatMap((line) => {
      const [, rest] = /(?:^|[$;&|(]\s*|\s)(?:npx )?zae-limiter (.*)$/.exec(line) ?? [];
      return rest === undefined ? [] : [[`${relative(ROOT, page)}: ${line.trim()}`, rest] as const];
    })));

/** Words of a shell line, up to a pipe, a redirection or a comment. */
function words(line: string): string[] {
  const [command] = line.split(/\s(?:[|#&>]|2>)|[;)]/);
  return [...command!.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) => double ?? single ?? bare!);
}

test('the documentation shows command lines', () => {
  expect(lines.length).toBeGreaterThan(20);
});

test.each(lines)('%s', async (_, line) => {
  const argv = words(line);
  let errors = '';
  const io = { stdout: { write: () => {} }, stderr: { write: (text: string) => { errors += text; } }, env: {} } as never;
  let ran = false;
  const program = await buildProgram(() => true, io, async () => { ran = true; });

  await program.parseAsync(argv, { from: 'user' }).catch((error: { exitCode?: number }) => { ran = error.exitCode === 0; });

  expect([ran, errors]).toEqual([true, '']);
});

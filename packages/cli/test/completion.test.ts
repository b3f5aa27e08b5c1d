import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { candidates } from '../src/completion/candidates';
import { SHELLS } from '../src/completion/scripts';
import { NameCache } from '../src/name-cache';
import { buildProgram, namedIn } from '../src/program';
import { run } from '../src/run';
import { invoke } from './support/cli';

const KNOWN = { name: ['my-limiter', 'other'], namespace: ['tenant-a'], resource: ['gpt-4', 'claude-3'] };

async function completed(line: string): Promise<string[]> {
  const words = line.split(' ');
  const program = await buildProgram(namedIn(words), { stdout: process.stdout, stderr: process.stderr } as never, async () => {});
  return candidates(program, words.slice(0, -1), words.at(-1)!, (kind) => KNOWN[kind]).map(({ value }) => value);
}

describe('completion', () => {
  test.each([
    ['groups and commands', 'us', ['usage']],
    ['commands of a group', 'usage ', ['list', 'summary']],
    ['commands of a group that begin so', 'usage s', ['summary']],
    ['flags', 'usage list --wi', ['--window']],
    ['words that a flag takes', 'usage list --window ', ['hourly', 'daily', 'monthly']],
    ['words that a short flag takes', 'usage list -w d', ['daily']],
    ['words behind =', 'usage list --window=m', ['--window=monthly']],
    ['names that were used before', 'usage list -r gpt-4 --name my', ['my-limiter']],
    ['namespaces that were used before', 'usage list -N ', ['tenant-a']],
    ['an operand that was used before', 'explain user-1 ', ['gpt-4', 'claude-3']],
    ['nothing for a flag that takes anything', 'usage list --start ', []],
    ['nothing for an operand that takes anything', 'explain ', []],
    ['nothing behind --, which is another program\'s', 'acquire a b -- l', []],
    ['what follows a switch', 'usage list --all --cs', ['--csv']],
  ])('knows %s', async (_, line, expected) => {
    expect(await completed(line)).toEqual(expected);
  });

  test('knows the choices of an operand that may be repeated', () => {
    const program = new Command().addArgument(new Command().createArgument('<colour...>').choices(['red', 'blue']));

    expect(candidates(program, ['red'], 'b', () => []).map(({ value }) => value)).toEqual(['blue']);
  });

  test('is asked for by scripts, a word with its description in a line', async () => {
    expect((await invoke(['complete', '--current=su', '--', 'usage'])).stdout).toBe('summary\tAdd up what an entity or a resource consumed\n');
    expect((await invoke(['complete', '--current', 'nothing'])).stdout).toBe('');
  });

  test.each(SHELLS)('has a script for %s that asks this program', async (shell) => {
    const { code, stdout } = await invoke(['completion', shell]);

    expect([code, stdout]).toEqual([0, expect.stringMatching(/zae-limiter complete .*--current=/)]);
  });

  test.each([[[]], [['tcsh']]])('has none for %j', async (argv) => {
    expect(await invoke(['completion', ...argv])).toMatchObject({ code: 2, stdout: '' });
  });

  test('works in bash: its script hands the words over and offers what comes back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zae-limiter-completion-'));
    writeFileSync(join(folder, 'script'), (await invoke(['completion', 'bash'])).stdout);
    const ask = 'zae-limiter() { printf "%s\\n" "$@" > asked; printf "list\\tList things\\nlist-all\\tList more\\n"; }';
    const press = 'COMP_WORDS=(zae-limiter usage -n "my limiter" li); COMP_CWORD=4; _zae_limiter; printf "%s\\n" "${COMPREPLY[@]}"; complete -p zae-limiter';

    const offered = execFileSync('bash', ['--norc', '-c', `set -u; ${ask}; source ./script; source ./script; ${press}`], { cwd: folder, encoding: 'utf8' });

    expect(offered).toBe('list\nlist-all\ncomplete -o default -F _zae_limiter zae-limiter\n');
    expect(readFileSync(join(folder, 'asked'), 'utf8')).toBe('complete\n--current=li\n--\nusage\n-n\nmy limiter\n');
  });

  test('works in bash with nothing typed yet', async () => {
    const script = (await invoke(['completion', 'bash'])).stdout;
    const press = 'COMP_WORDS=(zae-limiter ""); COMP_CWORD=1; _zae_limiter; printf "%s\\n" "${COMPREPLY[@]}"';

    const asked = execFileSync('bash', ['--norc', '-c', `zae-limiter() { printf "%s," "$@"; echo; }; ${script}${press}`], { encoding: 'utf8' });

    expect(asked).toBe('complete,--current=,--,\n');
  });
});

describe('names that were used', () => {
  const newCache = (): { cache: NameCache; folder: string } => {
    const folder = mkdtempSync(join(tmpdir(), 'zae-limiter-names-'));
    return { cache: new NameCache({ XDG_CACHE_HOME: folder }), folder };
  };

  test('are remembered, last used first, and entities are not', () => {
    const { cache, folder } = newCache();
    for (const name of ['a', 'b', 'a', 'a']) cache.remember({ name, namespace: undefined, entity: 'user-1', resource: '' });

    expect([cache.of('name'), cache.of('namespace'), cache.of('resource')]).toEqual([['a', 'b'], [], []]);
    expect(readFileSync(join(folder, 'zae-limiter', 'names.json'), 'utf8')).not.toContain('user-1');
  });

  test('are fifty at most', () => {
    const { cache } = newCache();
    for (let at = 0; at < 60; at++) cache.remember({ name: `n${at}` });

    expect(cache.of('name')).toHaveLength(50);
  });

  test('are none in a file that is damaged or cannot be written', () => {
    const { cache, folder } = newCache();
    cache.remember({ name: 'a' });
    writeFileSync(join(folder, 'zae-limiter', 'names.json'), '[');
    expect(cache.of('name')).toEqual([]);
    writeFileSync(join(folder, 'zae-limiter', 'names.json'), '{"name":"a"}');
    expect(cache.of('name')).toEqual([]);

    const nowhere = new NameCache({ XDG_CACHE_HOME: '/dev/null' });
    nowhere.remember({ name: 'a' });
    expect(nowhere.of('name')).toEqual([]);
    expect(new NameCache({ HOME: '/nowhere' }).of('name')).toEqual([]);
    expect(new NameCache({ XDG_CACHE_HOME: '', HOME: undefined })).toBeInstanceOf(NameCache);
  });

  test('are those of commands that succeeded', async () => {
    const { cache } = newCache();
    const io = {
      stdout: { write: () => true }, stderr: { write: () => true }, stdin: process.stdin, env: { ...process.env }, cwd: '/', names: cache,
      clock: { now: () => 0, sleep: async () => {} }, signal: new AbortController().signal, onSignal: () => () => {},
    };
    await run(['version', '-n', process.env.TEST_TABLE!], io);
    await run(['version', '-n', 'missing-table'], io);

    expect(cache.of('name')).toEqual([process.env.TEST_TABLE]);
  });
});

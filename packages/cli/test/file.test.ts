import { readdirSync, readlinkSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { checkNewFiles, writeNewFile } from '../src/output/file';
import { newFolder, type Folder } from './support/folder';

let folder: Folder;
beforeEach(() => { folder = newFolder(); });
afterEach(() => folder.remove());

const write = async (file: string, content: string | AsyncIterable<string>, force: boolean, more: { mode?: number; signal?: AbortSignal } = {}) =>
  writeNewFile({ cwd: folder.path }, file, content, { force, ...more });
const names = (): string[] => readdirSync(folder.path).sort();

async function* failing(): AsyncIterable<string> {
  yield 'half of it';
  throw new Error('the table does not answer');
}

describe('a file that a command writes', () => {
  test.each([['is new', false], ['would be replaced', true]])('holds the content when it %s', async (_, force) => {
    await write('a.txt', 'all of it', force, { mode: 0o600 });

    expect([names(), folder.read('a.txt'), statSync(join(folder.path, 'a.txt')).mode % 0o1000]).toEqual([['a.txt'], 'all of it', 0o600]);
  });

  test('is refused when it is there, and stays', async () => {
    folder.write('a.txt', 'good');

    await expect(write('a.txt', 'new', false)).rejects.toMatchObject({ exitCode: 2, message: 'a.txt is there already' });
    expect([names(), folder.read('a.txt')]).toEqual([['a.txt'], 'good']);
  });

  test('is replaced when it must be, and a link to it stays one', async () => {
    folder.write('a.txt', 'good');
    symlinkSync('a.txt', join(folder.path, 'link'));

    await write('link', 'new', true);

    expect([names(), folder.read('a.txt'), readlinkSync(join(folder.path, 'link'))]).toEqual([['a.txt', 'link'], 'new', 'a.txt']);
  });

  test('is not left behind when it cannot be finished', async () => {
    await expect(write('a.txt', failing(), false)).rejects.toThrow('does not answer');
    expect(names()).toEqual([]);
  });

  test('stays as it was when what replaces it cannot be finished, or Ctrl-C ends it', async () => {
    folder.write('a.txt', 'good');

    await expect(write('a.txt', failing(), true)).rejects.toThrow('does not answer');
    await expect(write('a.txt', 'new', true, { signal: AbortSignal.abort() })).rejects.toThrow('abort');
    expect([names(), folder.read('a.txt')]).toEqual([['a.txt'], 'good']);
  });

  test('may be a device, which is not replaced', async () => {
    await write('/dev/null', 'gone', true);
    expect(statSync('/dev/null').isFile()).toBe(false);
  });

  test.each([['in a folder that is not there', 'no/a.txt'], ['in place of a folder', '.']])('cannot be %s', async (_, file) => {
    for (const force of [false, true]) await expect(write(file, 'new', force)).rejects.toMatchObject({ exitCode: 2 });
  });
});

test('several files are all new, or none is written', () => {
  folder.write('b', '');
  folder.write('c', '');
  const check = (files: string[], force = false) => (): void => checkNewFiles({ cwd: folder.path }, files, force);

  expect(check(['a'])).not.toThrow();
  expect(check(['a', 'b'])).toThrow('b is there already');
  expect(check(['a', 'b', 'c'])).toThrow('b, c are there already');
  expect(check(['a', 'b', 'c'], true)).not.toThrow();
});

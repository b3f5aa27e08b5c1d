import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@zae-limiter/client';
import { LogFile } from '../../src/local/log-file';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zael-'));
  path = join(folder, 'log');
  writeFileSync(path, 'one\ntwo\nthr');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each([[0, []], [1, ['two']], [9, ['one', 'two']]])('has its last %d lines, whole ones alone', (count, lines) => {
  expect(new LogFile(path).last(count)).toEqual(lines);
});

test('gives lines as they are written, and those of a file that was started anew', async () => {
  const stop = new AbortController();
  const file = new LogFile(path);
  file.last(0);
  const lines = file.follow(systemClock, stop.signal)[Symbol.asyncIterator]();

  const next = lines.next();
  setTimeout(() => appendFileSync(path, 'ee\nfour\n'), 10);
  expect((await next).value).toEqual(['three', 'four']);
  writeFileSync(path, 'new\n');
  expect((await lines.next()).value).toEqual(['new']);
  stop.abort();
  expect((await lines.next()).done).toBe(true);
});

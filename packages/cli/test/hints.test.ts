import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ENTRIES } from '../src/commands/index';

const SOURCE = resolve(__dirname, '../src');

/** What follows the program's name and is no command: the title of `version`. */
const TITLES = ['versions'];

/** The words behind the program's name, wherever the source speaks of a command line. */
const mentioned = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).flatMap((name) =>
  [...readFileSync(join(SOURCE, name), 'utf8').matchAll(/(?<!\w)zae-limiter ([a-z][\w-]*)(?: ([a-z][\w-]*|\$))?/g)].map(([, word, next]) => ({ name, word: word!, next })))
  .filter(({ word }) => !TITLES.includes(word));

test('the source speaks of command lines', () => {
  expect(mentioned.length).toBeGreaterThan(50);
});

test.each(mentioned)('zae-limiter $word $next, in $name, is a command', async ({ word, next }) => {
  const entry = ENTRIES.find(({ name }) => name === word);

  expect(entry).toBeDefined();
  if (!entry!.group || next === '$') return; // a word that is known later
  const verbs = (await entry!.load()).map(({ path }) => path.split(' ')[1]);
  expect(verbs).toContain(next);
});

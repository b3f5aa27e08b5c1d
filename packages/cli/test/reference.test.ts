import { readFileSync } from 'node:fs';
import { CLI_REFERENCE, cliReference } from '../../../tools/cli-reference';
import { allCommands } from '../src/commands/index';

test('docs/reference/cli.md is what the commands say (npm run docs:cli makes it anew)', async () => {
  expect(readFileSync(CLI_REFERENCE, 'utf8')).toBe(await cliReference());
});

test('the reference has a section for every command', async () => {
  const sections = [...(await cliReference()).matchAll(/^### (.+)$/gm)].map(([, path]) => path);

  expect(sections).toEqual((await allCommands()).map(({ path }) => path));
});

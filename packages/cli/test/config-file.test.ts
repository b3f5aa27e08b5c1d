import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDefaults } from '../src/config-file';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'zae-limiter-config-')); });
afterEach(() => rmSync(folder, { recursive: true }));
const write = (name: string, content: string) => writeFileSync(join(folder, name), content);

test.each([
  ['zae-limiter.config.json', '{"name":"app","region":"eu-central-1"}'],
  ['zae-limiter.config.yaml', 'name: app\nregion: eu-central-1\n'],
  ['package.json', '{"name":"other","zaeLimiter":{"name":"app","region":"eu-central-1"}}'],
])('%s holds defaults', async (file, content) => {
  write(file, content);
  expect(await readDefaults(folder, undefined, undefined)).toEqual({ name: 'app', region: 'eu-central-1' });
});

test('there need not be a file, nor a part of package.json', async () => {
  expect(await readDefaults(folder, undefined, undefined)).toEqual({});
  write('package.json', '{"name":"other"}');
  expect(await readDefaults(folder, undefined, undefined)).toEqual({});
});

test.each(['null', 'no JSON', '[]'])('a package.json that holds %s is not ours to check', async (content) => {
  write('package.json', content);
  expect(await readDefaults(folder, undefined, undefined)).toEqual({});
});

test('a stage goes over the rest', async () => {
  write('limiter.yaml', 'name: app\nregion: eu-central-1\nstages:\n  prod: { name: app-prod }\n');
  expect(await readDefaults(folder, 'limiter.yaml', 'prod')).toEqual({ name: 'app-prod', region: 'eu-central-1' });
});

test.each([
  ['an unknown key', 'nmae: app', undefined, "unknown key 'nmae'"], ['a number', 'name: 5', undefined, 'must be text'], ['a list', '- name', undefined, 'must be a mapping'],
  ['a stage that is not there', 'stages: { dev: {} }', 'prod', "no stage 'prod'"], ['an unknown key of a stage', 'stages: { prod: { x: y } }', 'prod', "unknown key 'x'"],
  ['a format that is none', 'output: xml', undefined, "got 'xml'"], ['text that is no YAML', 'name: [', undefined, 'cannot be read'],
])('%s is refused with exit code 2', async (_, content, stage, message) => {
  write('c.yaml', content);
  await expect(readDefaults(folder, 'c.yaml', stage)).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(message) as string });
});

test('a file or stage that was asked for must be there', async () => {
  await expect(readDefaults(folder, 'missing.yaml', undefined)).rejects.toThrow("no configuration file 'missing.yaml'");
  await expect(readDefaults(folder, undefined, 'prod')).rejects.toThrow("stage 'prod'");
});

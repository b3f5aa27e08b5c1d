import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const FOLDERS = ['test', 'packages/client/test'];

/** Ids in the titles of tests, with the table rows that fill them in. */
function idsInTitles(): Set<string> {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(ROOT, folder, name)));
  const sources = files.filter((file) => /\.test\.ts$/.test(file)).map((file) => readFileSync(file, 'utf8'));
  const titles = sources.flatMap((source) => [...source.matchAll(/(?:\b(?:test|describe)|\)|>)\(\s*[`'"]([^`'"\n]*)/g)].map(([, title]) => title!));
  return new Set(titles.flatMap((title) => title.match(/\b(?:W|F-)\d+\b/g) ?? []));
}

describe('defects of the reference that this code could share', () => {
  // W33 and W40 are costs and limits of the design, which the documentation names; W41 concerns the policies alone.
  const concerned = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 34, 35, 36, 37, 38, 39, 42,
    43, 44, 45, 46, 47, 48, 49, 50,
  ];

  test.each(concerned)('W%i has a test that names it', (id) => {
    expect(idsInTitles()).toContain(`W${id}`);
  });

  // F-29 is a fact about dead-letter queues, which docs/operations/aggregator.md names.
  test.each([3, 4, 5, 6, 7, 8, 9, 10, 12, 26, 27, 28, 30, 36, 38])('F-%s, of the aggregator, has a test that names it', (id) => {
    expect(idsInTitles()).toContain(`F-${String(id).padStart(2, '0')}`);
  });

  test.each([11, 13, 14, 15, 16, 17, 18, 20, 24, 25, 41, 46, 47, 48])('F-%i, of the provisioner, has a test that names it', (id) => {
    expect(idsInTitles()).toContain(`F-${id}`);
  });
});

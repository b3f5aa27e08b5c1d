import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BLOCKS } from './blocks';
import type { Results } from './results';

/** `<!-- bench:name -->` to `<!-- /bench -->`, each on a line of its own. */
const BLOCK = /(<!-- bench:([\w-]+) -->\n)[^]*?(<!-- \/bench -->)/g;

/** Pages that may hold blocks. */
export function pages(root: string): string[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  const packages = readdirSync(join(root, 'packages')).map((name) => join('packages', name, 'README.md')).filter((path) => existsSync(join(root, path)));
  return ['README.md', ...packages, ...docs.map((name) => join('docs', name))].sort();
}

/** A page with its blocks as the results have them. */
export function withBlocks(page: string, results: Results): string {
  return page.replace(BLOCK, (_, begin: string, name: string, end: string) => {
    const block = BLOCKS[name];
    if (block === undefined) throw new Error(`no block is called '${name}'`);
    return `${begin}${block(results)}\n${end}`;
  });
}

/** A page without its blocks: what somebody wrote. */
export const withoutBlocks = (page: string): string => page.replace(BLOCK, '');

/** Names of the blocks that a page holds. */
export const blocksOf = (page: string): string[] => [...page.matchAll(BLOCK)].map(([, , name]) => name!);

/** Writes the blocks of all pages. */
export function writePages(root: string, results: Results): void {
  for (const path of pages(root)) {
    const page = readFileSync(join(root, path), 'utf8');
    const written = withBlocks(page, results);
    if (written !== page) writeFileSync(join(root, path), written);
  }
}

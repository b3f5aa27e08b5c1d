import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { command } from '../command/command.js';
import { choiceOr, flag, optional } from '../command/option.js';
import { checkNewFiles, writeNewFile } from '../output/file.js';
import { fields } from '../output/result.js';
import { bytes } from '../output/text.js';
import { codeOf, folderOf, FUNCTIONS, HANDLER, zipName, type FunctionId } from '../stack/functions.js';
import { zipped } from '../stack/zip.js';

export const lambdaExport = command({
  path: 'lambda-export',
  summary: 'Write the code of the functions as zip files',
  description: 'The zip files are the same each time, byte by byte. With `--function all` the output is a folder, and each file in it has the name '
    + 'that the template of `cfn-template` expects.',
  scope: 'offline',
  effect: 'reads',
  writesFile: true,
  options: {
    file: optional('-o, --output <file>', 'file to write, lambda.zip unless given; for all functions a folder, this one unless given'),
    info: flag('--info', 'say what would be written, and write nothing'),
    force: flag('-f, --force', 'replace files that are there'),
    id: choiceOr<FunctionId | 'all'>('--function <function>', 'which function', [...FUNCTIONS, 'all'], 'aggregator'),
  },
  examples: ['lambda-export', 'lambda-export --function all -o .', 'lambda-export --info'],
  async run(context, { file, info, force, id }) {
    const files = id === 'all' ? FUNCTIONS.map((one) => [one, join(file ?? '.', zipName(one))] as const) : [[id, file ?? 'lambda.zip'] as const];
    if (!info) checkNewFiles(context.io, files.map(([, path]) => path), force);
    for (const [one, path] of files) {
      const zip = await zipped(codeOf(one));
      if (info) {
        for (const line of infoOf(one, zip)) context.io.stdout.write(`${line}\n`);
      } else {
        await writeNewFile(context.io, path, zip, { force });
        context.say(`${context.style.ok} Exported ${one} to: ${path} (${bytes(zip.length)})`);
      }
    }
  },
});

/** The code is one file that holds what it depends on. */
function infoOf(id: FunctionId, zip: Buffer): string[] {
  return [
    `Function ${id}`,
    ...fields([
      ['Path', folderOf(id)], ['Files', String(codeOf(id).length)], ['Size', bytes(zip.length)], ['Handler', HANDLER],
      ['SHA-256', createHash('sha256').update(zip).digest('hex').slice(0, 16)], ['Dependencies', 'none, they are part of the code'],
    ], '  '),
  ];
}

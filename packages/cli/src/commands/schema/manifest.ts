import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from '../../command/command.js';

/** A copy of spec/manifest.schema.json, which the build puts into the package. */
const FILE = join(__dirname, '..', '..', '..', 'assets', 'manifest.schema.json');

export const manifest = command({
  path: 'schema manifest',
  summary: 'Print the JSON Schema of limits manifests',
  scope: 'offline',
  effect: 'reads',
  writesFile: true,
  examples: ['schema manifest > manifest.schema.json'],
  async run({ io }) {
    io.stdout.write(await readFile(FILE, 'utf8'));
  },
});

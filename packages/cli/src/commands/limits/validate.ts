import { Type } from '@sinclair/typebox';
import { declaredBy, parseManifest } from '@zae-limiter/client/admin';
import { command } from '../../command/command.js';
import { EXIT } from '../../exit-codes.js';
import { problemLine, readManifest } from '../../manifest/read-manifest.js';
import { readSource } from '../../manifest/source-text.js';
import { fileOption } from './options.js';

export const validate = command({
  path: 'limits validate',
  summary: 'Check a manifest, without AWS',
  description: 'Prints file, line and column of everything that is wrong, and ends with 2 then.',
  scope: 'offline',
  effect: 'reads',
  options: { file: fileOption },
  output: Type.Object({
    file: Type.String(),
    valid: Type.Boolean(),
    problems: Type.Array(Type.Object({
      line: Type.Integer({ description: 'from 1' }), column: Type.Integer({ description: 'from 1' }),
      path: Type.String({ description: 'keys from the top, joined by dots; empty for the file as a whole' }),
      code: Type.String({ description: 'see docs/reference/manifest.md; SYNTAX for a file that is no YAML' }),
      message: Type.String(),
    })),
  }),
  examples: ['limits validate -f limits.yaml'],
  async run({ io }, { file }) {
    const { name, text } = await readSource(io, file);
    const { manifest, problems } = readManifest(text);
    return {
      data: { file, valid: problems.length === 0, problems },
      rows: 'problems',
      exitCode: problems.length === 0 ? EXIT.ok : EXIT.invalid,
      human: ({ ok, failed }) => (problems.length === 0
        ? [`${ok} ${name} is valid: ${declaredBy(parseManifest(manifest)).length} target(s)`]
        : [...problems.map((problem) => problemLine(name, problem)), `${failed} ${problems.length} problem(s)`]),
    };
  },
});

import { Type } from '@sinclair/typebox';
import { SCHEMA_VERSION } from '@zae-limiter/client';
import { compareVersions } from '@zae-limiter/client/admin';
import { command } from '../command/command.js';
import { EXIT } from '../exit-codes.js';
import { fields } from '../output/result.js';
import { compatibility } from '../table/compatibility.js';
import { version } from '../version.js';

export const check = command({
  path: 'check',
  summary: 'Check whether this program and a limiter fit each other',
  description: 'Exit code 5 means that they do not, or that the table was never prepared.',
  scope: 'table',
  effect: 'reads',
  output: Type.Object({
    name: Type.String(),
    client: Type.String({ description: 'version of this program' }),
    deployed: Type.Union([Type.String(), Type.Null()], { description: 'version of the library that prepared the table; null when it is not known' }),
    clientSchema: Type.String(),
    tableSchema: Type.Union([Type.String(), Type.Null()]),
    result: Type.Union([Type.Literal('compatible'), Type.Literal('incompatible'), Type.Literal('not-initialized')]),
    updateAvailable: Type.Boolean({ description: 'whether this program would upgrade it' }),
  }),
  async run(context) {
    const record = await (await context.table()).admin.version();
    const result = compatibility(record);
    const deployed = record?.updatedBy?.split(':')[1] ?? null;
    const updateAvailable = result === 'compatible' && deployed !== null && compareVersions(deployed, version) < 0;
    const data = {
      name: context.name, client: version, deployed, clientSchema: SCHEMA_VERSION, tableSchema: record?.schemaVersion ?? null,
      result, updateAvailable,
    };
    return {
      data,
      exitCode: result === 'compatible' ? EXIT.ok : EXIT.incompatible,
      human: ({ rule }) => [
        'Compatibility Check', rule(36),
        ...fields([['Client', version], ['Deployed', deployed ?? 'unknown'], ['Client schema', SCHEMA_VERSION], ['Table schema', data.tableSchema ?? 'none']]),
        '', `Result: ${result.toUpperCase().replace('-', ' ')}${updateAvailable ? ' (update available)' : ''}`,
        ...updateAvailable ? [`zae-limiter upgrade --name ${context.name}   upgrades it`] : [],
        ...result === 'not-initialized' ? [`zae-limiter deploy --name ${context.name}   prepares it`] : [],
      ],
    };
  },
});

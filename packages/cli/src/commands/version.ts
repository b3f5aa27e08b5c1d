import { Type } from '@sinclair/typebox';
import { SCHEMA_VERSION } from '@zae-limiter/client';
import { command } from '../command/command.js';
import { EXIT } from '../exit-codes.js';
import { fields } from '../output/result.js';
import { compatibility } from '../table/compatibility.js';
import { version as cliVersion } from '../version.js';

export const version = command({
  path: 'version',
  summary: 'Show the versions of this program, the table and its function',
  scope: 'table',
  effect: 'reads',
  output: Type.Object({
    name: Type.String(),
    client: Type.String({ description: 'of this program' }),
    clientSchema: Type.String({ description: 'schema that this program speaks' }),
    tableSchema: Type.Union([Type.String(), Type.Null()], { description: 'schema of the table; null when it was never prepared' }),
    lambda: Type.Union([Type.String(), Type.Null()], { description: "version of the Python library's function; null for one that this library deploys" }),
    minimumClient: Type.Union([Type.String(), Type.Null()]),
    updatedAt: Type.Union([Type.String(), Type.Null()]),
    updatedBy: Type.Union([Type.String(), Type.Null()]),
    status: Type.Union([Type.Literal('compatible'), Type.Literal('incompatible'), Type.Literal('not-initialized')]),
  }),
  async run(context) {
    const record = await (await context.table()).admin.version();
    const status = compatibility(record);
    const data = {
      name: context.name, client: cliVersion, clientSchema: SCHEMA_VERSION,
      tableSchema: record?.schemaVersion ?? null, lambda: record?.lambdaVersion ?? null,
      minimumClient: record?.clientMinimum ?? null, updatedAt: record?.updatedAt ?? null, updatedBy: record?.updatedBy ?? null, status,
    };
    return {
      data,
      exitCode: status === 'compatible' ? EXIT.ok : EXIT.incompatible,
      human: ({ rule }) => [
        'zae-limiter versions', rule(36),
        ...fields([
          ['Client', cliVersion], ['Schema', SCHEMA_VERSION], ['Infra schema', data.tableSchema ?? 'none'], ['Lambda', data.lambda ?? data.updatedBy ?? 'none'],
          ['Min client', data.minimumClient ?? 'none'],
        ]),
        '', `Status: ${status.toUpperCase().replace('-', ' ')}`,
      ],
    };
  },
});

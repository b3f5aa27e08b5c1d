import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import type { Context } from '../../context.js';
import { ACCOUNT_CHECKS } from '../../doctor/account-checks.js';
import { examine, type Finding, type Status, type Subject } from '../../doctor/check.js';
import { STREAM_CHECKS } from '../../doctor/stream-checks.js';
import { TABLE_CHECKS } from '../../doctor/table-checks.js';
import { EXIT } from '../../exit-codes.js';
import type { Style } from '../../output/style.js';

const STATUSES = ['ok', 'warning', 'failed', 'unchecked', 'skipped'] as const satisfies readonly Status[];

export const doctor = command({
  path: 'doctor',
  summary: 'Check what a limiter needs: credentials, clock, permissions, table, stream, alarms, backups',
  description: 'Each check is made by itself, and names what to do. Ends with 1 when one failed.',
  scope: 'namespace',
  effect: 'reads',
  output: Type.Object({
    name: Type.String(),
    healthy: Type.Boolean({ description: 'whether no check failed' }),
    checks: Type.Array(Type.Object({
      check: Type.String(),
      status: Type.Union(STATUSES.map((status) => Type.Literal(status)), { description: 'unchecked: it could not be found out; skipped: it means nothing here' }),
      detail: Type.String(),
      fix: Type.Union([Type.String(), Type.Null()], { description: 'what to do' }),
    })),
  }),
  async run(context) {
    const subject = await subjectOf(context);
    const checks = await Promise.all([...ACCOUNT_CHECKS, ...TABLE_CHECKS, ...STREAM_CHECKS].map((check) => examine(check, subject)));
    const count = (status: Status): number => checks.filter((one) => one.status === status).length;
    return {
      data: {
        name: context.name, healthy: count('failed') === 0,
        checks: checks.map(({ check, status, detail, fix }) => ({ check, status, detail, fix: fix ?? null })),
      },
      rows: 'checks',
      exitCode: count('failed') === 0 ? EXIT.ok : EXIT.failed,
      human: (style) => [
        ...checks.flatMap(({ check, ...finding }) => lines(check, finding, style)),
        '', `${count('ok')} ok, ${count('warning')} warning(s), ${count('failed')} failed, ${count('unchecked') + count('skipped')} not checked`,
      ],
    };
  },
});

async function subjectOf(context: Context): Promise<Subject> {
  const clients = await context.aws();
  return {
    context, clients,
    table: once(async () => (await clients.get(DynamoDBClient).send(new DescribeTableCommand({ TableName: context.name }))).Table!),
    caller: once(async () => (await clients.get(STSClient).send(new GetCallerIdentityCommand({}))).Arn!),
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return async () => made ??= make();
}

function lines(check: string, { status, detail, fix }: Finding, style: Style): string[] {
  const sign = { ok: style.ok, warning: style.warning, failed: style.failed, unchecked: style.pending, skipped: style.dim('-') }[status];
  return [`${sign} ${check}: ${detail}`, ...(fix === undefined ? [] : [`    ${style.arrow} ${fix}`])];
}

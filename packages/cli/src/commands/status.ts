import { Type } from '@sinclair/typebox';
import { SCHEMA_VERSION } from '@zae-limiter/client';
import { command } from '../command/command.js';
import { EXIT } from '../exit-codes.js';
import { fields, type Block, type Result } from '../output/result.js';
import type { Style } from '../output/style.js';
import { about, bytes } from '../output/text.js';
import type { AlarmStates, LimiterStatus } from '../stack/limiter-status.js';
import { watching, watchOptions } from '../ui/watch.js';
import { version } from '../version.js';

const OptionalText = (description: string) => Type.Union([Type.String(), Type.Null()], { description });
const OptionalCount = (description: string) => Type.Union([Type.Integer(), Type.Null()], { description });

export const status = command({
  path: 'status',
  summary: 'Show how a limiter is',
  description: 'Exit code 1 means that the table does not answer or the stack failed, 3 that nothing answers, 4 that there is neither. What the caller may not see is left out, and said.',
  scope: 'table',
  effect: 'reads',
  options: watchOptions,
  output: Type.Object({
    name: Type.String(),
    region: Type.String(),
    health: Type.Union([Type.Literal('ready'), Type.Literal('in-progress'), Type.Literal('failed')]),
    available: Type.Boolean({ description: 'whether the table answers' }),
    latencyMs: OptionalCount('of one call to the table'),
    stack: OptionalText('status of the stack; null when there is none, or it cannot be seen'),
    table: OptionalText('status of the table'),
    aggregator: Type.Union([Type.Boolean(), Type.Null()], { description: 'whether usage is added up; null when it cannot be seen, or is not there yet' }),
    versions: Type.Object({ client: Type.String(), schema: OptionalText('of the table'), lambda: OptionalText('of the functions') }),
    itemCount: OptionalCount('approximately'),
    sizeBytes: OptionalCount('approximately'),
    pitrDays: OptionalCount('days that the table can be restored back to; 0 when it cannot'),
    lastBackup: OptionalText('ISO 8601'),
    alarms: Type.Union([Type.Object({
      ok: Type.Integer(), alarm: Type.Integer(), insufficientData: Type.Integer(), inAlarm: Type.Array(Type.String(), { description: 'names' }),
    }), Type.Null()]),
    policies: Type.Object({ acquireOnly: OptionalText('ARN'), fullAccess: OptionalText('ARN'), readOnly: OptionalText('ARN') }),
    roles: Type.Object({ app: OptionalText('ARN'), admin: OptionalText('ARN'), readOnly: OptionalText('ARN') }),
    problems: Type.Array(Type.String(), { description: 'what could not be found out, and why' }),
  }),
  examples: ['status', 'status -n prod --watch'],
  async run(context, watch) {
    const { limiterStatus } = await import('../stack/limiter-status.js');
    const { healthOf } = await import('../stack/stacks.js');
    return watching(context, watch, async () => resultOf(context.name, await limiterStatus(context), healthOf));
  },
});

type Health = 'ready' | 'in-progress' | 'failed';

function resultOf(name: string, found: LimiterStatus, healthOf: (status: string) => Health): Result {
  const { table, stack, outputs, tags, resources, alarms } = found;
  const stackHealth = stack && healthOf(stack.StackStatus!);
  const isComing = found.tableIsMissing && stackHealth === 'in-progress'; // the stack has not come to the table yet, or is being deleted
  const health = isComing ? 'in-progress' : table === undefined ? 'failed' : stackHealth ?? tableHealth(table.status);
  const aggregates = resources?.some(({ ResourceType }) => ResourceType === 'AWS::Lambda::EventSourceMapping');
  // In a stack with more than the limiter the keys of outputs have the path of the construct before them.
  const output = (key: string): string | null => outputs[key] ?? Object.entries(outputs).find(([id]) => id.includes(key))?.[1] ?? null;
  // Without outputs the policies are told by the construct's ids; their physical ids are ARNs.
  const policy = (id: string): string | null => output(`${id}PolicyArn`)
    ?? resources?.find(({ LogicalResourceId }) => LogicalResourceId?.includes(`Policies${id}`))?.PhysicalResourceId ?? null;
  const data = {
    name, region: found.region, health,
    available: table !== undefined,
    latencyMs: table === undefined ? null : Math.round(table.latencyMs),
    stack: stack?.StackStatus ?? null,
    table: table?.status ?? null,
    aggregator: isComing || (aggregates === false && stackHealth === 'in-progress') ? null : aggregates ?? null,
    versions: { client: version, schema: table?.version?.schemaVersion ?? null, lambda: tags['zae-limiter:lambda-version'] ?? null },
    itemCount: table?.itemCount ?? null, sizeBytes: table?.sizeBytes ?? null,
    pitrDays: found.pitrDays ?? null, lastBackup: found.lastBackup ?? null,
    alarms: alarms ?? null,
    policies: { acquireOnly: policy('AcquireOnly'), fullAccess: policy('FullAccess'), readOnly: policy('ReadOnly') },
    roles: { app: output('AppRoleArn'), admin: output('AdminRoleArn'), readOnly: output('ReadOnlyRoleArn') },
    problems: found.problems,
  };
  return { data, exitCode: health === 'failed' ? EXIT.failed : EXIT.ok, human: (style) => humanStatus(data, style) };
}

const tableHealth = (state: string): Health => (state === 'ACTIVE' ? 'ready' : /ING$/.test(state) ? 'in-progress' : 'failed');

interface Shown {
  readonly name: string;
  readonly region: string;
  readonly health: Health;
  readonly available: boolean;
  readonly latencyMs: number | null;
  readonly stack: string | null;
  readonly table: string | null;
  readonly aggregator: boolean | null;
  readonly versions: { readonly client: string; readonly schema: string | null; readonly lambda: string | null };
  readonly itemCount: number | null;
  readonly sizeBytes: number | null;
  readonly pitrDays: number | null;
  readonly lastBackup: string | null;
  readonly alarms: AlarmStates | null;
  readonly policies: Readonly<Record<'acquireOnly' | 'fullAccess' | 'readOnly', string | null>>;
  readonly roles: Readonly<Record<'app' | 'admin' | 'readOnly', string | null>>;
  readonly problems: readonly string[];
}

function humanStatus(data: Shown, style: Style): Block[] {
  const { versions, policies, roles, alarms, pitrDays } = data;
  return [
    `Status: ${data.name}`, style.rule(50),
    ...block('Connectivity', [
      ['Available', data.available ? `${style.ok} yes` : `${style.failed} no`],
      ['Latency', data.latencyMs === null ? null : `${data.latencyMs} ms`], ['Region', data.region],
    ], style),
    ...block('Infrastructure', [
      ['Stack', data.stack ?? 'none that can be seen'], ['Table', data.table ?? 'unknown'],
      ['Aggregator', data.aggregator === null ? 'unknown' : data.aggregator ? 'enabled' : 'disabled'],
      ['Alarms', alarms && `${alarms.ok} ok, ${alarms.alarm} in alarm, ${alarms.insufficientData} without data`],
      ['In alarm', alarms && alarms.inAlarm.length > 0 ? alarms.inAlarm.join(', ') : null],
      ['PITR', pitrDays === null ? null : pitrDays === 0 ? 'disabled' : `${pitrDays} days`],
      ['Last backup', data.available ? data.lastBackup ?? 'none' : null],
    ], style),
    ...block('Versions', [
      ['Client', `${versions.client} (schema ${SCHEMA_VERSION})`], ['Schema', versions.schema ?? 'none'], ['Lambda', versions.lambda ?? 'unknown'],
    ], style),
    ...data.itemCount === null ? [] : block('Table Metrics', [['Items', about(data.itemCount)], ['Size', bytes(data.sizeBytes!)]], style),
    ...block('IAM Policies', [['AcquireOnly', policies.acquireOnly], ['FullAccess', policies.fullAccess], ['ReadOnly', policies.readOnly]], style),
    ...block('IAM Roles', [['App', roles.app], ['Admin', roles.admin], ['ReadOnly', roles.readOnly]], style),
    ...data.problems.flatMap((problem, at) => [...at === 0 ? [''] : [], `${style.warning} ${problem}`]),
    '', verdict(data.health, style),
  ];
}

/** A title and the lines that say something; nothing when none does. */
function block(title: string, entries: readonly (readonly [string, string | null | undefined])[], { bold }: Style): string[] {
  const known = entries.map(([name, value]) => [name, value ?? undefined] as const);
  return known.every(([, value]) => value === undefined) ? [] : ['', bold(title), ...fields(known, '  ')];
}

function verdict(health: Health, { ok, pending, failed }: Style): string {
  switch (health) {
    case 'ready': return `${ok} Infrastructure is ready`;
    case 'in-progress': return `${pending} Operation in progress`;
    default: return `${failed} Infrastructure is not available`;
  }
}

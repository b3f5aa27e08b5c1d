import type { AuditEvent } from '@zae-limiter/client';
import { declarationOf, declaredBy, limitEvents, LimitsProvisioner, manifestHash, manifestOf, targetId, targetsOf, type Declared, type Target } from '@zae-limiter/client/admin';
import { command } from '../../command/command.js';
import { choiceOr, flag, required } from '../../command/option.js';
import { isoTime } from '../../command/parsers.js';
import { CliError, invalid, notFound } from '../../errors.js';
import type { Result } from '../../output/result.js';
import { AppliedSchema, carryOut } from '../../provisioning/carry-out.js';
import { eventTime } from '../../provisioning/event-time.js';
import { liveManifest } from '../../provisioning/live-manifest.js';
import { isChangedSince } from '../../provisioning/outside-changes.js';
import { pastLimits } from '../../provisioning/past-limits.js';
import type { OnConflict } from '../../provisioning/provisioning.js';
import { TableProvisioning } from '../../provisioning/table-provisioning.js';

export const rollback = command({
  path: 'limits rollback',
  summary: 'Undo what manifests changed since a time or an event',
  description: 'The limits that manifests have changed since get the values that they had, as the audit events say. What was set by hand stays, unless a\n'
    + 'manifest changed it since. Refused when no event says what a limit was: events are kept for 90 days unless the deployment says otherwise, and the\n'
    + "Python library's provisioner writes none.",
  scope: 'namespace',
  effect: 'writes',
  nameRequired: true,
  options: {
    to: required('--to <when>', 'a time in ISO 8601, or the id of an event to go back to before it', { parse: when }),
    assumeNew: flag('--assume-new', 'remove limits of which no event says what they were, as if a manifest had created them'),
    onConflict: choiceOr<OnConflict>('--on-conflict <what>', 'what to do with limits that were set by hand after the manifest', ['fail', 'overwrite', 'skip'], 'fail'),
    adopt: flag('--adopt', 'take over limits that a stack manages'),
  },
  output: AppliedSchema,
  examples: ['limits rollback -n my-app --to 2026-01-31T12:00:00Z', 'limits rollback -n my-app --to 01KG8Z3N5Q0000000000000000'],
  async run(context, { to, assumeNew, onConflict, adopt }) {
    if ('time' in to && to.time > context.io.clock.now()) throw invalid(`--to is in the future: ${new Date(to.time).toISOString()}`);
    const connection = await context.table();
    const { id, admin, name: namespace } = await context.namespace();
    const isUndone = await undoneSince(to, () => limitEvents(connection.store, id));
    const { known, unknown } = await pastLimits(limitEvents(connection.store, id), isUndone);
    // Applying would stop managing what somebody changed by hand.
    if (known.length + unknown.length === 0) return nothingToDo(context.name, namespace);
    if (unknown.length > 0 && !assumeNew) throw notKnown(unknown);

    const provisioner = new LimitsProvisioner({ store: connection.store, namespaceId: id, clock: context.io.clock });
    const touched = new Set([...known.map(({ target }) => target), ...unknown].map(targetId));
    const record = await provisioner.record();
    const others: Target[] = [];
    for (const target of targetsOf(record.managed)) {
      if (!touched.has(targetId(target)) && !await isChangedSince(admin, target, record)) others.push(target);
    }
    const live = await liveManifest(provisioner, namespace, others);
    const restored = known.flatMap(({ target, settings }): Declared[] => (settings === undefined ? [] : [[target, settings]]));
    const manifest = manifestOf(namespace, [...declaredBy(live.manifest), ...restored]);
    const opened = { manifest, declaration: declarationOf(manifest), hash: manifestHash(manifest) };

    const provisioning = new TableProvisioning(connection, context.io.clock, context.signal);
    const plan = await provisioning.plan(opened);
    return carryOut(context, provisioning, { manifest: opened, plan, onConflict, adopt, mayChange: (target) => touched.has(targetId(target)) });
  },
});

type When = { readonly event: string } | { readonly time: number };

function when(text: string): When {
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text) ? { event: text } : { time: Date.parse(isoTime(text)) };
}

/** @throws {CliError} there is no such event */
async function undoneSince(to: When, events: () => ReturnType<typeof limitEvents>): Promise<(event: AuditEvent) => boolean> {
  if ('time' in to) return (event) => eventTime(event) > to.time;
  for await (const { event } of events()) if (event.id === to.event) return ({ id }) => id >= to.event;
  throw notFound(`no change of limits has the id ${to.event}`, 'zae-limiter limits history   shows what is kept');
}

const nothingToDo = (name: string, namespace: string): Result => ({
  data: { name, namespace, hash: null, changes: [], created: 0, updated: 0, deleted: 0, skipped: [], unchanged: 0, errors: [] },
  human: () => ['Nothing to roll back.'],
});

function notKnown(targets: readonly Target[]): CliError {
  return new CliError('UNKNOWN_PAST', `no audit event says what ${targets.length} target(s) were then; nothing was changed`, {
    hints: [...targets.map((target) => targetId(target).trim()), '--assume-new   removes them, as if a manifest had created them'],
  });
}

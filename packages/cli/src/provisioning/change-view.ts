import { Type, type Static, type TSchema } from '@sinclair/typebox';
import { changeView, type LimitNumbers, type LiveSettings } from '@zae-limiter/client/admin';
import type { LimitsChange } from './provisioning.js';

/** Changes as `--output json` shows them. */

const Nullable = <T extends TSchema>(type: T, description: string) => Type.Union([type, Type.Null()], { description });

export const SettingsSchema = Type.Object({
  onUnavailable: Nullable(Type.String(), 'what clients do while the table cannot answer; null when nothing is said, and below the system'),
  limits: Type.Array(Type.Object({
    name: Type.String(),
    capacity: Nullable(Type.Integer(), 'tokens that the bucket can hold; null in a damaged record'),
    refillAmount: Nullable(Type.Integer(), 'tokens that come back every period'),
    refillPeriodSeconds: Nullable(Type.Integer(), 'seconds'),
  })),
});

export const ChangeSchema = Type.Object({
  action: Type.Union([Type.Literal('create'), Type.Literal('update'), Type.Literal('delete')]),
  level: Type.Union([Type.Literal('system'), Type.Literal('resource'), Type.Literal('entity')]),
  target: Nullable(Type.String(), 'null for the system, entity/resource for the limits of an entity'),
  before: Nullable(SettingsSchema, 'what the table holds; null for a creation'),
  after: Nullable(SettingsSchema, 'what the manifest says; null for a deletion'),
  outside: Nullable(
    Type.Object({ by: Nullable(Type.String(), 'null when nobody said it'), at: Nullable(Type.String(), 'null when no audit event says it') }),
    'who set what the change would lose; null when it was a manifest, or nothing would be lost',
  ),
});

export function changeData(change: LimitsChange): Static<typeof ChangeSchema> {
  const { before, after, outside } = change;
  return {
    ...changeView(change), before: settingsData(before), after: settingsData(after),
    outside: outside === undefined ? null : { by: outside.by ?? null, at: outside.at ?? null },
  };
}

export function settingsData(settings: LiveSettings | undefined): Static<typeof SettingsSchema> | null {
  if (settings === undefined) return null;
  const limits = Object.entries(settings.limits).map(([name, numbers]: [string, Partial<LimitNumbers>]) => ({
    name, capacity: numbers.capacity ?? null, refillAmount: numbers.refill_amount ?? null, refillPeriodSeconds: numbers.refill_period ?? null,
  }));
  return { onUnavailable: settings.on_unavailable ?? null, limits };
}

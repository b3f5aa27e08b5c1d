import { Type } from '@sinclair/typebox';
import type { LimitSource, LimitView } from '@zae-limiter/client';

/** How one limit stands, in the output of commands about requests. */
export const LimitSchema = Type.Object({
  entity: Type.String(),
  resource: Type.String(),
  name: Type.String(),
  remaining: Type.Integer({ description: 'whole tokens; negative while in debt' }),
  capacity: Type.Number(),
  refillAmount: Type.Number({ description: 'tokens that come back every period' }),
  refillPeriodSeconds: Type.Number(),
  source: Type.Union(
    (['entity', 'entityDefault', 'resource', 'system', 'override'] as const satisfies readonly LimitSource[]).map((source) => Type.Literal(source)),
    { description: 'level at which the limit was found' },
  ),
  fullInMs: Type.Union([Type.Number(), Type.Null()], { description: 'null when it never is' }),
});

export const ViolationSchema = Type.Composite([LimitSchema, Type.Object({
  requested: Type.Integer(),
  retryAfterMs: Type.Union([Type.Number(), Type.Null()], { description: 'null when no wait helps, because the request is above the capacity' }),
})]);

export const limitData = ({ entity, resource, name, remaining, capacity, refill, source, resetMs }: LimitView) => ({
  entity, resource, name, remaining, capacity, refillAmount: refill.amount, refillPeriodSeconds: refill.periodMs / 1000, source,
  fullInMs: Number.isFinite(resetMs) ? resetMs : null,
});

export const violationData = (view: LimitView) => ({ ...limitData(view), requested: view.requested, retryAfterMs: view.retryAfterMs ?? null });

/** Where a limit comes from, in words. */
export const SOURCES: Readonly<Record<LimitSource, string>> = {
  entity: 'entity', entityDefault: 'entity, all resources', resource: 'resource', system: 'system', override: 'request',
};

import { Type } from '@sinclair/typebox';
import type { StoredLimits } from '@zae-limiter/client';
import { nullable } from '../../output/schema.js';
import { limitData, LimitSchema } from '../limits-of-scope.js';

/** What is stored for a whole namespace. */
export const SettingsSchema = Type.Object({
  limits: Type.Array(LimitSchema),
  onUnavailable: nullable(
    Type.Union([Type.Literal('allow'), Type.Literal('block')]), 'what happens to requests while the table does not answer; null when the application decides',
  ),
});

export const settingsData = ({ limits, onUnavailable = undefined }: StoredLimits): { limits: object[]; onUnavailable: string | null } =>
  ({ limits: limits.map(limitData), onUnavailable: onUnavailable ?? null });

export const isEmpty = ({ limits, onUnavailable }: StoredLimits): boolean => limits.length === 0 && onUnavailable === undefined;

import { Type } from '@sinclair/typebox';
import type { Entity } from '@zae-limiter/client';
import { fields } from '../../output/result.js';
import { nullable } from '../../output/schema.js';

/** The record of an entity, as `--output json` shows it. */
export const EntitySchema = Type.Object({
  id: Type.String(),
  name: nullable(Type.String(), 'for people; the id unless somebody gave one'),
  parentId: nullable(Type.String()),
  cascade: Type.Boolean({ description: 'whether consumption is also charged to the parent' }),
  metadata: Type.Record(Type.String(), Type.Unknown()),
  createdAt: nullable(Type.String({ description: 'ISO 8601' })),
});

export const entityData = ({ id, name, parentId, cascade, metadata, createdAt }: Entity): object =>
  ({ id, name: name ?? null, parentId: parentId ?? null, cascade, metadata, createdAt: createdAt ?? null });

/** Lines with what the record says. */
export const entityLines = ({ name, parentId, cascade, metadata, createdAt }: Entity, indent = '  '): string[] => fields([
  ['Name', name], ['Parent', parentId ?? 'none'], ['Cascade', yesNo(cascade)], ['Created', createdAt],
  ['Metadata', Object.keys(metadata).length === 0 ? undefined : JSON.stringify(metadata)],
], indent);

export const yesNo = (value: boolean): string => (value ? 'yes' : 'no');

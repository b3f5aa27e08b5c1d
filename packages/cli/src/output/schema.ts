import { Type, type TSchema } from '@sinclair/typebox';

/** A value that may be missing. JSON says so with null, so that every property is always there. */
export const nullable = <T extends TSchema>(schema: T, description?: string): TSchema =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description });

import { notFound, type CliError } from '../../errors.js';

/** The error for an entity of which nothing at all is stored. */
export const nothingOf = (id: string): CliError =>
  notFound(`nothing is stored of entity '${id}'`, 'zae-limiter entity list   shows entities that have a record', `zae-limiter entity create ${id}   creates one`);

import { list } from '../command/option.js';
import { tokens } from '../command/parsers.js';
import { invalid } from '../errors.js';

/** `-c rpm=1`, once for each limit. */
export const tokensOption = (description: string, settings: { readonly required?: boolean } = { required: true }) =>
  list('-c, --consume <limit=tokens>', description, { parse: tokens, ...settings });

/** Tokens by limit. @throws {CliError} a limit is named twice */
export function tokensOf(given: readonly (readonly [name: string, amount: number])[]): Record<string, number> {
  const names = given.map(([name]) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw invalid(`limit '${twice}' is named twice`);
  return Object.fromEntries(given);
}

import type { Format } from '../command/global-options.js';
import { printable } from './printable.js';
import type { Block, Result } from './result.js';
import type { Style } from './style.js';
import { drawTable } from './table.js';

export interface RenderOptions {
  readonly format: Format;
  /** Name of the schema of the data. */
  readonly schema: string;
  /** JMESPath of the part that is wanted. */
  readonly query?: string;
  readonly style: Style;
  /** Whether people read the JSON. */
  readonly pretty: boolean;
}

/** A result as text in the wanted format, its last line ended. */
export async function render(result: Result, { format, schema, query, style, pretty }: RenderOptions): Promise<string> {
  if (query === undefined && (format === 'table' || format === 'plain')) {
    return lines(await Promise.all(result.human(style).map((block) => drawBlock(block, format, style))));
  }
  const whole = plainData({ schema, ...result.data });
  const data = query === undefined ? whole : await search(whole, query);
  const rows = (): readonly unknown[] => rowsOf(query === undefined && result.rows !== undefined ? whole[result.rows] : data);
  switch (format) {
    case 'json': return `${JSON.stringify(data, undefined, pretty ? 2 : undefined)}\n`;
    case 'ndjson': return lines(rows().map((row) => JSON.stringify(row)));
    case 'yaml': return (await import('yaml')).stringify(data);
    case 'csv': return csv(rows());
    default: return lines(rows().map(scalar)); // what a query found
  }
}

const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');

async function drawBlock(block: Block, format: 'table' | 'plain', style: Style): Promise<string> {
  if (typeof block === 'string') return block.split('\n').map(printable).join('\n');
  return format === 'table' ? drawTable(block, style) : [block.columns.map(({ title }) => title), ...block.rows].map((row) => row.map(printable).join('\t')).join('\n');
}

/** As JSON has it: without what is undefined, and null for what is no number. */
const plainData = (data: object): Readonly<Record<string, unknown>> => JSON.parse(JSON.stringify(data)) as Record<string, unknown>;

async function search(data: unknown, query: string): Promise<unknown> {
  const jmespath = await import('jmespath');
  try {
    return jmespath.search(data, query);
  } catch (error) {
    const { invalid } = await import('../errors.js');
    throw invalid(`--query: ${(error as Error).message}`);
  }
}

/** The entries of a list, and anything else as the only row. */
const rowsOf = (data: unknown): readonly unknown[] => (Array.isArray(data) ? data : [data]);

const scalar = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

async function csv(rows: readonly unknown[]): Promise<string> {
  const { stringify } = await import('csv-stringify/sync');
  const flat = rows.map((row) => flatten(row));
  const columns = [...new Set(flat.flatMap((row) => Object.keys(row)))];
  // A cell that a spreadsheet would take for a formula is marked as text.
  return stringify(flat, { header: columns.length > 0, columns, escape_formulas: true, cast: { boolean: String } });
}

/** Nested values under names that are joined by dots; lists as JSON. */
function flatten(value: unknown, name = ''): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { [name || 'value']: Array.isArray(value) ? JSON.stringify(value) : value };
  }
  return Object.assign({}, ...Object.entries(value).map(([key, inner]) => flatten(inner, name === '' ? key : `${name}.${key}`))) as Record<string, unknown>;
}

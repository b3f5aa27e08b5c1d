import type { Style } from './style.js';

/** What a command found out or did. */
export interface Result {
  /** As `--output json` shows it, without the name of its schema. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Name of the list in the data that csv and ndjson print line by line. @default the whole data is the only line */
  readonly rows?: string;
  /** As people read it. */
  readonly human: (style: Style) => readonly Block[];
  /** One of `EXIT`, or that of a program which the command ran. @default 0 */
  readonly exitCode?: number;
  /** Form to print it in, for a flag that says so. @default that of `--output` */
  readonly format?: 'csv';
}

/** A part of what people read: a line, or a table. */
export type Block = string | Table;

export interface Column {
  readonly title: string;
  /** @default 'left' */
  readonly align?: 'left' | 'right';
}

export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
}

/** A table; a title alone is a column that is aligned to the left. */
export const table = (columns: readonly (string | Column)[], rows: readonly (readonly string[])[]): Table =>
  ({ columns: columns.map((column) => (typeof column === 'string' ? { title: column } : column)), rows });

export const right = (title: string): Column => ({ title, align: 'right' });

/** Lines of names and values, the values below each other. */
export function fields(entries: readonly (readonly [name: string, value: string | undefined])[], indent = ''): string[] {
  const shown = entries.filter((entry): entry is readonly [string, string] => entry[1] !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length), 0) + 2;
  return shown.map(([name, value]) => `${indent}${`${name}:`.padEnd(width)}${value}`);
}

/** A table of markdown; the first row is its head. */
export function table([head, ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const alignment = head!.map((_, column) => (column === 0 ? '---' : '---:'));
  return [line(head!), line(alignment), ...rows.map(line)].join('\n');
}

/** Three digits, with commas between thousands. */
export function number(value: number): string {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  const rounded = Number(value.toPrecision(3));
  return rounded.toLocaleString('en-US', { maximumFractionDigits: Math.min(digits, 4) });
}

export const times = (value: number): string => `${value >= 10 ? number(value) : value.toFixed(2)}x`;

/** A count as it is: calls and units have no noise. */
export const count = (value: number): string => String(value);

export const dollars = (value: number): string => (value === 0 ? '$0' : `$${value < 0.01 ? value.toPrecision(1) : value.toFixed(3).replace(/0$/, '')}`);

import type { Cost } from './metering-proxy';

/** A step did not do what it says. */
export class DemoFailure extends Error {
  override readonly name = 'DemoFailure';
}

/** Stops the demo, which then exits non-zero, unless a claim holds. */
export function check(holds: boolean, claim: string): void {
  if (!holds) throw new DemoFailure(claim);
}

let steps = 0;

/** Starts a step. */
export function title(text: string): void {
  console.log(`\n${++steps}. ${text}`);
}

/** Says what happened. */
export function say(text: string): void {
  console.log(`   ${text}`);
}

/** Says what it cost. */
export function cost({ calls, writeUnits, readUnits, refused }: Cost): void {
  const counted = [...new Set(calls)].map((name) => `${calls.filter((call) => call === name).length} ${name}`).join(', ');
  const billed = refused > 0 ? ` (and ${refused} writes refused by their condition, which AWS bills too)` : '';
  console.log(`   cost: ${counted || 'no call'}; ${writeUnits} write units, ${readUnits} read units${billed}`);
}

/** Prints rows in columns; numbers are right-aligned. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => String(row[column]).length)));
  const line = (row: readonly (string | number)[]): string =>
    row.map((cell, column) => (typeof cell === 'number' ? String(cell).padStart(widths[column]!) : cell.padEnd(widths[column]!))).join('  ').trimEnd();
  [header, ...rows].forEach((row) => say(line(row)));
}

/** A line that cannot move the cursor or break a table, whoever stored its text; colours stay. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001a\u001c-\u001f\u007f-\u009f]|\u001b(?!\[[\d;]*m)/g, ' ');
}

/** Text of any number of lines, each of them printable and ended. */
export const printableLines = (text: string): string => text.split('\n').map((line) => `${printable(line)}\n`).join('');

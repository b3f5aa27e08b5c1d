import { stripVTControlCharacters } from 'node:util';
import { printable } from './printable.js';
import type { Table } from './result.js';
import type { Style } from './style.js';

const GAP = 2;
/** A column is not made narrower than this. */
const MIN_WIDTH = 8;

/** A table with a rule below its titles, wrapped to the width of the terminal. */
export async function drawTable({ columns, rows }: Table, style: Style): Promise<string> {
  const { table } = await import('table'); // slow to load, and few commands draw one
  const cells = [columns.map(({ title }) => style.bold(title)), ...rows.map((row) => row.map(printable))];
  const widths = fit(columns.map((_, at) => Math.max(1, ...cells.map((row) => widthOf(row[at]!)))), style.width);
  const drawn = table(cells, {
    border: {
      topBody: '', topJoin: '', topLeft: '', topRight: '', bottomBody: '', bottomJoin: '', bottomLeft: '', bottomRight: '',
      bodyLeft: '', bodyRight: '', bodyJoin: '', joinBody: style.unicode ? '─' : '-', joinLeft: '', joinRight: '', joinJoin: '',
    },
    columnDefault: { paddingLeft: 0, paddingRight: GAP },
    columns: columns.map(({ align = 'left' }, at) => ({
      alignment: align, width: widths[at]!, wrapWord: false, paddingRight: at === columns.length - 1 ? 0 : GAP,
    })),
    drawHorizontalLine: (line) => line === 1,
  });
  return drawn.trimEnd().split('\n').map((line) => line.trimEnd()).join('\n');
}

/** Takes from the widest columns until all fit. */
function fit(natural: readonly number[], available: number): number[] {
  const widths = [...natural];
  const total = (): number => widths.reduce((sum, width) => sum + width + GAP, -GAP);
  for (let excess = total() - available; excess > 0 && Math.max(...widths) > MIN_WIDTH; excess = total() - available) {
    widths[widths.indexOf(Math.max(...widths))]! -= 1;
  }
  return widths;
}

/** Emoji take two columns of a terminal. */
const widthOf = (text: string): number =>
  [...stripVTControlCharacters(text)].reduce((width, character) => width + (/\p{Emoji_Presentation}/u.test(character) ? 2 : 1), 0);

import { createColors } from 'picocolors';
import type { GlobalValues } from '../command/global-options.js';
import type { Io, Output } from '../io.js';

/** Colours and signs of the terminal that the result is for. */
export interface Style {
  readonly ok: string;
  readonly failed: string;
  readonly warning: string;
  readonly pending: string;
  readonly arrow: string;
  /** A line of this many characters; 50 unless given. */
  readonly rule: (width?: number) => string;
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
  /** Characters of a line. */
  readonly width: number;
  readonly unicode: boolean;
}

type Paint = (text: string) => string;

/** Width of what goes to a file or another program. */
const NO_TERMINAL = Infinity;

export function styleFor(output: Output, env: Io['env'], { noColor, ascii }: Pick<GlobalValues, 'noColor' | 'ascii'>): Style {
  const { bold, dim, red, green, yellow, cyan } = createColors(isColoured(output, env, noColor));
  const sign = (unicode: string, plain: string): string => (ascii ? plain : unicode);
  return {
    ok: green(sign('✓', '[ok]')),
    failed: red(sign('✗', '[failed]')),
    warning: yellow(sign('⚠️', '[warning]')),
    pending: yellow(sign('⏳', '[pending]')),
    arrow: sign('→', '->'),
    rule: (width = 50) => dim(sign('─', '-').repeat(width)),
    bold, dim, red, green, yellow, cyan,
    width: output.columns ?? NO_TERMINAL,
    unicode: !ascii,
  };
}

/** See https://no-color.org and https://force-color.org. */
function isColoured({ isTTY = false }: Output, env: Io['env'], noColor: boolean): boolean {
  if (noColor || env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0';
  return isTTY && env.TERM !== 'dumb';
}

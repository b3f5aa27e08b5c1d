import { Logger, type LogLevel } from '../../../lambda-src/shared/logger';

/** One line of a function's log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** A logger that keeps its lines. */
export function recordingLogger(level: LogLevel = 'DEBUG'): { logger: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  return { logger: new Logger('test', { level, write: (line) => lines.push(JSON.parse(line) as LogLine) }), lines };
}

import { Logger } from '../../../lambda-src/shared/logger';

/** One line of a function's log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** A logger that keeps its lines. */
export function recordingLogger(): { logger: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  return { logger: new Logger('test', 'DEBUG', (line) => lines.push(JSON.parse(line) as LogLine)), lines };
}

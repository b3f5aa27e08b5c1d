const LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;
export type LogLevel = (typeof LEVELS)[number];

type Fields = Readonly<Record<string, unknown>>;

/** Writes one JSON object a line, which Lambda's JSON log format takes as it is. */
export class Logger {
  private readonly threshold: number;

  constructor(private readonly name: string, level: LogLevel = 'INFO', private readonly write: (line: string) => void = (line) => void process.stdout.write(`${line}\n`)) {
    this.threshold = LEVELS.indexOf(level);
  }

  debug(message: string, fields?: Fields): void {
    this.log('DEBUG', message, fields);
  }

  info(message: string, fields?: Fields): void {
    this.log('INFO', message, fields);
  }

  warn(message: string, fields?: Fields): void {
    this.log('WARN', message, fields);
  }

  error(message: string, fields?: Fields): void {
    this.log('ERROR', message, fields);
  }

  private log(level: LogLevel, message: string, fields: Fields = {}): void {
    if (LEVELS.indexOf(level) < this.threshold) return;
    this.write(JSON.stringify({ timestamp: new Date().toISOString(), level, logger: this.name, message, ...fields }));
  }
}

export function isLogLevel(text: string): text is LogLevel {
  return (LEVELS as readonly string[]).includes(text);
}

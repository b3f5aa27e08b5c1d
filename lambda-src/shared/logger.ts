import { createHash } from 'node:crypto';

const LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;
export type LogLevel = (typeof LEVELS)[number];

type Fields = Readonly<Record<string, unknown>>;

export interface LoggerOptions {
  /** Lowest level that is written. @default 'INFO' */
  readonly level?: LogLevel;
  /** Whether ids of entities, which may be personal, are written or only a hash of them. @default 'plain' */
  readonly entityIds?: 'plain' | 'hash';
  /** Takes a line. @default standard output */
  readonly write?: (line: string) => void;
}

/** Writes one JSON object a line, which Lambda's JSON log format takes as it is. */
export class Logger {
  private readonly threshold: number;
  private readonly fieldsOf: (fields: Fields) => Fields;
  /** Writes a line as it is. */
  readonly write: (line: string) => void;

  constructor(private readonly name: string, { level = 'INFO', entityIds = 'plain', write = toStandardOutput }: LoggerOptions = {}) {
    this.threshold = LEVELS.indexOf(level);
    this.fieldsOf = entityIds === 'hash' ? withoutEntityIds : (fields) => fields;
    this.write = write;
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
    this.write(JSON.stringify({ timestamp: new Date().toISOString(), level, logger: this.name, message, ...this.fieldsOf(fields) }));
  }
}

function toStandardOutput(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function isLogLevel(text: string): text is LogLevel {
  return (LEVELS as readonly string[]).includes(text);
}

/** Fields that are or hold an entity's id. The text of an error may quote a key. */
const HASHED: ReadonlySet<string> = new Set(['entity_id', 'keys']);
const HASH_DIGITS = 16;

function withoutEntityIds(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => {
    if (HASHED.has(name)) return [name, hash(typeof value === 'string' ? value : JSON.stringify(value))];
    return name === 'exception' ? [name, String(value).split(':')[0]] : [name, value];
  }));
}

const hash = (value: string | undefined): string => createHash('sha256').update(value ?? '').digest('hex').slice(0, HASH_DIGITS);

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** What is remembered. No entities: their ids may be personal. */
const KINDS = ['name', 'namespace', 'resource'] as const;
export type NameKind = typeof KINDS[number];

const MOST = 50;

/**
 * Names of limiters, namespaces and resources that commands were used with, in a file of this user, for completion without
 * a call. A file that cannot be read or written is as none.
 */
export class NameCache {
  private readonly file: string;

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.file = join(env.XDG_CACHE_HOME || join(env.HOME ?? homedir(), '.cache'), 'zae-limiter', 'names.json');
  }

  /** Last used first. */
  of(kind: NameKind): readonly string[] {
    const names = this.read()[kind];
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
  }

  /** Adds those of the values that are names. */
  remember(values: Readonly<Record<string, unknown>>): void {
    const used = KINDS.filter((kind) => typeof values[kind] === 'string' && values[kind] !== '' && this.of(kind)[0] !== values[kind]);
    if (used.length === 0) return;
    const names = Object.fromEntries(KINDS.map((kind) => {
      const name = values[kind] as string;
      return [kind, used.includes(kind) ? [name, ...this.of(kind).filter((other) => other !== name)].slice(0, MOST) : this.of(kind)];
    }));
    try {
      mkdirSync(dirname(this.file), { recursive: true });
      writeFileSync(this.file, JSON.stringify(names), { mode: 0o600 });
    } catch {
      // completion only
    }
  }

  private read(): Readonly<Record<string, unknown>> {
    try {
      return Object(JSON.parse(readFileSync(this.file, 'utf8'))) as Record<string, unknown>;
    } catch {
      return {};
    }
  }
}

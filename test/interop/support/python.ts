import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Limit } from '@zae-limiter/client';
import { interpreter, releases } from '../../../tools/python-env.cjs';

export { releases };

type Tokens = Readonly<Record<string, number>>;

/** A request to the Python client, and what its block does. */
export interface PythonRequest {
  readonly entity: string;
  readonly resource: string;
  readonly consume: Tokens;
  /** Corrections inside the block. */
  readonly adjust?: Tokens;
  /** Leaves the block with an error, so that the client rolls back. */
  readonly giveUp?: boolean;
}

export type PythonDecision =
  | { readonly admitted: true }
  | { readonly admitted: false; readonly violations: readonly (readonly [entity: string, limit: string])[]; readonly retryAfterSeconds: number };

/** A limit in the words of the Python library. */
export interface PythonLimit {
  readonly name: string;
  readonly capacity: number;
  readonly refill_amount: number;
  readonly refill_period_seconds: number;
}

/** Limits that the Python client found. */
export interface PythonLimits {
  readonly limits: readonly PythonLimit[];
  readonly source: 'entity' | 'entity_default' | 'resource' | 'system' | null;
  readonly onUnavailable: 'allow' | 'block' | null;
}

/** A usage snapshot as the Python client read it. */
export interface PythonUsage {
  readonly resource: string;
  readonly window_type: string;
  readonly window_start: string;
  readonly window_end: string;
  readonly counters: Tokens;
  readonly total_events: number;
}

/** What the Python client raised. */
export class PythonError extends Error {
  constructor(override readonly name: string, message: string) {
    super(message);
  }
}

/** A limit as the Python library names its parts. */
export function inPython({ name, capacity, refillAmount, refillPeriodSeconds }: Limit): PythonLimit {
  return { name, capacity, refill_amount: refillAmount, refill_period_seconds: refillPeriodSeconds };
}

/** A process with a client of the Python library, on the table that the tests share. Commands are carried out in order. */
export class Python {
  /** @param release release of the library */
  static start(release: string): Python {
    const child = spawn(interpreter(release), [join(__dirname, '..', 'driver.py')], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, PYTHONWARNINGS: 'ignore' },
    });
    return new Python(child);
  }

  private readonly waiting: { resolve(answer: unknown): void; reject(error: Error): void }[] = [];
  private said = '';
  private readonly ended: Promise<void>;

  private constructor(private readonly child: ChildProcessByStdio<Writable, Readable, Readable>) {
    child.stderr.on('data', (data) => { this.said += data; });
    child.stdin.on('error', () => undefined); // the end of the process says more
    createInterface(child.stdout).on('line', (line) => {
      const answer = JSON.parse(line) as { ok: unknown } | { error: string; message: string };
      const { resolve, reject } = this.waiting.shift()!;
      if ('error' in answer) reject(new PythonError(answer.error, answer.message));
      else resolve(answer.ok);
    });
    this.ended = new Promise((resolve) => child.once('close', () => {
      for (const { reject } of this.waiting.splice(0)) reject(new Error(`the Python process ended:\n${this.said}`));
      resolve();
    }));
  }

  /**
   * Opens a namespace, and returns its id.
   *
   * @param create registers it when it is not there
   */
  async connect(namespace: string, { create = false, configCacheSeconds = 0 } = {}): Promise<string> {
    return await this.send('connect', { namespace, create, config_cache_ttl: configCacheSeconds }) as string;
  }

  /** The release of the library that the process runs. */
  async version(): Promise<string> {
    return await this.send('version', {}) as string;
  }

  async acquire({ giveUp = false, ...request }: PythonRequest): Promise<PythonDecision> {
    return await this.send('acquire', { ...request, give_up: giveUp }) as PythonDecision;
  }

  /** Acquires `rounds` times from each of several threads; returns how many were admitted. */
  async saturate(request: PythonRequest & { readonly rounds: number; readonly callers: number }): Promise<number> {
    return await this.send('saturate', request) as number;
  }

  /** Stores limits on the level that the scope names. */
  async setLimits(limits: readonly Limit[], scope: { entity?: string; resource?: string; onUnavailable?: string } = {}): Promise<void> {
    const { entity, resource, onUnavailable } = scope;
    await this.send('set_limits', { limits: limits.map(inPython), entity, resource, on_unavailable: onUnavailable });
  }

  async resolveLimits(entity: string, resource: string): Promise<PythonLimits> {
    return await this.send('resolve_limits', { entity, resource }) as PythonLimits;
  }

  /** Whole tokens by limit name. */
  async available(entity: string, resource: string): Promise<Tokens> {
    return await this.send('available', { entity, resource }) as Tokens;
  }

  async usage(entity: string): Promise<readonly PythonUsage[]> {
    return await this.send('usage', { entity }) as PythonUsage[];
  }

  async createEntity(entity: string, { parent, cascade = false }: { parent?: string; cascade?: boolean } = {}): Promise<void> {
    await this.send('create_entity', { entity, parent, cascade });
  }

  async deleteEntity(entity: string): Promise<void> {
    await this.send('delete_entity', { entity });
  }

  async stop(): Promise<void> {
    this.child.stdin.end();
    await this.ended;
  }

  private async send(command: string, parameters: object): Promise<unknown> {
    if (this.child.exitCode !== null) throw new Error(`the Python process ended:\n${this.said}`);
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.child.stdin.write(`${JSON.stringify({ do: command, with: parameters })}\n`);
    });
  }
}

import type { Load, Request } from '../load';

/** Something that is measured. Lives in a process of its own. */
export interface Subject {
  /** Whether a request for a key is another one when the key was asked for within the last minute. */
  readonly remembers?: boolean;
  /** Prepares a load, which costs what it costs, and returns what sends one request. */
  prepare(load: Load): Promise<Request>;
}

/** What every subject finds in its environment, beside what the SDK reads. */
export interface Environment {
  /** The table of a limiter, as the construct synthesises it. */
  readonly table: string;
  /** A table with a key and nothing else, for libraries that make their own. */
  readonly plainTable: string;
  readonly namespace: string;
  readonly namespaceId: string;
}

export function readEnvironment(): Environment {
  return JSON.parse(process.env.BENCH_ENVIRONMENT!) as Environment;
}

/** Resources whose limits are stored before anything is measured. */
export const RESOURCES = {
  /** Never short, and never so far from full that a take has to book a refill. */
  ample: 'ample',
  /** One token a day. */
  short: 'short',
  /** Empty after every request, and full again a millisecond later. */
  refilling: 'refilling',
} as const;

/** The request that every subject answers: one of 'rpm' and five of 'tpm'. */
export const CONSUME = { rpm: 1, tpm: 5 } as const;

/** Whose buckets are there before anything is measured: those that the floor writes to, and those of the limiters. */
export const SEEDED = ['floor', 'key'] as const;
export const SEEDED_KEYS = 1000;

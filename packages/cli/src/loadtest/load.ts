import { setImmediate } from 'node:timers/promises';
import type { AcquireRequest, Clock } from '@zae-limiter/client';
import { invalid } from '../errors.js';
import { Measurements, type Summary } from './measurements.js';
import type { UserClass } from './scenario.js';

export interface LoadOptions {
  readonly classes: readonly UserClass[];
  readonly users: number;
  /** Users that begin each second. */
  readonly spawnRate: number;
  readonly durationMs: number;
  /** @returns whether the request was allowed; throws when there was no answer */
  readonly send: (request: AcquireRequest) => Promise<boolean>;
  readonly clock: Clock;
  /** Milliseconds of a watch, to measure answers with. */
  readonly watch: () => number;
  /** Lets other users go on: an answer may come from memory at once. @default the next turn of the event loop */
  readonly breathe?: () => Promise<unknown>;
  /** Ends the load early. */
  readonly signal: AbortSignal;
  /** Told every second of what has been done. */
  readonly onProgress?: (progress: { readonly requests: number; readonly part: number }) => void;
}

const PROGRESS_MS = 1000;

/**
 * Lets virtual users send requests, each one after the other, until the time is over. Answers that are under way are waited
 * for.
 *
 * @throws {CliError} a request could not be made
 */
export async function runLoad(options: LoadOptions): Promise<Summary> {
  const { classes, users, spawnRate, durationMs, clock, watch } = options;
  const measurements = new Measurements();
  const [began, watched] = [clock.now(), watch()];
  const order = classes.flatMap((one) => Array.from({ length: one.weight }, () => one));
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const progress = report(options, measurements, began, signal);
  const ended = await Promise.allSettled(Array.from({ length: users }, async (_, user) => {
    await pause(clock, (user / spawnRate) * 1000, signal);
    await act({ ...options, signal }, order[user % order.length]!, user, began + durationMs, measurements).catch((cause: unknown) => {
      stop.abort();
      throw invalid(`the scenario made no request: ${(cause as Error).message}`);
    });
  }));
  stop.abort();
  await progress;
  const broken = ended.find((one) => one.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
  return measurements.summary(watch() - watched);
}

/** One user, from the first request to the last. */
async function act(
  { clock, watch, send, signal, breathe = setImmediate }: LoadOptions, { request, pauseMs }: UserClass,
  user: number, end: number, measurements: Measurements,
): Promise<void> {
  for (let iteration = 0; clock.now() < end && !signal.aborted; iteration++) {
    const next = await request({ user, iteration });
    const sent = watch();
    try {
      const allowed = await send(next);
      measurements.add(allowed ? 'allowed' : 'denied', watch() - sent);
    } catch (error) {
      measurements.add('failed', watch() - sent, error);
    }
    if (pauseMs > 0) await pause(clock, Math.min(pauseMs, end - clock.now()), signal);
    else await breathe();
  }
}

async function report({ clock, durationMs, onProgress }: LoadOptions, measurements: Measurements, began: number, signal: AbortSignal): Promise<void> {
  while (onProgress !== undefined && !signal.aborted) {
    onProgress({ requests: measurements.requests, part: Math.min(1, (clock.now() - began) / durationMs) });
    await pause(clock, PROGRESS_MS, signal);
  }
}

/** Ends early, and without an error, when the load does. */
async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0 && !signal.aborted) await clock.sleep(ms, signal).catch(() => {});
}

// A process that one subject lives in. The parent sends loads, this answers with windows.
import { subscribe } from 'node:diagnostics_channel';
import { keySource, runLoad, type Load, type Request } from './load';
import { forEachKey } from './parallel';
import { sdk } from './subjects/floor';
import { http } from './subjects/http.mjs';
import { ours } from './subjects/ours';
import { profile } from './subjects/profile';
import { rateLimiterFlexible } from './subjects/rate-limiter-flexible.mjs';
import type { Subject } from './subjects/subject';

const SUBJECTS: Record<string, () => Promise<Subject>> = {
  sdk, http, ours, profile, 'rate-limiter-flexible': rateLimiterFlexible,
};

/** Calls that went through the HTTP client of Node.js, as those of the SDK do. */
let calls = 0;
subscribe('http.client.request.start', () => { calls++; });

/** Keys that are few enough for all to be asked for once before a window. */
const FEW_KEYS = 1000;

interface Prepared {
  readonly request: Request;
  /** Goes on where the last window ended, so that many keys do not come down to the first of them. */
  readonly next: () => number;
  /** When all keys were asked for, by the clock of performance.now(). */
  primedAt: number;
}

/** Less than the minute for which a limiter remembers what it read. */
const PRIMED_MS = 40_000;

const prepared = new Map<string, Promise<Prepared>>();
let subject: Promise<Subject> | undefined;

async function answer(load: Load): Promise<unknown> {
  subject ??= SUBJECTS[process.argv[2]!]!();
  const { ms, warmUpMs, metered, ...what } = load;
  const { keys } = load;
  const { prepare, remembers } = await subject;
  const id = JSON.stringify(what);
  const ready = prepared.get(id)
    ?? Promise.resolve(prepare(load)).then((request): Prepared => ({ request, next: keySource(keys), primedAt: -Infinity }));
  prepared.set(id, ready);
  const state = await ready;
  const { request, next } = state;
  if (remembers && typeof keys === 'number' && keys > 1 && keys <= FEW_KEYS && performance.now() - state.primedAt > PRIMED_MS) {
    await forEachKey(keys, request);
    state.primedAt = performance.now();
  }
  await runLoad(request, next, { ...load, ms: warmUpMs });
  const before = calls;
  const window = await runLoad(request, next, load);
  return { ...window, calls: (calls - before) / window.operations };
}

process.on('message', (load: Load) => {
  answer(load).then((window) => process.send!({ window }), (error: Error) => process.send!({ error: error.stack ?? String(error) }));
});

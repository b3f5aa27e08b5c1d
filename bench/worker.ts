// A process that one subject lives in. The parent sends loads, this answers with windows.
import { subscribe } from 'node:diagnostics_channel';
import { runLoad, type Load, type Request } from './load';
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

const prepared = new Map<string, Promise<Request>>();
let subject: Promise<Subject> | undefined;

async function answer(load: Load): Promise<unknown> {
  subject ??= SUBJECTS[process.argv[2]!]!();
  const { ms, warmUpMs, metered, ...what } = load;
  const id = JSON.stringify(what);
  const request = prepared.get(id) ?? (await subject).prepare(load);
  prepared.set(id, request);
  await runLoad(await request, { ...load, ms: warmUpMs });
  const before = calls;
  const window = await runLoad(await request, load);
  return { ...window, calls: (calls - before) / window.operations };
}


process.on('message', (load: Load) => {
  answer(load).then((window) => process.send!({ window }), (error: Error) => process.send!({ error: error.stack ?? String(error) }));
});

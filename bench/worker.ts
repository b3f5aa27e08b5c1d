// A process that one subject lives in. The parent sends loads, this answers with windows.
import { runLoad, type Load, type Request } from './load';
import { sdk } from './subjects/floor';
import { http } from './subjects/http.mjs';
import { ours } from './subjects/ours';
import { profile } from './subjects/profile';
import { rateLimiterFlexible } from './subjects/rate-limiter-flexible.mjs';
import type { Subject } from './subjects/subject';

const SUBJECTS: Record<string, () => Promise<Subject>> = {
  sdk, http, ours, profile, 'ours through the SDK': () => ours({ direct: false }), 'rate-limiter-flexible': rateLimiterFlexible,
};

const prepared = new Map<string, Promise<Request>>();
let subject: Promise<Subject> | undefined;

async function answer(load: Load): Promise<unknown> {
  subject ??= SUBJECTS[process.argv[2]!]!();
  const { ms, warmUpMs, metered, ...what } = load;
  const id = JSON.stringify(what);
  const request = prepared.get(id) ?? (await subject).prepare(load);
  prepared.set(id, request);
  await runLoad(await request, { ...load, ms: warmUpMs });
  return runLoad(await request, load);
}

process.on('message', (load: Load) => {
  answer(load).then((window) => process.send!({ window }), (error: Error) => process.send!({ error: error.stack ?? String(error) }));
});

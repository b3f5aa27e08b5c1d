import { Type } from '@sinclair/typebox';
import { Limit } from '@zae-limiter/client';
import { command } from '../../command/command.js';
import { value } from '../../command/option.js';
import { CliError } from '../../errors.js';
import { milliseconds } from '../../loadtest/measurements.js';
import { table } from '../../output/result.js';

/** Nobody's: applications have no such entity, and its bucket expires by itself. */
const CANARY = 'zae-limiter-smoke';
const LIMITS = [Limit.perMinute('checks', 1000)];

export const smoke = command({
  path: 'smoke',
  summary: 'Take, correct and give back tokens of an entity of its own, for pipelines',
  description: 'Brings its own limits, so none need be stored. Ends with 0 when every step worked and left the bucket as it should.',
  scope: 'namespace',
  effect: 'writes',
  options: { entity: value('--entity <entity>', 'entity to use', CANARY, { parse: String }) },
  output: Type.Object({
    entity: Type.String(),
    resource: Type.String(),
    steps: Type.Array(Type.Object({ step: Type.String(), ms: Type.Number({ description: 'milliseconds that it took' }) })),
  }),
  async run(context, { entity }) {
    const { limiter, admin } = await context.namespace();
    const steps: { step: string; ms: number }[] = [];
    const timed = async <T>(step: string, work: () => Promise<T>): Promise<T> => {
      const began = performance.now();
      const result = await work();
      steps.push({ step, ms: Math.round((performance.now() - began) * 100) / 100 });
      return result;
    };
    const take = async () => limiter.acquire({ entity, resource: CANARY, consume: { checks: 1 }, limits: LIMITS, onUnavailable: 'block' });
    const consumed = async (): Promise<number> => {
      const [bucket] = await admin.buckets.show(entity, CANARY);
      return bucket?.limits.find(({ name }) => name === 'checks')?.totalConsumed ?? 0;
    };
    const before = await consumed();
    const lease = await timed('acquire', take);
    await timed('adjust', async () => { lease.adjust({ checks: 2 }); await lease.flush(); });
    const adjusted = await consumed();
    await timed('release', async () => lease.rollback());
    check('adjusting', adjusted - before, 3);
    check('giving back', await consumed() - before, 0);
    return {
      data: { entity, resource: CANARY, steps },
      human: ({ ok }) => [table(['Step', 'Took'], steps.map(({ step, ms }) => [step, milliseconds(ms)])), '', `${ok} The limiter takes, corrects and gives back tokens`],
    };
  },
});

function check(step: string, found: number, expected: number): void {
  if (found === expected) return;
  throw new CliError('SMOKE_FAILED', `after ${step} ${found} token(s) counted as consumed instead of ${expected}; does another check run at the same time?`, {
    hints: ['zae-limiter doctor   looks for the cause'],
  });
}

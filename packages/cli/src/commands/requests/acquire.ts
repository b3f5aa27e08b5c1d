import { Type } from '@sinclair/typebox';
import type { AllowedDecision, Decision, DegradedDecision, Lease, LimitView, ShadowDecision } from '@zae-limiter/client';
import { command } from '../../command/command.js';
import { argument, flag, operands, optional } from '../../command/option.js';
import { duration } from '../../command/parsers.js';
import type { Context } from '../../context.js';
import { invalid } from '../../errors.js';
import { EXIT } from '../../exit-codes.js';
import type { Result } from '../../output/result.js';
import { count, time } from '../../output/text.js';
import { tokensOf, tokensOption } from '../tokens-option.js';
import { runProgram } from './child-process.js';
import { limitData, LimitSchema, violationData, ViolationSchema } from './limit-data.js';

const OptionalInteger = Type.Union([Type.Integer(), Type.Null()]);

export const acquire = command({
  path: 'acquire',
  summary: 'Take tokens, and run a program with them',
  description: [
    'Ends with 8 when a limit is short, and takes nothing then. Without a program the tokens stay taken.',
    'With one, the tokens are held while it runs, and its exit code is that of this command: when the program fails its tokens are',
    'given back, unless --keep. Ctrl-C goes to the program, and the tokens are settled when it has ended.',
  ].join('\n'),
  scope: 'namespace',
  effect: 'writes',
  arguments: {
    entity: argument('entity', 'entity'), resource: argument('resource', 'resource'), program: operands('program', 'program and its arguments, behind --'),
  },
  options: {
    consume: tokensOption('tokens to take, such as rpm=1'),
    wait: optional('--wait <duration>', 'longest wait for tokens, such as 30s', { parse: duration }),
    keep: flag('--keep', 'keep the tokens when the program fails'),
  },
  output: Type.Object({
    entity: Type.String(),
    resource: Type.String(),
    outcome: Type.Union(['allowed', 'degraded', 'limited', 'unsatisfiable'].map((outcome) => Type.Literal(outcome)), {
      description: 'degraded: DynamoDB did not answer and the stored policy lets requests pass; unsatisfiable: more than a limit can hold',
    }),
    retryAfterMs: OptionalInteger,
    violations: Type.Array(ViolationSchema, { description: 'limits that were short, longest wait first' }),
    limits: Type.Array(LimitSchema, { description: 'every limit, of the entity and then of its parent' }),
    programExitCode: Type.Union([Type.Integer(), Type.Null()], { description: 'null when none was run' }),
    settled: Type.Union([Type.Literal('kept'), Type.Literal('given back'), Type.Null()], { description: 'what happened to the tokens' }),
  }),
  examples: ['acquire user-1 gpt-4 -c rpm=1 -c tpm=500', 'acquire nightly export -c runs=1 --wait 5m -- ./export.sh --full'],
  async run(context, { entity, resource, program, consume, wait, keep }) {
    const [first, ...rest] = program;
    if (keep && first === undefined) throw invalid('--keep is for a program that follows --; without one the tokens stay taken anyway');
    const { limiter } = await context.namespace();
    const { signal } = context;
    const decision = await limiter.tryAcquire({ entity, resource, consume: tokensOf(consume), wait: wait !== undefined && { maxMs: wait }, signal });
    if (decision.outcome === 'unavailable') throw decision.cause;
    if (!decision.allowed) return answer(entity, resource, decision);
    if (first === undefined || context.dryRun) return answer(entity, resource, decision, { exitCode: null, settled: 'kept' });
    return answer(entity, resource, decision, await runWith(context, decision.lease, [first, ...rest], keep));
  },
});

interface Run {
  readonly exitCode: number | null;
  readonly settled: 'kept' | 'given back';
}

/** Holds the tokens while a program runs. */
async function runWith(context: Context, lease: Lease, program: readonly [string, ...string[]], keep: boolean): Promise<Run> {
  context.endsItself = true;
  let exitCode: number | undefined;
  try {
    exitCode = await runProgram(context, program);
  } finally {
    await (exitCode === 0 || (exitCode !== undefined && keep) ? lease.commit() : lease.rollback());
  }
  return { exitCode, settled: exitCode === 0 || keep ? 'kept' : 'given back' };
}

type Answered = Exclude<Decision, { outcome: 'unavailable' }>;

function answer(entity: string, resource: string, decision: Answered, run?: Run): Result {
  const violations = decision.allowed ? [] : decision.violations;
  const retryAfterMs = decision.outcome === 'limited' ? decision.retryAfterMs : null;
  return {
    data: {
      entity, resource, outcome: decision.outcome, retryAfterMs, violations: violations.map(violationData),
      limits: decision.limits.map(limitData), programExitCode: run?.exitCode ?? null, settled: run?.settled ?? null,
    },
    exitCode: decision.allowed ? run?.exitCode ?? EXIT.ok : EXIT.rateLimited,
    // Beside a program's own output the decision would be noise.
    human: () => (decision.allowed ? (run?.exitCode === null ? allowedLines(decision) : []) : deniedLines(violations, retryAfterMs)),
  };
}

function allowedLines({ outcome, limits }: AllowedDecision | DegradedDecision | ShadowDecision): string[] {
  if (outcome === 'degraded') return ['Allowed without DynamoDB, which did not answer: nothing was taken'];
  return ['Allowed', ...limits.map(({ entity, name, remaining, capacity }) => `  ${entity} ${name}: ${count(remaining)} of ${count(capacity)} left`)];
}

function deniedLines(violations: readonly LimitView[], retryAfterMs: number | null): string[] {
  return [
    retryAfterMs === null ? 'Denied: no wait helps, the request is above the capacity' : `Denied: retry after ${time(retryAfterMs)}`,
    ...violations.map(({ entity, name, remaining, capacity, requested }) =>
      `  ${entity} ${name}: asked for ${count(requested)}, ${count(remaining)} of ${count(capacity)} left`),
  ];
}

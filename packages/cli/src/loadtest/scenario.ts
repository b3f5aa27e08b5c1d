import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { Type, type Static, type TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { Limit, type AcquireRequest } from '@zae-limiter/client';
import { duration } from '../command/parsers.js';
import { invalid } from '../errors.js';

/** Who asks, and how often they have. */
export interface Turn {
  /** Number of the virtual user, from 0. */
  readonly user: number;
  /** Requests that the user has made before. */
  readonly iteration: number;
}

/** Virtual users that behave alike. */
export interface UserClass {
  readonly name: string;
  /** Their part of all users, relative to the others. */
  readonly weight: number;
  /** Milliseconds between an answer and the next request. */
  readonly pauseMs: number;
  readonly request: (turn: Turn) => AcquireRequest | Promise<AcquireRequest>;
}

const Weight = Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 }));

const RequestSchema = Type.Object({
  entity: Type.String(),
  resource: Type.String(),
  consume: Type.Record(Type.String(), Type.Integer({ minimum: 0 })),
  limits: Type.Optional(Type.Array(Type.String())),
  weight: Weight,
}, { additionalProperties: false });

const ScenarioSchema = Type.Object({
  users: Type.Record(Type.String(), Type.Object({
    weight: Weight,
    pause: Type.Optional(Type.String()),
    requests: Type.Array(RequestSchema, { minItems: 1 }),
  }, { additionalProperties: false }), { minProperties: 1 }),
}, { additionalProperties: false });

const MODULE = /\.[cm]?js$/;

/**
 * Reads who the virtual users are.
 *
 * JSON and YAML hold `users`: by class a `weight`, a `pause` and `requests`, where `{user}` and `{iteration}` stand for the
 * numbers of the turn. A module exports a function that makes a request of a turn, or several by class.
 *
 * @param only names of the classes that are wanted; all when it is empty
 * @throws {CliError} the file cannot be read, or a class is not in it
 */
export async function readScenario(cwd: string, file: string, only: readonly string[]): Promise<readonly UserClass[]> {
  const classes = MODULE.test(file) ? classesOfModule(file, load(cwd, file)) : classesOf(check(file, await parse(cwd, file)));
  const missing = only.find((name) => !classes.some((one) => one.name === name));
  if (missing !== undefined) throw invalid(`${file} has no user class '${missing}'`, `it has: ${classes.map(({ name }) => name).join(', ')}`);
  return only.length === 0 ? classes : classes.filter(({ name }) => only.includes(name));
}

async function parse(cwd: string, file: string): Promise<unknown> {
  try {
    return (await import('yaml')).parse(readFileSync(resolve(cwd, file), 'utf8')); // JSON is YAML
  } catch (cause) {
    throw invalid(`${file} cannot be read: ${(cause as Error).message}`);
  }
}

function load(cwd: string, file: string): unknown {
  const path = resolve(cwd, file);
  try {
    return createRequire(path)(path);
  } catch (cause) {
    throw invalid(`${file} cannot be loaded: ${(cause as Error).message}`);
  }
}

function check(file: string, content: unknown): Static<typeof ScenarioSchema> {
  const problem = Value.Errors(ScenarioSchema as TSchema, content).First();
  if (problem !== undefined) throw invalid(`${file} is no scenario: ${problem.path || 'the file'}: ${problem.message}`);
  return content as Static<typeof ScenarioSchema>;
}

function classesOf({ users }: Static<typeof ScenarioSchema>): UserClass[] {
  return Object.entries(users).map(([name, { weight = 1, pause, requests }]) => {
    const prepared = requests.map(({ limits, ...request }) =>
      ({ ...request, ...(limits !== undefined && { limits: limits.map((text) => Limit.parse(text)) }) }));
    const turns = prepared.flatMap((request) => Array.from({ length: request.weight ?? 1 }, () => request));
    return {
      name, weight, pauseMs: pause === undefined ? 0 : duration(pause),
      request: (turn) => {
        const { weight: _, entity, ...request } = turns[(turn.user + turn.iteration) % turns.length]!;
        return { ...request, entity: entity.replaceAll('{user}', String(turn.user)).replaceAll('{iteration}', String(turn.iteration)) };
      },
    };
  });
}

function classesOfModule(file: string, loaded: unknown): UserClass[] {
  const exported = (loaded as { default?: unknown } | undefined)?.default ?? loaded;
  const functions = typeof exported === 'function' ? { [exported.name || 'default']: exported } : exported ?? {};
  const classes = Object.entries(functions as object).filter(([, value]) => typeof value === 'function')
    .map(([name, request]): UserClass => ({ name, weight: 1, pauseMs: 0, request: request as UserClass['request'] }));
  if (classes.length === 0) throw invalid(`${file} exports no function that makes a request`);
  return classes;
}

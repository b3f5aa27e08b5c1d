import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FORMATS, type Format } from './command/global-options.js';
import { invalid } from './errors.js';

/** Flags that a configuration file may give defaults for. */
const KEYS = ['name', 'namespace', 'profile', 'region', 'endpointUrl', 'output', 'principal'] as const;
type Key = typeof KEYS[number];
export type Defaults = Readonly<Partial<Record<Key, string>>>;

/** Looked for in this order, in the folder in which the command runs. */
const FILES = ['zae-limiter.config.json', 'zae-limiter.config.yaml', 'zae-limiter.config.yml'];

/**
 * Defaults of flags from a file: those of its `stages.STAGE` over those at its top.
 *
 * @param file  path that was asked for; undefined to look for one
 * @param stage of which the defaults are wanted as well
 * @throws {CliError} the file is missing, or something in it is not known
 */
export async function readDefaults(folder: string, file: string | undefined, stage: string | undefined): Promise<Defaults> {
  const { path, content } = await load(folder, file) ?? {};
  if (path === undefined) {
    if (stage !== undefined) throw invalid(`there is no configuration file with a stage '${stage}'`);
    return {};
  }
  const { stages = {}, ...top } = mapping(content, path);
  const ofStage = stage === undefined ? {} : mapping(stages, `stages of ${path}`)[stage];
  if (ofStage === undefined) throw invalid(`${path} has no stage '${stage}'`, `it has: ${Object.keys(stages as object).join(', ') || 'none'}`);
  return { ...checked(top, path), ...checked(mapping(ofStage, `stage '${stage}' of ${path}`), path) };
}

async function load(folder: string, file: string | undefined): Promise<{ path: string; content: unknown } | undefined> {
  if (file !== undefined && !existsSync(resolve(folder, file))) throw invalid(`there is no configuration file '${file}'`);
  const path = file ?? FILES.find((name) => existsSync(join(folder, name)));
  if (path !== undefined) return { path, content: await parse(path, readFileSync(resolve(folder, path), 'utf8')) };
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) return undefined;
  const content = await parse('package.json', readFileSync(manifest, 'utf8')).catch(() => undefined); // of a project that is not ours to check
  const { zaeLimiter } = (content ?? {}) as { zaeLimiter?: unknown };
  return zaeLimiter === undefined ? undefined : { path: 'package.json#zaeLimiter', content: zaeLimiter };
}

async function parse(path: string, text: string): Promise<unknown> {
  try {
    return path.endsWith('.json') ? JSON.parse(text) : (await import('yaml')).parse(text);
  } catch (cause) {
    throw invalid(`${path} cannot be read: ${(cause as Error).message}`);
  }
}

function mapping(content: unknown, where: string): Record<string, unknown> {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) throw invalid(`${where} must be a mapping`);
  return content as Record<string, unknown>;
}

function checked(content: Record<string, unknown>, path: string): Defaults {
  for (const [key, value] of Object.entries(content)) {
    if (!KEYS.includes(key as Key)) throw invalid(`${path} has an unknown key '${key}'`, `known are: ${KEYS.join(', ')}, stages`);
    if (typeof value !== 'string') throw invalid(`'${key}' of ${path} must be text`);
    if (key === 'output' && !FORMATS.includes(value as Format)) throw invalid(`'output' of ${path} must be one of ${FORMATS.join(', ')}, got '${value}'`);
  }
  return content as Defaults;
}

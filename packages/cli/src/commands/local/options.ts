import { Type } from '@sinclair/typebox';
import { optional, value } from '../../command/option.js';
import { integer } from '../../command/parsers.js';
import { BACKENDS, DEFAULT_PORT, endpointOf, type Instance } from '../../local/instance.js';

/** Shared by the commands of this group. */

export const portOption = value('--port <port>', 'port that it listens on', DEFAULT_PORT, { parse: integer(1, 65_535) });

export const dockerHostOption = optional('--docker-host <url>', 'Docker of LocalStack, such as ssh://me@host; the one of DOCKER_HOST or the context unless given');

export const nameOption = optional('-n, --name <name>', "name of the limiter; 'zae-limiter' unless given", { env: 'ZAEL_STACK' });

const textOrNull = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

/** What JSON says of an instance. */
export const InstanceSchema = {
  backend: Type.Union(BACKENDS.map((name) => Type.Literal(name))),
  name: Type.String({ description: 'of the limiter' }),
  port: Type.Integer(),
  endpoint: Type.String(),
  pid: Type.Union([Type.Integer(), Type.Null()], { description: 'process that keeps it running; null for a container' }),
  data: textOrNull('folder of its items; null when they are in memory or in a container'),
  log: textOrNull('file of its log; null for a container'),
  image: textOrNull('of the container; null without one'),
  startedAt: Type.String(),
} as const;

export const instanceData = (instance: Instance): object => ({ ...instance, endpoint: endpointOf(instance.port) });

/** A command line of this group for a port, as people would type it. */
export const localCommand = (verb: string, port: number): string => `zae-limiter local ${verb}${port === DEFAULT_PORT ? '' : ` --port ${port}`}`;

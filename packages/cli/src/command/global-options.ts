import type { CommandInfo } from './info.js';
import { choice, flag, optional, required, value, type Options } from './option.js';
import { duration } from './parsers.js';

export const FORMATS = ['table', 'json', 'ndjson', 'yaml', 'csv', 'plain'] as const;
export type Format = typeof FORMATS[number];

const EVERYWHERE = {
  noColor: flag('--no-color', 'no colours; so do NO_COLOR and TERM=dumb'),
  ascii: flag('--ascii', 'no characters beyond ASCII'),
  quiet: flag('-q, --quiet', 'print results only'),
  verbose: flag('-v, --verbose', 'say more'),
  debug: flag('--debug', 'print every AWS call with its request id'),
  config: optional('--config <file>', 'defaults of these flags; zae-limiter.config.json, .yaml or package.json#zaeLimiter unless given'),
  stage: optional('--stage <stage>', 'stage of the configuration file', { env: 'ZAEL_STAGE' }),
} as const satisfies Options;

const RESULT = {
  output: choice('-o, --output <format>', 'table on a terminal, plain in a pipe', FORMATS),
  query: optional('--query <jmespath>', 'part of the result, as in the AWS CLI'),
} as const satisfies Options;

const AWS = {
  // The SDK reads AWS_PROFILE by itself; one that was asked for holds for a server of this machine as well.
  profile: optional('--profile <profile>', 'AWS profile; AWS_PROFILE unless given'),
  region: optional('--region <region>', 'AWS region; the one of the profile unless given'),
  endpointUrl: optional('--endpoint-url <url>', 'endpoint instead of AWS, such as the one of `local up`'),
  timeout: value('--timeout <duration>', 'longest wait for an AWS call', 30_000, { parse: duration }),
} as const satisfies Options;

const NAME = optional('-n, --name <name>', "name of the limiter; 'zae-limiter' unless given", { env: 'ZAEL_STACK' });
const NAMESPACE = optional('-N, --namespace <namespace>', "namespace; 'default' unless given", { env: 'ZAEL_NAMESPACE' });

const WRITING = {
  yes: flag('-y, --yes', 'do not ask'),
  dryRun: flag('--dry-run', 'show what would be written, and write nothing'),
} as const satisfies Options;

const PRINCIPAL = optional('--principal <principal>', 'who makes the change, for the audit trail; the caller of AWS unless given');

/** What all commands together know; which of them have which is up to `globalOptionsOf`. */
export interface GlobalValues {
  readonly noColor: boolean;
  readonly ascii: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly debug: boolean;
  readonly config?: string;
  readonly stage?: string;
  readonly output?: Format;
  readonly query?: string;
  readonly profile?: string;
  readonly region?: string;
  readonly endpointUrl?: string;
  readonly timeout: number;
  readonly name?: string;
  readonly namespace?: string;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly principal?: string;
}

/** The flags that a command shares with others of its kind. */
export function globalOptionsOf({ scope, effect, nameRequired = false, writesFile = false, audited = true }: CommandInfo): Options {
  const named = scope === 'namespace' || scope === 'table';
  return {
    ...(named && { name: nameRequired ? required(NAME.flags, 'name of the limiter') : NAME }),
    ...(scope === 'namespace' && { namespace: NAMESPACE }),
    ...(scope !== 'offline' && AWS),
    ...(effect === 'writes' && WRITING),
    ...(effect === 'writes' && named && audited && { principal: PRINCIPAL }),
    ...(!writesFile && RESULT),
    ...EVERYWHERE,
  };
}

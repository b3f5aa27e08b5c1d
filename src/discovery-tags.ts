import { Stack, Tags, Token } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { IConstruct } from 'constructs';
import { libraryVersion } from './private/library-version';
import { SCHEMA_VERSION } from './private/table-schema';
import { Problems } from './private/validate';

/** Tags by which limiters are found. The Python library looks for the same. */
function discoveryTags(limiterName: string): { readonly [key: string]: string } {
  const version = libraryVersion();
  return {
    'ManagedBy': 'zae-limiter',
    [NAME_TAG]: nameTagOf(limiterName),
    'zae-limiter:type': 'limiter',
    'zae-limiter:version': version,
    'zae-limiter:lambda-version': version,
    'zae-limiter:schema-version': SCHEMA_VERSION,
  };
}

/** Tag that holds the name of the limiter. */
export const NAME_TAG = 'zae-limiter:name';

/** Early releases of the Python library put it before every name. */
const LEGACY_PREFIX = /^ZAEL-/;

/** The name of a limiter, as its tag has it. */
export const nameTagOf = (limiterName: string): string => limiterName.replace(LEGACY_PREFIX, '');

/** Tags that the limiter sets itself. */
const OWN_KEYS = [...Object.keys(discoveryTags('')), 'Application', 'Role'];

/** Below the priority of an app's own tags. */
const PRIORITY = 50;
const STACK_ONLY = { includeResourceTypes: ['aws:cdk:stack'] };

/** Tags every resource of a limiter: whose it is, and the user's own tags. */
export function tagResources(limiter: IConstruct, tags: { readonly [key: string]: string }): void {
  for (const [key, value] of Object.entries({ ...tags, Application: 'zae-limiter' })) Tags.of(limiter).add(key, value, { priority: PRIORITY });
}

/** Tags the table, so that a limiter is found that is one part of a large stack. */
export function tagTable(table: dynamodb.Table, limiterName: string): void {
  const tags = Object.entries(discoveryTags(limiterName)).filter(([key]) => key.startsWith('zae-limiter:'));
  for (const [key, value] of tags) Tags.of(table).add(key, value, { priority: PRIORITY });
}

/** Tags everything of a limiter with its name, so that its costs can be told from others'. */
export function tagWithName(limiter: IConstruct, limiterName: string): void {
  Tags.of(limiter).add(NAME_TAG, nameTagOf(limiterName), { priority: PRIORITY });
}

/** Tags a function with the version of its code. */
export function tagFunction(scope: IConstruct): void {
  Tags.of(scope).add('zae-limiter:lambda-version', libraryVersion(), { priority: PRIORITY });
}

/** Tags a stack that holds one limiter. */
export function tagStack(stack: Stack, limiterName: string, tags: { readonly [key: string]: string } = {}): void {
  const all = { ...tags, ...discoveryTags(limiterName) };
  for (const [key, value] of Object.entries(all)) Tags.of(stack).add(key, value, { ...STACK_ONLY, priority: PRIORITY });
}

/** Takes the tags off again from a stack that turns out to hold more than one. */
export function untagStack(stack: Stack): void {
  for (const key of Object.keys(discoveryTags(''))) Tags.of(stack).remove(key, { ...STACK_ONLY, priority: PRIORITY + 1 });
}

/** Tags of a resource, at most. https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html */
const MAX_TAGS = 50;

/** Collects what is wrong with the user's tags. */
export function checkTags(problems: Problems, tags: { readonly [key: string]: string } = {}): void {
  const add = (text: string): void => problems.add('TAGS_INVALID', `tags ${text}`);
  const most = MAX_TAGS - OWN_KEYS.length;
  const entries = Object.entries(tags);
  if (entries.length > most) add(`must be at most ${most}, because a resource has ${MAX_TAGS} and the limiter sets ${OWN_KEYS.length}, got ${entries.length}`);
  for (const [key, value] of entries) {
    if (Token.isUnresolved(key)) continue;
    if (key === '' || key.length > 128) add(`must have keys of 1 to 128 characters, got '${key}'`);
    if (/^aws:/i.test(key)) add(`must not begin with aws:, got '${key}'`);
    if (OWN_KEYS.includes(key)) add(`must not set what the limiter sets itself, got '${key}'`);
    if (!Token.isUnresolved(value) && value.length > 256) add(`must have values of at most 256 characters, got ${value.length} for '${key}'`);
  }
}

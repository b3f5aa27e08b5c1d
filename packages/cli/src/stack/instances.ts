import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { listDeployed } from '@zae-limiter/client';
import type { AwsClients } from '../aws/clients.js';
import { isLoadGenerator, isManaged } from './ownership.js';
import { allStacks, cloudFormation, healthOf, tagsOf, type Health, type Stack } from './stacks.js';

/** A limiter in an account and region, as `list` shows it. */
export interface Instance {
  readonly name: string;
  readonly region: string;
  /** Status of the stack; null for a table that no tagged stack tells of. */
  readonly status: string | null;
  readonly health: Health;
  readonly version: string | null;
  readonly lambda: string | null;
  readonly schema: string | null;
  /** ISO 8601. */
  readonly created: string | null;
  /** When it was last deployed or upgraded, ISO 8601. */
  readonly updated: string | null;
}

/**
 * Limiters of a region: stacks by their tags, and tables that hold a version record, by name.
 *
 * @param problems gets what could not be asked, and why
 */
export async function instancesIn(clients: AwsClients, region: string, problems: string[]): Promise<Instance[]> {
  const [stacks, tables] = await Promise.all([
    orNone(stacksIn(clients, region), `stacks in ${region}`, problems),
    orNone(listDeployed({ client: clients.get(DynamoDBClient, { region }) }), `tables in ${region}`, problems),
  ]);
  const found = new Map(stacks.map((stack) => [stack.name, stack]));
  for (const { stack: name, version } of tables) {
    const { schemaVersion: schema, updatedBy = null, updatedAt = null, lambdaVersion = null } = version;
    const known = found.get(name);
    const library = updatedBy?.split(':')[1] ?? null;
    found.set(name, known === undefined
      ? { name, region, status: null, health: 'ready', version: library, lambda: lambdaVersion ?? library, schema, created: null, updated: updatedAt }
      : { ...known, schema });
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}

async function stacksIn(clients: AwsClients, region: string): Promise<Instance[]> {
  const stacks = await allStacks(cloudFormation(clients, region));
  return stacks.filter((stack) => isManaged(stack) && !isLoadGenerator(stack)).map((stack) => instanceOf(stack, region));
}

function instanceOf(stack: Stack, region: string): Instance {
  const tags = tagsOf(stack);
  const { StackName, StackStatus, CreationTime, LastUpdatedTime = CreationTime } = stack;
  return {
    name: tags['zae-limiter:name'] ?? StackName!, region, status: StackStatus!, health: healthOf(StackStatus!),
    version: tags['zae-limiter:version'] ?? null, lambda: tags['zae-limiter:lambda-version'] ?? null, schema: tags['zae-limiter:schema-version'] ?? null,
    created: CreationTime?.toISOString() ?? null, updated: LastUpdatedTime?.toISOString() ?? null,
  };
}

async function orNone<T>(asked: Promise<T[]>, what: string, problems: string[]): Promise<T[]> {
  try {
    return await asked;
  } catch (error) {
    problems.push(`${what}: ${(error as Error).message}`);
    return [];
  }
}

/** Regions of the partition that a region is in. Those that the account has not switched on refuse its credentials. */
export async function regionsBeside(region: string): Promise<string[]> {
  const { RegionInfo } = await import('aws-cdk-lib/region-info');
  const { partition } = RegionInfo.get(region);
  return RegionInfo.regions.filter((info) => info.partition === partition).map(({ name }) => name);
}

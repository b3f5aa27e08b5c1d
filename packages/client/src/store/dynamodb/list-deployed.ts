import { DynamoDBClient, paginateListTables } from '@aws-sdk/client-dynamodb';
import { checkLimiterName } from '../../core/identifiers.js';
import { versionKey } from '../../schema/namespace-item.js';
import { parseVersion, type TableVersion } from '../../schema/version-item.js';
import { classifyError } from './classify-error.js';
import { DynamoDbStore } from './dynamodb-store.js';

export interface ListDeployedOptions {
  /** @default the SDK's default */
  readonly region?: string;
  /** URL of DynamoDB. @default the SDK's default, which honours AWS_ENDPOINT_URL_DYNAMODB */
  readonly endpoint?: string;
  /** Client to send the calls with; it is not destroyed. @default a new one */
  readonly client?: Pick<DynamoDBClient, 'config' | 'destroy'>;
}

/** A limiter in an account and region. */
export interface DeployedLimiter {
  /** Name of the limiter, which is its table's name. */
  readonly stack: string;
  readonly version: TableVersion;
}

/** SDK errors of tables that are not for us: another key, no permission, or gone since they were listed. */
const SKIPPED: ReadonlySet<string> = new Set(['ValidationException', 'AccessDeniedException', 'ResourceNotFoundException']);

/**
 * Limiters of an account and region, by name. Tables that are no limiters, or that the caller may not read, are left out.
 *
 * Cost: 1 call for each 100 tables, and 1 read for each table whose name a limiter could have. Needs the permission to list
 * tables, which no policy of the construct grants.
 *
 * @throws {LimiterUnavailableError} DynamoDB did not answer, or refused to list the tables
 *
 * @example
 * ```ts
 * for (const { stack, version } of await listDeployed({ region: 'eu-central-1' })) console.log(stack, version.schemaVersion);
 * ```
 */
export async function listDeployed({ region, endpoint, client: given }: ListDeployedOptions = {}): Promise<DeployedLimiter[]> {
  const client = (given ?? new DynamoDBClient({ region, endpoint })) as DynamoDBClient;
  const found: DeployedLimiter[] = [];
  try {
    for await (const { TableNames = [] } of paginateListTables({ client }, {})) {
      const limiters = await Promise.all(TableNames.filter(mayBeLimiter).map((name) => deployedLimiter(client, name)));
      found.push(...limiters.flatMap((limiter) => limiter ?? []));
    }
  } catch (error) {
    throw classifyError(error, 'any');
  } finally {
    if (given === undefined) client.destroy();
  }
  return found;
}

async function deployedLimiter(client: DynamoDBClient, stack: string): Promise<DeployedLimiter | undefined> {
  try {
    const version = parseVersion(await new DynamoDbStore(client, stack).get(versionKey));
    return version && { stack, version };
  } catch (error) {
    if (SKIPPED.has(((error as Error).cause as Error | undefined)?.name ?? '')) return undefined;
    throw error;
  }
}

function mayBeLimiter(name: string): boolean {
  try {
    checkLimiterName(name);
    return true;
  } catch {
    return false;
  }
}

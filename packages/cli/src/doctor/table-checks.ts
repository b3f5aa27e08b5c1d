import { DescribeContinuousBackupsCommand, DynamoDBClient, ListBackupsCommand } from '@aws-sdk/client-dynamodb';
import { SCHEMA_VERSION, type TableVersion } from '@zae-limiter/client';
import { compareVersions, PARTITION_KEY, SORT_KEY } from '@zae-limiter/client/admin';
import { compatibility } from '../table/compatibility.js';
import { failed, ok, warning, type Check } from './check.js';

const INDEXES = ['GSI1', 'GSI2', 'GSI3', 'GSI4'];
/** Age of the latest backup that deserves a word. */
const OLD_BACKUP_MS = 7 * 86_400_000;

const schema: Check = {
  name: 'table', awsOnly: false, needs: 'zae-limiter list shows what is deployed; zae-limiter deploy creates a limiter',
  vital: 'check the credentials, --region, --endpoint-url and the network',
  async look({ table, context }) {
    const { TableStatus, KeySchema = [], GlobalSecondaryIndexes = [] } = await table();
    const active = GlobalSecondaryIndexes.filter(({ IndexStatus }) => IndexStatus === 'ACTIVE').map(({ IndexName }) => IndexName);
    const missing = INDEXES.filter((name) => !active.includes(name));
    const keys = KeySchema.map(({ AttributeName }) => AttributeName).join();
    if (keys !== `${PARTITION_KEY},${SORT_KEY}`) return failed(`has the keys ${keys}, so it is no table of a limiter`, 'check --name and --region');
    if (missing.length > 0) return failed(`has no active index ${missing.join(', ')}`, 'wait until the stack is updated, or deploy it again: zae-limiter deploy');
    return TableStatus === 'ACTIVE' ? ok(`${context.name} is active`) : failed(`is ${TableStatus}`, 'wait until the stack is updated');
  },
};

const version: Check = {
  name: 'version', awsOnly: false, needs: 'see the check of the table',
  async look({ context }) {
    const record = await (await context.table()).admin.version();
    switch (compatibility(record)) {
      case 'compatible': return ok(`schema ${record!.schemaVersion}, this program speaks ${SCHEMA_VERSION}`);
      case 'not-initialized': return failed('the table has no version record', 'deploy the limiter again, which writes it: zae-limiter deploy');
      case 'incompatible': return failed(`schema ${record!.schemaVersion}${minimumText(record!)}, this program speaks ${SCHEMA_VERSION}`, wayOut(record!));
    }
  },
};

/** No command converts a table, so it takes the program that fits. */
function wayOut({ schemaVersion, clientMinimum = schemaVersion }: TableVersion): string {
  return [schemaVersion, clientMinimum].some((needed) => compareVersions(needed, SCHEMA_VERSION) > 0)
    ? 'use a newer version of this program: npm install @zae-limiter/cli@latest'
    : 'use an older version of this program, one that speaks the schema of the table';
}

const minimumText = ({ clientMinimum }: TableVersion): string => (clientMinimum === undefined ? '' : ` for clients of ${clientMinimum} and newer`);

const namespace: Check = {
  name: 'namespace', awsOnly: false, needs: 'zae-limiter namespace register NAME creates it',
  look: async ({ context }) => ok(`${(await context.namespace()).name} is registered`),
};

const pointInTimeRecovery: Check = {
  name: 'point-in-time recovery', awsOnly: true, needs: 'grant dynamodb:DescribeContinuousBackups',
  async look({ clients, context }) {
    const answer = await clients.get(DynamoDBClient).send(new DescribeContinuousBackupsCommand({ TableName: context.name }));
    const recovery = answer.ContinuousBackupsDescription?.PointInTimeRecoveryDescription;
    const { PointInTimeRecoveryStatus: status, EarliestRestorableDateTime: earliest } = recovery ?? {};
    return status === 'ENABLED'
      ? ok(`on${earliest === undefined ? '' : `, back to ${earliest.toISOString()}`}`)
      : warning('is off', 'set pointInTimeRecovery on the construct, or deploy with --pitr-recovery-days 35');
  },
};

const backups: Check = {
  name: 'backups', awsOnly: true, needs: 'grant dynamodb:ListBackups',
  async look({ clients, context }) {
    const { BackupSummaries = [] } = await clients.get(DynamoDBClient).send(new ListBackupsCommand({ TableName: context.name, BackupType: 'ALL' }));
    const usable = BackupSummaries.filter(({ BackupStatus }) => BackupStatus === 'AVAILABLE');
    const latest = Math.max(...usable.map(({ BackupCreationDateTime }) => +BackupCreationDateTime!));
    const fix = `aws dynamodb create-backup --table-name ${context.name} --backup-name NAME makes one; backup on the construct makes them regularly`;
    if (!Number.isFinite(latest)) return warning('there is none', fix);
    const when = new Date(latest).toISOString();
    return context.io.clock.now() - latest > OLD_BACKUP_MS ? warning(`the latest is of ${when}`, fix) : ok(`the latest is of ${when}`);
  },
};

export const TABLE_CHECKS: readonly Check[] = [schema, version, namespace, pointInTimeRecovery, backups];

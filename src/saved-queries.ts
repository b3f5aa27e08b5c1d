import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/** Functions whose logs are queried. */
export interface QueriedLogs {
  readonly aggregator?: logs.ILogGroup;
  readonly provisioner?: logs.ILogGroup;
}

interface SavedQuery {
  /** Id of the construct. */
  readonly id: string;
  /** Last part of the query's name. */
  readonly name: string;
  /** Whose log it reads. */
  readonly of: readonly (keyof QueriedLogs)[];
  readonly query: logs.QueryStringProps;
}

const message = (...texts: readonly string[]): string => `message in [${texts.map((text) => `"${text}"`).join(', ')}]`;

/** Invocations that are worth a look, in milliseconds. */
const SLOW_MS = 1000;

/** The queries. They name what the functions log; a test runs the functions and compares. */
export const SAVED_QUERIES: readonly SavedQuery[] = [
  {
    id: 'Errors', name: 'errors', of: ['aggregator', 'provisioner'],
    query: {
      fields: ['@timestamp', 'level', 'logger', 'message', 'exception', 'reason', 'resource', 'sequence'],
      filterStatements: ['level in ["ERROR", "WARN"]'],
      sort: '@timestamp desc',
      limit: 200,
    },
  },
  {
    id: 'SlowInvocations', name: 'slow-invocations', of: ['aggregator'],
    query: {
      fields: ['@timestamp', 'request_id', 'processing_time_ms', 'processed', 'snapshots_updated', 'error_count'],
      filterStatements: [message('Lambda invocation completed'), `processing_time_ms > ${SLOW_MS}`],
      sort: 'processing_time_ms desc',
      limit: 100,
    },
  },
  {
    id: 'Throughput', name: 'throughput', of: ['aggregator'],
    query: {
      filterStatements: [message('Lambda invocation completed')],
      statsStatements: [
        'count(*) as invocations, sum(processed) as records, sum(snapshots_updated) as snapshots, sum(duplicates_skipped) as duplicates, '
        + 'sum(refills_written) as refills, sum(poison_records) as poison, sum(error_count) as failed by bin(5m)',
      ],
    },
  },
  {
    id: 'FailuresByPhase', name: 'failures-by-phase', of: ['aggregator'],
    query: {
      filterStatements: [message(
        'Error processing record', 'Error updating snapshot', 'Error propagating shard count', 'Error creating S3 object',
        'Error refilling bucket', 'Error doubling shards', 'Time is up, the rest is left to the next delivery')],
      statsStatements: ['count(*) as failures by message, bin(5m)'],
    },
  },
  {
    id: 'Shards', name: 'shards', of: ['aggregator'],
    query: {
      fields: [
        '@timestamp', 'message', 'namespace_id', 'entity_id', 'resource', 'shard_id', 'old_count', 'new_count', 'shard_count',
        'writes_per_second', 'shards_updated', 'max_shard_count',
      ],
      filterStatements: [message('Proactive shard doubling', 'Shard count propagated', 'Shard count is at the cap', 'Shard count is above the cap')],
      sort: '@timestamp desc',
      limit: 200,
    },
  },
  {
    id: 'Provisioning', name: 'provisioning', of: ['provisioner'],
    query: {
      fields: [
        '@timestamp', 'level', 'message', 'action', 'request_type', 'resource_type', 'logical_id', 'status', 'reason', 'error', 'namespace_id',
        'created', 'updated', 'deleted', 'unchanged', 'error_count',
      ],
      filterStatements: [message('Custom resource answered', 'Command carried out', 'Command failed')],
      sort: '@timestamp desc',
      limit: 100,
    },
  },
];

/** Queries of CloudWatch Logs Insights, saved under the limiter's name. Saving them costs nothing, running them what they read. */
export class SavedQueries extends Construct {
  constructor(scope: Construct, id: string, limiterName: string, queried: QueriedLogs) {
    super(scope, id);
    for (const { id: child, name, of, query } of SAVED_QUERIES) {
      const logGroups = of.map((part) => queried[part]).filter((group): group is logs.ILogGroup => group !== undefined);
      if (logGroups.length === 0) continue;
      new logs.QueryDefinition(this, child, {
        // The console shows the part before a slash as a folder.
        queryDefinitionName: `zae-limiter/${limiterName}/${name}`,
        queryString: new logs.QueryString(query),
        logGroups,
      });
    }
  }
}

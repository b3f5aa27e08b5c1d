import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { GLOBAL_INDEXES, PARTITION_KEY, RESERVED_LOCAL_INDEXES, SORT_KEY, TTL_ATTRIBUTE } from './private/table-schema';

/** Settings of the table that few limiters need. */
export interface TableOptions {
  /**
   * Whether the table gets the five local indexes that tables of the Python library have.
   *
   * Nothing writes or reads them, and they limit the items of one partition key to 10 GB. They cannot be added or
   * removed later: changing this replaces the table.
   *
   * @default false
   */
  readonly reservedLocalIndexes?: boolean;
}

export interface LimiterTableProps {
  readonly tableName: string;
  readonly options: TableOptions;
  readonly removalPolicy: RemovalPolicy;
  readonly deletionProtection: boolean;
  readonly pitrRecoveryPeriod?: Duration;
}

/** Adds the table: keys, indexes, stream and expiry as `spec/table.json` says. */
export function limiterTable(scope: Construct, id: string, props: LimiterTableProps): dynamodb.Table {
  const table = new dynamodb.Table(scope, id, {
    tableName: props.tableName,
    partitionKey: text(PARTITION_KEY),
    sortKey: text(SORT_KEY),
    billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
    timeToLiveAttribute: TTL_ATTRIBUTE,
    stream: dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
    removalPolicy: props.removalPolicy,
    deletionProtection: props.deletionProtection,
  });
  if (props.pitrRecoveryPeriod !== undefined) {
    // Set on the resource itself, because the L2 takes a token for a number out of range.
    (table.node.defaultChild as dynamodb.CfnTable).pointInTimeRecoverySpecification = {
      pointInTimeRecoveryEnabled: true,
      recoveryPeriodInDays: props.pitrRecoveryPeriod.toDays(),
    };
  }
  for (const { name, partitionKey, sortKey, projection } of GLOBAL_INDEXES) {
    table.addGlobalSecondaryIndex({
      indexName: name, partitionKey: text(partitionKey), sortKey: text(sortKey), projectionType: dynamodb.ProjectionType[projection],
    });
  }
  for (const { name, sortKey, projection } of props.options.reservedLocalIndexes === true ? RESERVED_LOCAL_INDEXES : []) {
    table.addLocalSecondaryIndex({ indexName: name, sortKey: text(sortKey), projectionType: dynamodb.ProjectionType[projection] });
  }
  return table;
}

const text = (name: string): dynamodb.Attribute => ({ name, type: dynamodb.AttributeType.STRING });

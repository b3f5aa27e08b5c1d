import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kinesis from 'aws-cdk-lib/aws-kinesis';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { LimiterBilling } from './limiter-billing';
import { GLOBAL_INDEXES, PARTITION_KEY, RESERVED_LOCAL_INDEXES, SORT_KEY, TTL_ATTRIBUTE } from './private/table-schema';
import { Problems } from './private/validate';

/** Settings of the table that few limiters need. */
export interface TableOptions {
  /**
   * How the table is billed.
   *
   * @default LimiterBilling.onDemand()
   */
  readonly billing?: LimiterBilling;

  /**
   * Storage class of the table.
   *
   * @default TableClass.STANDARD
   */
  readonly tableClass?: dynamodb.TableClass;

  /**
   * Load that the table and its global indexes take at once, without having grown to it.
   *
   * @default - what every new table takes
   */
  readonly warmThroughput?: dynamodb.WarmThroughput;

  /**
   * Whether CloudWatch shows the keys of the table and its global indexes that are used most. Entity ids are part of keys.
   *
   * @default - off
   */
  readonly contributorInsights?: dynamodb.ContributorInsightsSpecification;

  /**
   * Policy of the table itself, for principals of other accounts. It is copied: what is added to the document later is left out.
   *
   * @default - none, but for what is granted to principals of other accounts
   */
  readonly resourcePolicy?: iam.PolicyDocument;

  /**
   * How the table is encrypted.
   *
   * @default - with a key of DynamoDB, or with `encryptionKey` of the limiter
   */
  readonly encryption?: dynamodb.TableEncryption;

  /**
   * Stream of Kinesis that receives every change as well.
   *
   * @default - none
   */
  readonly kinesisStream?: kinesis.IStream;

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
  readonly encryptionKey?: kms.IKey;
}

/** Adds the table: keys, indexes, stream and expiry as `spec/table.json` says. */
export function limiterTable(scope: Construct, id: string, props: LimiterTableProps): dynamodb.Table {
  const { billing = LimiterBilling.onDemand(), encryption, warmThroughput, contributorInsights, ...options } = props.options;
  const table = new dynamodb.Table(scope, id, {
    ...billing._tableProps(),
    tableName: props.tableName,
    partitionKey: text(PARTITION_KEY),
    sortKey: text(SORT_KEY),
    timeToLiveAttribute: TTL_ATTRIBUTE,
    stream: dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
    removalPolicy: props.removalPolicy,
    deletionProtection: props.deletionProtection,
    tableClass: options.tableClass,
    // A copy, because grants are added to it, and the user's document may belong to other tables as well.
    resourcePolicy: copyOf(options.resourcePolicy),
    kinesisStream: options.kinesisStream,
    warmThroughput,
    contributorInsightsSpecification: contributorInsights,
    encryption: encryption ?? (props.encryptionKey && dynamodb.TableEncryption.CUSTOMER_MANAGED),
    encryptionKey: props.encryptionKey,
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
      ...billing._indexProps(),
      indexName: name, partitionKey: text(partitionKey), sortKey: text(sortKey), projectionType: dynamodb.ProjectionType[projection],
      warmThroughput, contributorInsightsSpecification: contributorInsights,
    });
  }
  for (const { name, sortKey, projection } of options.reservedLocalIndexes === true ? RESERVED_LOCAL_INDEXES : []) {
    table.addLocalSecondaryIndex({ indexName: name, sortKey: text(sortKey), projectionType: dynamodb.ProjectionType[projection] });
  }
  billing._scale(table);
  return table;
}

/** Collects what is wrong with the settings of the table. */
export function checkTable(problems: Problems, { billing, encryption }: TableOptions, encryptionKey: kms.IKey | undefined): void {
  billing?._check(problems);
  if (encryptionKey !== undefined && encryption !== undefined && encryption !== dynamodb.TableEncryption.CUSTOMER_MANAGED) {
    problems.add('ENCRYPTION_CONFLICT', `table.encryption must be CUSTOMER_MANAGED or left out when encryptionKey is given, got ${encryption}`);
  }
}

function copyOf(document: iam.PolicyDocument | undefined): iam.PolicyDocument | undefined {
  const json = document?.toJSON();
  return json === undefined ? undefined : iam.PolicyDocument.fromJson(json);
}

const text = (name: string): dynamodb.Attribute => ({ name, type: dynamodb.AttributeType.STRING });

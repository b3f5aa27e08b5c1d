import { CustomResource, Duration } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { leadingKeys } from './access';
import { FunctionOptions } from './function-options';
import { BundledFunction, FunctionSurroundings, knownArn } from './private/bundled-function';
import { keyUse, serviceIn } from './private/encryption';
import { libraryVersion } from './private/library-version';
import { provisionerResource } from './private/provisioner-resource';
import { SCHEMA_VERSION } from './private/table-schema';

/** The function that prepares the table when it is deployed, and applies limits manifests. */
export interface ProvisionerOptions extends FunctionOptions {
  /**
   * Whether the table is prepared at deploy time.
   *
   * Without it a client with full access has to register the namespaces and write the version record before anyone
   * can acquire.
   *
   * @default - true, unless it can have no role because nothing is created in IAM
   */
  readonly enabled?: boolean;
}

export interface ProvisionerProps extends FunctionSurroundings {
  readonly table: dynamodb.Table;
  readonly options: ProvisionerOptions;
  readonly role?: iam.IRole;
}

/** The provisioner with its role and log group. */
export class Provisioner extends Construct {
  readonly function: lambda.Function;
  readonly role: iam.IRole;
  /** Everything that the role has to allow. */
  readonly policyDocument: iam.PolicyDocument;

  constructor(scope: Construct, id: string, props: ProvisionerProps) {
    super(scope, id);
    const { limiterName, table } = props;
    const bundled = new BundledFunction(this, {
      ...props,
      asset: 'provisioner',
      description: `Prepares the table of the rate limiter ${limiterName} and applies limits manifests`,
      suffix: 'limits-provisioner',
      roleComponent: 'prov',
      defaultTimeout: PROVISIONER_TIMEOUT,
      externalRole: props.role,
      environment: { TABLE_NAME: table.tableName },
    });
    this.function = bundled.function;
    this.role = bundled.role;
    this.policyDocument = bundled.policyDocument;
    const tableArn = knownArn(this, { externalRole: props.role, names: props.names }, { service: 'dynamodb', resource: 'table', resourceName: limiterName });
    bundled.allow(new iam.PolicyStatement({
      sid: 'ManageLimits',
      actions: ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem'].map((action) => `dynamodb:${action}`),
      resources: [tableArn ?? table.tableArn],
      conditions: leadingKeys('*/SYSTEM#', '*/RESOURCE#*', '*/ENTITY#*', '*/BUCKET#*', '*/AUDIT#*'),
    }));
    if (table.encryptionKey !== undefined) bundled.allow(keyUse(table.encryptionKey, 'write', [serviceIn(this, 'dynamodb')]));
  }
}

const PROVISIONER_TIMEOUT = Duration.minutes(5);

export interface BootstrapProps {
  readonly limiterName: string;
  readonly table: dynamodb.ITable;
  readonly provisioner: lambda.Function;
  readonly namespaces: string[];
  readonly auditRetention: Duration;
  readonly provisionerId: string;
}

/** Makes a new table usable: version record, namespaces, audit retention. Runs again with every version of this library. */
export function bootstrapResource(
  scope: Construct, id: string, { limiterName, table, provisioner, namespaces, auditRetention, provisionerId }: BootstrapProps,
): CustomResource {
  return provisionerResource(new Construct(scope, id), {
    limiter: {
      limiterName, provisionerFunctionArn: provisioner.functionArn, provisionerTimeout: provisioner.timeout, _provisionerId: provisionerId,
    },
    type: 'Custom::ZaeLimiterBootstrap',
    properties: {
      TableName: table.tableName,
      SchemaVersion: SCHEMA_VERSION,
      LibraryVersion: libraryVersion(),
      AuditRetentionDays: auditRetention.toDays(),
      Namespaces: namespaces,
    },
  });
}

import { Arn, ArnFormat, CustomResource, Duration, Fn, Stack, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { AccessTarget } from './access';
import { NAMESPACE_TAG_KEY } from './iam-options';
import { LimiterBase } from './limiter-base';
import { exportName, OutputKey } from './outputs';
import { serviceIn } from './private/encryption';
import { Problems } from './private/validate';
import { ParameterKey, parameterName } from './ssm-parameters';

/** What is known of a limiter that another app deployed. */
export interface ZaeLimiterAttributes {
  /**
   * Name of the table.
   *
   * @default - the name in `tableArn`; one of the two has to be given
   */
  readonly tableName?: string;

  /**
   * ARN of the table, for a table of another account or region.
   *
   * @default - the table of that name in the account and region of the stack
   */
  readonly tableArn?: string;

  /**
   * ARN of the table's stream.
   *
   * @default - not known
   */
  readonly tableStreamArn?: string;

  /**
   * Key of the table, when it is one of the customer's.
   *
   * @default - a key of DynamoDB, which needs no grants
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * ARN of the provisioner, which limits and namespaces need.
   *
   * @default - not known
   */
  readonly provisionerFunctionArn?: string;

  /**
   * Role of the provisioner, to which read access to large manifests is granted.
   *
   * @default - not known
   */
  readonly provisionerRole?: iam.IRole;

  /**
   * Name of the aggregator, for its metrics.
   *
   * @default - not known
   */
  readonly aggregatorFunctionName?: string;

  /**
   * Name of the dead-letter queue, for its metrics.
   *
   * @default - not known
   */
  readonly deadLetterQueueName?: string;

  /**
   * Key of the principal tag that holds the id of a namespace.
   *
   * @default 'zael_namespace_id'
   */
  readonly namespaceTagKey?: string;
}

/** A limiter of another app. What is read from elsewhere is read when it is first used. */
export class ImportedLimiter extends LimiterBase {
  public readonly bootstrap?: CustomResource = undefined;
  public readonly provisionerTimeout?: Duration = undefined;
  public readonly provisionerPolicyDocument?: iam.PolicyDocument = undefined;
  private readonly arn: string;
  private readonly name: string;

  constructor(scope: Construct, id: string, private readonly attributes: ZaeLimiterAttributes) {
    super(scope, id);
    const { tableArn, tableName } = attributes;
    const stack = Stack.of(this);
    const nameInArn = tableArn && nameOf(this, tableArn);
    check(this, tableArn, tableName, nameInArn);
    this.name = tableName ?? nameInArn!;
    this.arn = tableArn ?? stack.formatArn({ service: 'dynamodb', resource: 'table', resourceName: tableName });
  }

  public get limiterName(): string {
    return this.name;
  }

  public get tableArn(): string {
    return this.arn;
  }

  public get tableStreamArn(): string | undefined {
    return this.attributes.tableStreamArn;
  }

  public get provisionerFunctionArn(): string | undefined {
    return this.attributes.provisionerFunctionArn;
  }

  public get provisionerRole(): iam.IRole | undefined {
    return this.attributes.provisionerRole;
  }

  public get aggregatorFunctionName(): string | undefined {
    return this.attributes.aggregatorFunctionName;
  }

  public get deadLetterQueueName(): string | undefined {
    return this.attributes.deadLetterQueueName;
  }

  public get provisionerFunctionName(): string | undefined {
    const arn = this.provisionerFunctionArn;
    return arn === undefined ? undefined : Stack.of(this).splitArn(arn, ArnFormat.COLON_RESOURCE_NAME).resourceName;
  }

  protected get _accessTarget(): AccessTarget {
    const { region } = Stack.of(this).splitArn(this.arn, ArnFormat.SLASH_RESOURCE_NAME);
    const { attributes } = this;
    return {
      tableArn: this.arn,
      get provisionerArn() { return attributes.provisionerFunctionArn; },
      encryptionKey: this.attributes.encryptionKey,
      keyService: serviceIn(this, 'dynamodb', region),
    };
  }

  protected get _namespaceTagKey(): string {
    return this.attributes.namespaceTagKey ?? NAMESPACE_TAG_KEY;
  }
}

/** Values of exports become part of the template only where they are used. */
export function importFromExports(scope: Construct, id: string, limiterName: string): ImportedLimiter {
  const exported = (key: OutputKey): string => Fn.importValue(exportName(limiterName, key));
  return new ImportedLimiter(scope, id, {
    tableName: exported('TableName'),
    tableArn: exported('TableArn'),
    tableStreamArn: exported('StreamArn'),
    provisionerFunctionArn: exported('ProvisionerFunctionArn'),
    aggregatorFunctionName: exported('AggregatorFunctionName'),
  });
}

/** A parameter becomes part of the template when it is read, so nothing is read before it is used. */
export function importFromParameters(scope: Construct, id: string, limiterName: string): ImportedLimiter {
  const read = (key: ParameterKey): string => ssm.StringParameter.valueForStringParameter(scope, parameterName(limiterName, key));
  return new ImportedLimiter(scope, id, {
    tableName: limiterName,
    get tableStreamArn() { return read('streamArn'); },
    get provisionerFunctionArn() { return read('provisionerFunctionArn'); },
    get aggregatorFunctionName() { return read('aggregatorFunctionName'); },
    get deadLetterQueueName() { return read('deadLetterQueueName'); },
  });
}

const nameOf = (scope: Construct, tableArn: string): string | undefined =>
  (Token.isUnresolved(tableArn) || tableArn.startsWith('arn:') ? Stack.of(scope).splitArn(tableArn, ArnFormat.SLASH_RESOURCE_NAME).resourceName : undefined);

function check(scope: Construct, tableArn: string | undefined, tableName: string | undefined, nameInArn: string | undefined): void {
  const problems = new Problems(scope);
  const add = (text: string): void => problems.add('IMPORT_INVALID', text);
  if (tableArn === undefined && (tableName === undefined || tableName === '')) add('tableName or tableArn must be given');
  if (tableArn !== undefined && !Token.isUnresolved(tableArn) && !isTableArn(tableArn)) add(`tableArn must be the ARN of a table, got '${tableArn}'`);
  const known = [tableName, nameInArn].every((name) => name !== undefined && !Token.isUnresolved(name));
  if (known && tableName !== nameInArn) add(`tableName and tableArn must name one table, got '${tableName}' and '${tableArn}'`);
  problems.throwIfAny();
}

function isTableArn(arn: string): boolean {
  if (!arn.startsWith('arn:')) return false;
  const { service, resource, resourceName } = Arn.split(arn, ArnFormat.SLASH_RESOURCE_NAME);
  return service === 'dynamodb' && resource === 'table' && resourceName !== undefined && resourceName !== '';
}

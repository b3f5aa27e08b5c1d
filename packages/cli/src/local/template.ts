import {
  CreateTableCommand, UpdateTimeToLiveCommand, type CreateTableCommandInput, type DynamoDBClient, type StreamViewType,
} from '@aws-sdk/client-dynamodb';

/** A resource of a CloudFormation template. */
export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

/** A CloudFormation template. */
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
}

/** The properties of the only resource of a type. */
export function onlyResource(template: Template, type: string): Readonly<Record<string, unknown>> {
  const found = Object.values(template.Resources).filter((resource) => resource.Type === type);
  if (found.length !== 1) throw new Error(`the template should have one ${type}, it has ${found.length}`);
  return found[0]!.Properties;
}

interface TableProperties extends Omit<CreateTableCommandInput, 'StreamSpecification'> {
  readonly StreamSpecification?: { readonly StreamViewType: StreamViewType };
  readonly TimeToLiveSpecification?: { readonly AttributeName: string; readonly Enabled: boolean };
}

/**
 * Creates the table that a template describes, with its keys, indexes, stream and expiry.
 *
 * @param changes differences from the template, for a table under another name
 */
export async function createTable(client: DynamoDBClient, template: Template, changes: Partial<CreateTableCommandInput> = {}): Promise<string> {
  const properties = onlyResource(template, 'AWS::DynamoDB::Table') as unknown as TableProperties;
  const { TableName, KeySchema, AttributeDefinitions, BillingMode, GlobalSecondaryIndexes, LocalSecondaryIndexes } = properties;
  const stream = properties.StreamSpecification;
  const input: CreateTableCommandInput = {
    TableName, KeySchema, AttributeDefinitions, BillingMode, GlobalSecondaryIndexes, LocalSecondaryIndexes,
    StreamSpecification: stream && { StreamEnabled: true, StreamViewType: stream.StreamViewType },
    ...changes,
  };
  await client.send(new CreateTableCommand(input));
  await client.send(new UpdateTimeToLiveCommand({ TableName: input.TableName, TimeToLiveSpecification: properties.TimeToLiveSpecification }));
  return input.TableName!;
}

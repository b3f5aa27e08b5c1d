import { connectDynamoDbTable } from '../../../../test/support/table';
import { invoke, invokeJson, type InvokeOptions, type Outcome } from './cli';

/** Runs commands in a namespace of the test's own, in the table that all tests share. */
export interface TestNamespace {
  readonly table: string;
  readonly name: string;
  invoke(argv: readonly string[], options?: InvokeOptions): Promise<Outcome>;
  /** Fails unless the output follows the schema of the command. */
  json(argv: readonly string[], options?: InvokeOptions): Promise<Record<string, unknown>>;
}

export async function newNamespace(): Promise<TestNamespace> {
  const { name: table, namespace: name, client } = await connectDynamoDbTable();
  client.destroy();
  const place = ['-n', table, '-N', name];
  return {
    table, name,
    invoke: (argv, options) => invoke([...argv, ...place], options),
    json: (argv, options) => invokeJson([...argv, ...place], options),
  };
}

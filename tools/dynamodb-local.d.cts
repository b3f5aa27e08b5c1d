/** Path of a Java that can run DynamoDB Local; throws one line that says what to install. */
export function findJava(): string;

export interface DynamoDbLocal {
  readonly endpoint: string;
  readonly version: string;
  stop(): Promise<void>;
}

/** Starts an empty DynamoDB in memory, on a free port of 127.0.0.1. It stops with this process at the latest. */
export function start(): Promise<DynamoDbLocal>;

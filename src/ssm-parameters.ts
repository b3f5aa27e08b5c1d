import * as ssm from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';

/** Ends of the parameters' names. A contract: other apps read them. */
export const PARAMETER_NAMES = {
  tableName: 'table-name',
  tableArn: 'table-arn',
  streamArn: 'stream-arn',
  provisionerFunctionArn: 'provisioner-function-arn',
  provisionerFunctionName: 'provisioner-function-name',
  aggregatorFunctionName: 'aggregator-function-name',
  deadLetterQueueName: 'dead-letter-queue-name',
} as const;

export type ParameterKey = keyof typeof PARAMETER_NAMES;

/** Name of a parameter. */
export const parameterName = (limiterName: string, key: ParameterKey): string => `/zae-limiter/${limiterName}/${PARAMETER_NAMES[key]}`;

/** Publishes names and ARNs; what is undefined is not there. */
export class LimiterParameters extends Construct {
  constructor(scope: Construct, id: string, limiterName: string, values: { readonly [K in ParameterKey]?: string }) {
    super(scope, id);
    for (const [key, stringValue] of Object.entries(values) as [ParameterKey, string | undefined][]) {
      if (stringValue === undefined) continue;
      const child = `${key[0]!.toUpperCase()}${key.slice(1)}`;
      new ssm.StringParameter(this, child, { parameterName: parameterName(limiterName, key), stringValue, simpleName: false });
    }
  }
}

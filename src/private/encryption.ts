import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

const READ = ['kms:Decrypt', 'kms:DescribeKey'];
const WRITE = ['kms:Encrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*'];

/** Lets a principal use a key through one service only, as DynamoDB, S3 and SQS do on its behalf. */
export function keyUse(key: kms.IKey, access: 'read' | 'write', services: readonly string[]): iam.PolicyStatement {
  return new iam.PolicyStatement({
    sid: 'UseKey',
    actions: access === 'read' ? READ : [...READ, ...WRITE],
    resources: [key.keyArn],
    conditions: { StringLike: { 'kms:ViaService': services } },
  });
}

/** Names of a service for `kms:ViaService`. */
export function serviceIn(scope: Construct, service: string, region: string = Stack.of(scope).region): string {
  // Endpoints in China end with .cn; whether the condition's value does as well is not documented. The pattern takes both.
  return `${service}.${region}.amazonaws.com*`;
}

/**
 * Lets CloudWatch Logs encrypt log groups of this stack with a key, which only the key's own policy can do.
 *
 * @returns whether the key has a policy that this app controls
 */
export function allowLogs(scope: Construct, key: kms.IKey): boolean {
  const stack = Stack.of(scope);
  const { statementAdded } = key.addToResourcePolicy(new iam.PolicyStatement({
    sid: 'EncryptLogs',
    principals: [new iam.ServicePrincipal(`logs.${stack.region}.${stack.urlSuffix}`)],
    actions: ['kms:Encrypt*', 'kms:Decrypt*', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
    resources: ['*'],
    conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': stack.formatArn({ service: 'logs', resource: '*' }) } },
  }), true);
  return statementAdded;
}

import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** Settings of the dead-letter queue that the limiter creates. */
export interface ManagedQueueOptions {
  /**
   * How long a message stays.
   *
   * Range: 1 minute to 14 days.
   *
   * @default Duration.days(14)
   */
  readonly retentionPeriod?: Duration;

  /**
   * How long a message that was received stays hidden.
   *
   * Range: 0 to 12 hours.
   *
   * @default Duration.minutes(5)
   */
  readonly visibilityTimeout?: Duration;

  /**
   * Key of the queue.
   *
   * @default - `encryptionKey` of the limiter, or a key of SQS
   */
  readonly encryptionKey?: kms.IKey;
}

/** What a destination needs to know of the limiter. */
export interface FailureDestinationContext {
  /** Of a queue that is created; undefined when CloudFormation names it. */
  readonly queueName?: string;
  readonly encryptionKey?: kms.IKey;
  /** ARN of a queue that is created, for policies that must not refer to it. */
  readonly knownArn?: string;
}

/** A destination as the event source mapping takes it. */
export interface BoundFailureDestination {
  /** Undefined when failed records are dropped. */
  readonly arn?: string;
  /** The queue, when it is one. */
  readonly queue?: sqs.IQueue;
  /** What the function's role has to allow. */
  readonly statements: iam.PolicyStatement[];
  /** Keys that the function uses when it sends, by the service that it sends to. */
  readonly key?: { readonly key: kms.IKey; readonly service: string };
}

/**
 * Where stream records go that could not be processed in all their attempts.
 *
 * Queues and topics receive the position of the records in the stream, which keeps them for 24 hours, and not their
 * content. A bucket receives the records themselves.
 */
export class FailureDestination {
  /**
   * A queue that is created with the limiter.
   *
   * @param options settings of the queue
   */
  public static managedQueue(options: ManagedQueueOptions = {}): FailureDestination {
    return new FailureDestination((scope, context) => {
      const key = options.encryptionKey ?? context.encryptionKey;
      const queue = new sqs.Queue(scope, 'DeadLetterQueue', {
        queueName: context.queueName,
        retentionPeriod: options.retentionPeriod ?? Duration.days(14),
        visibilityTimeout: options.visibilityTimeout ?? Duration.minutes(5),
        encryption: key === undefined ? sqs.QueueEncryption.SQS_MANAGED : sqs.QueueEncryption.KMS,
        encryptionMasterKey: key,
        enforceSSL: true,
      });
      return toQueue(queue, key, context.knownArn);
    });
  }

  /**
   * A queue of yours.
   *
   * @param queue must not be a FIFO queue
   */
  public static queue(queue: sqs.IQueue): FailureDestination {
    return new FailureDestination(() => toQueue(queue, queue.encryptionMasterKey));
  }

  /**
   * A bucket of yours. It receives the records with everything in them.
   *
   * @param bucket receives objects under `aws/lambda/`
   */
  public static bucket(bucket: s3.IBucket): FailureDestination {
    return new FailureDestination(() => ({
      arn: bucket.bucketArn,
      statements: [
        new iam.PolicyStatement({ sid: 'SendFailures', actions: ['s3:PutObject'], resources: [bucket.arnForObjects('aws/lambda/*')] }),
        new iam.PolicyStatement({ sid: 'FindFailureBucket', actions: ['s3:ListBucket'], resources: [bucket.bucketArn] }),
      ],
      key: bucket.encryptionKey && { key: bucket.encryptionKey, service: 's3' },
    }));
  }

  /**
   * A topic of yours.
   *
   * @param topic must not be a FIFO topic
   */
  public static topic(topic: sns.ITopic): FailureDestination {
    return new FailureDestination(() => ({
      arn: topic.topicArn,
      statements: [new iam.PolicyStatement({ sid: 'SendFailures', actions: ['sns:Publish'], resources: [topic.topicArn] })],
      key: topic.masterKey && { key: topic.masterKey, service: 'sns' },
    }));
  }

  /** Nowhere: records that fail in all their attempts are gone. Limits never depend on them, usage and audit archive do. */
  public static none(): FailureDestination {
    return new FailureDestination(() => ({ statements: [] }));
  }

  private constructor(private readonly bind: (scope: Construct, context: FailureDestinationContext) => BoundFailureDestination) {}

  /** @internal */
  public _bind(scope: Construct, context: FailureDestinationContext): BoundFailureDestination {
    return this.bind(scope, context);
  }
}

function toQueue(queue: sqs.IQueue, key: kms.IKey | undefined, knownArn = queue.queueArn): BoundFailureDestination {
  return {
    arn: queue.queueArn,
    queue,
    statements: [new iam.PolicyStatement({ sid: 'SendFailures', actions: ['sqs:SendMessage'], resources: [knownArn] })],
    key: key && { key, service: 'sqs' },
  };
}

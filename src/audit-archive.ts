import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { Problems } from './private/validate';

/** How audit events are kept. */
export interface AuditOptions {
  /**
   * How long an audit event stays in the table. Changing it affects new events only.
   *
   * Range: 1 to 3650 days.
   *
   * @default Duration.days(90)
   */
  readonly retention?: Duration;

  /**
   * Where events go that leave the table.
   *
   * @default - a bucket that is created with the aggregator
   */
  readonly archive?: AuditArchiveOptions;
}

/** Which deletions of audit events are archived. */
export enum AuditArchiveScope {
  /** Those of events that expired. */
  TTL_ONLY = 'ttl',
  /** Every one: also those of a namespace that is purged. */
  ALL_DELETES = 'all',
}

/** Where audit events go that leave the table. The aggregator takes them there. */
export interface AuditArchiveOptions {
  /**
   * Whether events are archived. Without it they are gone when they expire.
   *
   * @default - true when there is an aggregator
   */
  readonly enabled?: boolean;

  /**
   * Which deletions are archived.
   *
   * @default AuditArchiveScope.TTL_ONLY
   */
  readonly scope?: AuditArchiveScope;

  /**
   * Bucket to use; objects begin with `audit/`. The settings below are for a bucket that is created.
   *
   * @default - a bucket is created
   */
  readonly bucket?: s3.IBucket;

  /**
   * Age at which events move to Glacier Instant Retrieval.
   *
   * Range: 1 to 3650 days.
   *
   * @default Duration.days(90)
   */
  readonly glacierTransition?: Duration;

  /**
   * Age at which events are deleted. In a versioned bucket they can be brought back for 30 days more.
   *
   * Longer than `glacierTransition`.
   *
   * @default - never
   */
  readonly expiration?: Duration;

  /**
   * Key of the bucket.
   *
   * @default - `encryptionKey` of the limiter, or a key of S3
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * What becomes of the bucket when it is removed from the stack. CloudFormation deletes no bucket that holds objects.
   *
   * @default - `removalPolicy` of the limiter
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * Whether what was overwritten or deleted can be brought back.
   *
   * @default true
   */
  readonly versioned?: boolean;

  /**
   * Time in which nobody can delete an event, or mode and time. Cannot be switched off again.
   *
   * @default - events can be deleted
   */
  readonly objectLockRetention?: s3.ObjectLockRetention;

  /**
   * Bucket that receives the access log, under `{limiterName}-audit/`.
   *
   * @default - accesses are not logged
   */
  readonly serverAccessLogsBucket?: s3.IBucket;
}

/** Start of every object's key. */
const PREFIX = 'audit/';

export interface ArchiveBucketProps {
  readonly limiterName: string;
  readonly options: AuditArchiveOptions;
  readonly removalPolicy: RemovalPolicy;
  readonly encryptionKey?: kms.IKey;
}

/** The bucket of the audit archive: the user's, or a new one that is private and refuses plain HTTP. */
export function archiveBucket(scope: Construct, id: string, { limiterName, options, ...props }: ArchiveBucketProps): s3.IBucket {
  if (options.bucket !== undefined) return options.bucket;
  const key = options.encryptionKey ?? props.encryptionKey;
  return new s3.Bucket(scope, id, {
    encryption: key === undefined ? s3.BucketEncryption.S3_MANAGED : s3.BucketEncryption.KMS,
    encryptionKey: key,
    bucketKeyEnabled: key === undefined ? undefined : true,
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    versioned: options.versioned ?? true,
    objectLockDefaultRetention: options.objectLockRetention,
    removalPolicy: options.removalPolicy ?? props.removalPolicy,
    serverAccessLogsBucket: options.serverAccessLogsBucket,
    serverAccessLogsPrefix: options.serverAccessLogsBucket && `${limiterName}-audit/`,
    lifecycleRules: [...(options.expiration === undefined ? [] : [EXPIRED_MARKERS]), {
      id: 'TransitionToGlacier',
      prefix: PREFIX,
      transitions: [{
        storageClass: s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, transitionAfter: options.glacierTransition ?? GLACIER_TRANSITION,
      }],
      expiration: options.expiration,
      // In a versioned bucket what expires stays as an old version.
      noncurrentVersionExpiration: options.expiration && Duration.days(30),
      abortIncompleteMultipartUploadAfter: Duration.days(7),
    }],
  });
}

const GLACIER_TRANSITION = Duration.days(90);
/** Removes what is left of an expired event: a marker without versions. */
const EXPIRED_MARKERS: s3.LifecycleRule = { id: 'RemoveExpiredMarkers', prefix: PREFIX, expiredObjectDeleteMarker: true };

/** Lets the aggregator add to the archive, and nothing else. */
export function archiving(bucket: s3.IBucket): iam.PolicyStatement {
  return new iam.PolicyStatement({ sid: 'ArchiveAudit', actions: ['s3:PutObject'], resources: [bucket.arnForObjects(`${PREFIX}*`)] });
}

/** Collects what is wrong with the settings of the audit events. */
export function checkAudit(problems: Problems, { retention, archive = {} }: AuditOptions): void {
  problems.days('AUDIT_RETENTION_RANGE', 'audit.retention', retention, 1, 3650);
  problems.days('GLACIER_RANGE', 'audit.archive.glacierTransition', archive.glacierTransition, 1, 3650);
  const { expiration, glacierTransition = GLACIER_TRANSITION } = archive;
  problems.days('ARCHIVE_EXPIRATION_RANGE', 'audit.archive.expiration', expiration, 1, 36_500);
  if (expiration === undefined || expiration.isUnresolved() || glacierTransition.isUnresolved()) return;
  if (expiration.toMilliseconds() <= glacierTransition.toMilliseconds()) {
    problems.add('GLACIER_RANGE',
      `audit.archive.expiration must be longer than glacierTransition, got ${expiration.toHumanString()} and ${glacierTransition.toHumanString()}`);
  }
}

import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ArchiveStore } from './archive';
import type { ArchiveObject } from './archive-object';

/** Keeps the archive in a bucket. How it is encrypted is the bucket's default. */
export class S3ArchiveStore implements ArchiveStore {
  /** @param timeoutMs time for one object, with the SDK's repetitions */
  constructor(private readonly client: S3Client, private readonly bucket: string, private readonly timeoutMs = 4000) {}

  /** One PutObject. Throws what the SDK throws. */
  async put({ key, body }: ArchiveObject): Promise<void> {
    const command = new PutObjectCommand({
      Bucket: this.bucket, Key: key, Body: body, ContentType: 'application/x-ndjson', ContentEncoding: 'gzip',
    });
    await this.client.send(command, { abortSignal: AbortSignal.timeout(this.timeoutMs) });
  }
}

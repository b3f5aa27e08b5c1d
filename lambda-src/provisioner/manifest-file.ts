import { createHash } from 'node:crypto';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { traced } from '../shared/tracing';
import { RequestError } from './request-error';

/** Reads an object of S3. */
export type ReadObject = (bucket: string, key: string) => Promise<Uint8Array>;

export interface ManifestLocation {
  readonly bucket: string;
  readonly key: string;
  /** Hex; the file must have it. @default any file */
  readonly sha256?: string;
}

/** Far more than a manifest that can be applied needs. */
const MAX_BYTES = 6 * 1024 * 1024;
/** Longest wait for the file. */
const TIMEOUT_MS = 15_000;

/** Reads from S3; the client is made with the first file, because most requests bring their manifest along. */
export function s3Reader(): ReadObject {
  let client: S3Client | undefined;
  return async (bucket, key) => {
    client ??= traced(new S3Client({}), process.env);
    const get = new GetObjectCommand({ Bucket: bucket, Key: key });
    const { Body, ContentLength = 0 } = await client.send(get, { abortSignal: AbortSignal.timeout(TIMEOUT_MS) });
    if (ContentLength > MAX_BYTES) throw new Error(`it has ${ContentLength} bytes, more than ${MAX_BYTES}`);
    return Body!.transformToByteArray();
  };
}

/**
 * Reads a manifest from a JSON file, for manifests that do not fit into a request (F-48). It is not validated.
 *
 * @throws {RequestError} MANIFEST_UNREADABLE, or MANIFEST_CHANGED when the file is another one
 */
export async function readManifestFile(readObject: ReadObject, { bucket, key, sha256 }: ManifestLocation): Promise<unknown> {
  const file = `s3://${bucket}/${key}`;
  const fail = (error: unknown): never => {
    const { name, message } = error as Error;
    throw new RequestError('MANIFEST_UNREADABLE', `cannot read ${file}: ${name}: ${message}`, { cause: error });
  };
  const bytes = await readObject(bucket, key).catch(fail);
  const found = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== undefined && sha256.toLowerCase() !== found) {
    throw new RequestError('MANIFEST_CHANGED', `${file} has the SHA-256 ${found}, not ${sha256}`);
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    return fail(error);
  }
}

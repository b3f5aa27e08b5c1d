export interface S3Mock {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * Starts an S3 without any bucket, on a free port of 127.0.0.1. It stops with this process at the latest.
 *
 * The first call downloads the server, about 30 MB, from Maven Central into `.cache/`; that and a missing Java throw one line.
 */
export function start(): Promise<S3Mock>;

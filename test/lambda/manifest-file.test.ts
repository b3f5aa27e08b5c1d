import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readManifestFile, s3Reader } from '../../lambda-src/provisioner/manifest-file';

/** An S3 that holds one object, or answers with another status. */
async function s3(status: number, body: string, headers: Record<string, string> = {}): Promise<{ paths: string[] } & AsyncDisposable> {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url!.split('?')[0]!);
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env.AWS_ENDPOINT_URL_S3 = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    paths,
    async [Symbol.asyncDispose]() {
      delete process.env.AWS_ENDPOINT_URL_S3;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('F-48: S3', () => {
  test('is read with one call for each file', async () => {
    await using bucket = await s3(200, '{"namespace":"default"}');
    const read = s3Reader();

    const manifests = [await readManifestFile(read, { bucket: 'assets', key: 'a/limits.json' }), await readManifestFile(read, { bucket: 'assets', key: 'b.json' })];

    expect(manifests).toEqual(Array(2).fill({ namespace: 'default' }));
    expect(bucket.paths).toEqual(['/assets/a/limits.json', '/assets/b.json']);
  });

  test.each<[string, number, string, Record<string, string>, string]>([
    ['may not be read', 403, '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>', {}, 'AccessDenied: Access Denied'],
    ['is not there', 404, '<Error><Code>NoSuchKey</Code><Message>No such key</Message></Error>', {}, 'NoSuchKey: No such key'],
    ['is too large', 200, `{"x":"${'x'.repeat(6 * 1024 * 1024)}"}`, {}, 'it has 6291464 bytes, more than 6291456'],
    ['is no JSON', 200, 'namespace: default', {}, 'SyntaxError'],
  ])('tells of a file that %s', async (_, status, body, headers, reason) => {
    await using _bucket = await s3(status, body, { 'content-length': String(Buffer.byteLength(body)), ...headers });

    const reading = readManifestFile(s3Reader(), { bucket: 'assets', key: 'limits.json' });

    await expect(reading).rejects.toMatchObject({ name: 'RequestError', code: 'MANIFEST_UNREADABLE' });
    await expect(reading).rejects.toThrow('cannot read s3://assets/limits.json: ');
    await expect(reading).rejects.toThrow(reason);
  });
});

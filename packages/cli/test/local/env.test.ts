import { execFileSync } from 'node:child_process';
import { invoke, invokeJson } from '../support/cli';
import { expectGolden } from '../support/golden';

test.each(['eval', 'direnv', 'powershell'])('prints the environment of clients for %s', async (format) => {
  const { code, stdout } = await invoke(['local', 'env', '--format', format, '-n', 'shop']);
  expect(code).toBe(0);
  expectGolden(`local/env-${format}`, stdout);
});

test('is for the port and the name that were asked for', async () => {
  expect(await invokeJson(['local', 'env', '--port', '9000', '-n', 'shop'])).toMatchObject({
    variables: { AWS_ENDPOINT_URL: 'http://127.0.0.1:9000', AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9000', ZAEL_STACK: 'shop' },
  });
  expect(await invokeJson(['local', 'env'])).toMatchObject({ variables: { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566', ZAEL_STACK: 'zae-limiter' } });
});

test('cannot run what a value holds', async () => {
  const name = "a'; echo $(id) `id` \"b";
  const { stdout } = await invoke(['local', 'env', '-n', name]);
  expect(execFileSync('sh', ['-c', `${stdout}printf %s "$ZAEL_STACK"`], { encoding: 'utf8' })).toBe(name);
  expect((await invoke(['local', 'env', '-f', 'powershell', '-n', name])).stdout).toContain('$env:ZAEL_STACK = \'a\'\'; echo $(id) `id` "b\'');
});

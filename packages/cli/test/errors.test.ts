import * as client from '@zae-limiter/client';
import errors from '../../../spec/errors.json';
import { failureOf, interrupted, invalid, notFound, refused } from '../src/errors';
import { EXIT, EXIT_OF_ERROR } from '../src/exit-codes';

test('every error code of the client has the exit code that the contract says', () => {
  expect(EXIT_OF_ERROR).toEqual(Object.fromEntries(Object.entries(errors).map(([code, { exitCode }]) => [code, exitCode])));
});

test('exit codes are a contract', () => {
  expect(EXIT).toEqual({
    ok: 0, failed: 1, invalid: 2, aws: 3, notFound: 4, incompatible: 5, drift: 6, refused: 7, rateLimited: 8, interrupted: 130,
  });
});

const sdk = (name: string, message = 'x') => Object.assign(new Error(message), { name, $metadata: {} });

test.each([
  ['wrong arguments', invalid('x'), 2], ['something that is not there', notFound('x'), 4], ['a refusal', refused('x'), 7], ['Ctrl-C', interrupted(), 130],
  ['an error of AWS', sdk('AccessDeniedException'), 3], ['missing credentials', Object.assign(new Error('x'), { name: 'CredentialsProviderError' }), 3],
  ['no region', new Error('Region is missing'), 3], ['no network', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 3],
  ['a missing table', new client.InfrastructureNotFoundError('x'), 4], ['an outage', new client.LimiterUnavailableError('x', true), 3],
  ['an error of ours', new Error('x'), 1], ['no error at all', 'x', 1],
])('%s ends with its exit code', (_, error, exitCode) => {
  expect(failureOf(error).exitCode).toBe(exitCode);
});

test('what is missing comes with the command that creates it', () => {
  expect(failureOf(new client.NamespaceNotFoundError('a', 't')).hints.join()).toContain('namespace register');
  expect(failureOf(new client.InfrastructureNotFoundError('t')).hints.join()).toContain('deploy');
  expect(failureOf(new Error('Region is missing')).hints.join()).toContain('--region');
});

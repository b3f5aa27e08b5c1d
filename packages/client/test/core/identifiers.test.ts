import { InvalidIdentifierError, InvalidNameError, ValidationError } from '@zae-limiter/client/core/errors';
import {
  checkEntityId, checkLimiterName, checkLimitName, checkNamespace, checkPrincipal, checkResource,
} from '@zae-limiter/client/core/identifiers';
import { vectors } from '../../../../test/support/vectors';

interface Input { readonly kind: string; readonly value: string }
type Expected = { readonly valid: true } | { readonly valid: false; readonly field: string; readonly value: string; readonly reason_code: string };

const CHECKS: Record<string, (value: string) => void> = {
  entity_id: (value) => checkEntityId(value, 'entity_id'),
  parent_id: (value) => checkEntityId(value, 'parent_id'),
  principal: checkPrincipal,
  limit_name: (value) => checkLimitName(value),
  resource: checkResource,
  stack_name: checkLimiterName,
  namespace: checkNamespace,
};

function refusal(check: () => void): ValidationError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return error as ValidationError;
  }
}

/** Values that the reference accepts and ours refuses, with the reason. */
function refusedByOurs({ kind, value }: Input): string | undefined {
  if (value.endsWith('\n')) return 'pattern'; // W43: '$' of Python's engine matches before a final newline
  if (kind === 'stack_name' && value.length < 3) return 'too_short'; // W43: DynamoDB needs 3 characters
  if (kind !== 'namespace') return undefined;
  if (value === '') return 'empty';
  if (value.includes('#')) return 'hash';
  return value.length > 128 ? 'too_long' : undefined;
}

describe('identifiers', () => {
  test.each(vectors<Input, Expected>('validation'))('accept and refuse what the reference does, and not what breaks it: $title', ({ input, expected }) => {
    const error = refusal(() => CHECKS[input.kind]!(input.value));
    const ours = expected.valid ? refusedByOurs(input) : undefined;

    if (expected.valid && ours === undefined) {
      expect(error).toBeUndefined();
    } else {
      expect(error).toBeInstanceOf(ValidationError);
      expect(error!.reason).toBe(ours ?? (expected as { reason_code: string }).reason_code);
      if (!expected.valid) expect({ field: error!.field, value: error!.value }).toEqual({ field: expected.field, value: expected.value });
    }
  });

  test.each([
    ['an entity', () => checkEntityId('a b'), InvalidIdentifierError, 'INVALID_IDENTIFIER'],
    ['a resource', () => checkResource('9'), InvalidIdentifierError, 'INVALID_IDENTIFIER'],
    ['a limit name', () => checkLimitName('wcu'), InvalidNameError, 'INVALID_NAME'],
  ] as const)('rejects %s with its own error', (_, check, type, code) => {
    const error = refusal(check);

    expect(error).toBeInstanceOf(type);
    expect(error!.code).toBe(code);
  });

  test.each(['arn:aws:sts::123456789012:assumed-role/app/session#1', 'provisioner:cli', 'provisioner:arn:aws:cloudformation:us-east-1:1:stack/a/b|Limits'])(
    'pass for the principal %s, whatever it holds', (principal) => {
      expect(refusal(() => checkPrincipal(principal))).toBeUndefined();
    });

  test.each(['a/b', 'my-provisioner:a/b', 'provisioner/a', ' arn:a/b'])('refuse the principal %s', (principal) => {
    expect(refusal(() => checkPrincipal(principal))!.reason).toBe('pattern');
  });

  test.each([undefined, null, 5, {}])('rejects %p, which is no text', (value) => {
    for (const check of Object.values(CHECKS)) {
      expect(refusal(() => check(value as unknown as string))!.reason).toBe('type');
    }
  });

  test('the message names the field, the rule and the value', () => {
    expect(refusal(() => checkResource('a b'))!.message)
      .toBe("resource must start with a letter and hold only letters, digits and _ . - /, got 'a b'");
  });
});

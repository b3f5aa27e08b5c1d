import { FilterPattern, JsonPattern } from 'aws-cdk-lib/aws-logs';

const { all, any, notExists, stringValue, booleanValue } = FilterPattern;

/** A call that was refused for a missing permission: `AccessDenied` or, by the name of DynamoDB's own error, `AccessDeniedException`. */
export function accessDenied(): JsonPattern {
  return stringValue('$.errorCode', '=', 'AccessDenied*');
}

/** Limits of every level have this sort key, or one that begins like it. A test holds it against what the client writes. */
const LIMITS = '#CONFIG*';

/** A change of limits is one of the first writes of its transaction; the registry of limits and the audit event follow. */
const WRITES = [0, 1, 2];

/**
 * A write to limits that was done, by anybody but one role.
 *
 * CloudTrail records the key of a single write and the keys of a transaction's. A batch can only delete, and a PartiQL statement
 * has no key in its record; programs that acquire send neither, so each of them counts.
 */
export function limitChanges(trustedRoleArn: string | undefined): JsonPattern {
  const keys = ['$.requestParameters.key.SK', ...WRITES.map((at) => `$.requestParameters.requestItems[${at}].key.SK`)];
  const ISSUER = '$.userIdentity.sessionContext.sessionIssuer.arn';
  const byOthers = trustedRoleArn === undefined ? [] : [any(notExists(ISSUER), stringValue(ISSUER, '!=', trustedRoleArn))];
  return all(
    notExists('$.errorCode'),
    booleanValue('$.readOnly', false),
    ...byOthers,
    any(
      ...keys.map((key) => stringValue(key, '=', LIMITS)),
      ...['BatchWriteItem', '*ExecuteStatement', 'ExecuteTransaction'].map((event) => stringValue('$.eventName', '=', event)),
    ),
  );
}

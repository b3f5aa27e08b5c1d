import { propertiesOfManifest, type Manifest } from '@zae-limiter/client/admin';
import { invalid } from '../errors.js';

/** Most bytes of limits in a template: a request of CloudFormation holds them twice, old and new, and must fit into one invocation. */
const MAX_BYTES = 48 * 1024;
/** Longest run of the provisioner in seconds as it is deployed, and a little more: one that dies must not hold up the stack for an hour. */
const SERVICE_TIMEOUT = '330';

/**
 * A CloudFormation template that applies a manifest with the provisioner of a limiter that is deployed. Pure.
 *
 * @throws {CliError} the manifest does not fit into a template
 */
export function limitsTemplate(limiterName: string, manifest: Manifest): object {
  const properties = propertiesOfManifest(manifest);
  const bytes = Buffer.byteLength(JSON.stringify(properties));
  if (bytes > MAX_BYTES) throw tooMuch(`the limits have ${bytes} bytes, and a template can hold ${MAX_BYTES}`);
  const taken = [...namesIn(properties)].find((name) => name === 'Ref' || name.startsWith('Fn::'));
  if (taken !== undefined) throw tooMuch(`CloudFormation would take the name '${taken}' for a function of its own`);
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `Limits of ${limiterName}, namespace ${manifest.namespace}`,
    Resources: {
      Limits: {
        Type: 'Custom::ZaeLimiterLimits',
        Properties: {
          ServiceToken: { 'Fn::Sub': `arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:${limiterName}-limits-provisioner` },
          ServiceTimeout: SERVICE_TIMEOUT,
          TableName: limiterName,
          ...properties,
        },
      },
    },
    Outputs: { ManifestHash: { Value: { 'Fn::GetAtt': ['Limits', 'ManifestHash'] } } },
  };
}

const tooMuch = (message: string): Error => invalid(message, 'addLimits of the construct library makes a file of them, see docs/guide/declarative-limits.md');

function* namesIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    yield name;
    yield* namesIn(inner);
  }
}

import { Stack, StackProps } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { tagStack } from './discovery-tags';
import { OutputMode } from './outputs';
import { ZaeLimiter } from './zae-limiter';
import { ZaeLimiterProps } from './zae-limiter-props';

/** Settings of a stack that holds one limiter. */
export interface ZaeLimiterStackProps extends StackProps {
  /**
   * Settings of the limiter. Its name is that of the stack, its outputs are exported, and the stack is protected against
   * deletion like the table, unless they are set.
   *
   * @default - the defaults of a limiter
   */
  readonly limiter?: ZaeLimiterProps;
}

/**
 * A stack that holds one limiter and nothing else: what `zae-limiter` commands and the Python library's tools expect, with
 * output keys, export names and tags that they know.
 *
 * @example
 *
 * new ZaeLimiterStack(app, 'prod-limiter', { limiter: { pitrRecoveryPeriod: Duration.days(7) } });
 */
export class ZaeLimiterStack extends Stack {
  /** The limiter. */
  public readonly limiter: ZaeLimiter;

  constructor(scope: Construct, id: string, props: ZaeLimiterStackProps = {}) {
    const { limiter: given = {}, ...stackProps } = props;
    const limiter = given.profile?._complete(given) ?? given;
    super(scope, id, {
      ...stackProps,
      stackName: stackProps.stackName ?? limiter.limiterName,
      terminationProtection: stackProps.terminationProtection ?? limiter.deletionProtection,
    });
    this.limiter = new ZaeLimiter(this, 'Limiter', { ...limiter, discoveryTags: false, outputs: limiter.outputs ?? OutputMode.EXPORTS });
    this.limiter._outputs.useKeysAsIds();
    tagStack(this, this.limiter.limiterName, limiter.tags);
  }
}

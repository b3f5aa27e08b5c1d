import { CustomResource } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acquireStatements, AccessTarget, fullAccessStatements, grantStatements, readOnlyStatements } from './access';
import { ClientEnvironmentOptions, IZaeLimiter } from './limiter';

/**
 * What limiters of this app and imported ones have in common: everything that needs names and ARNs only.
 *
 * @internal
 */
export abstract class LimiterBase extends Construct implements IZaeLimiter {
  public abstract readonly limiterName: string;
  public abstract readonly tableArn: string;
  public abstract readonly tableStreamArn?: string;
  public abstract readonly provisionerFunctionArn?: string;
  public abstract readonly provisionerRole?: iam.IRole;
  public abstract readonly bootstrap?: CustomResource;

  public get tableName(): string {
    return this.limiterName;
  }

  public grantAcquire(grantee: iam.IGrantable): iam.Grant {
    return grantStatements(grantee, acquireStatements(this._accessTarget()));
  }

  public grantFullAccess(grantee: iam.IGrantable): iam.Grant {
    return grantStatements(grantee, fullAccessStatements(this._accessTarget()));
  }

  public grantReadOnly(grantee: iam.IGrantable): iam.Grant {
    return grantStatements(grantee, readOnlyStatements(this._accessTarget()));
  }

  public clientEnvironment(options: ClientEnvironmentOptions = {}): { [name: string]: string } {
    return { ZAEL_STACK: this.limiterName, ZAEL_NAMESPACE: options.namespaceName ?? 'default' };
  }

  /** @internal */
  protected _accessTarget(): AccessTarget {
    return { tableArn: this.tableArn, provisionerArn: this.provisionerFunctionArn };
  }
}

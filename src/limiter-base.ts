import { CustomResource, Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acquireStatements, AccessTarget, fullAccessStatements, grantStatements, readOnlyStatements } from './access';
import { ClientEnvironmentOptions, IZaeLimiter } from './limiter';
import { ILimiterLimits } from './limiter-limits';
import { ILimiterNamespace, NamespaceOptions } from './limiter-namespace';
import { LimitsOptions } from './limits-options';
import { ZaeLimiterLimits } from './zae-limiter-limits';
import { ZaeLimiterNamespace } from './zae-limiter-namespace';

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
  public abstract readonly provisionerTimeout?: Duration;
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

  public addNamespace(name: string, options: NamespaceOptions = {}): ILimiterNamespace {
    return new ZaeLimiterNamespace(this._child('Namespaces'), name, { ...options, limiter: this, namespaceName: name });
  }

  public addLimits(id: string, options: LimitsOptions): ILimiterLimits {
    return new ZaeLimiterLimits(this._child('Limits'), id, { ...options, limiter: this });
  }

  /** @internal */
  private _child(id: string): Construct {
    return (this.node.tryFindChild(id) as Construct | undefined) ?? new Construct(this, id);
  }

  /** @internal */
  protected _accessTarget(): AccessTarget {
    return { tableArn: this.tableArn, provisionerArn: this.provisionerFunctionArn };
  }
}

import { CustomResource, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import {
  acquireStatements, AccessTarget, discoveryStatements, fullAccessStatements, grantStatements, invokeProvisionerStatements, NamespaceScope,
  readOnlyStatements, taggedNamespace,
} from './access';
import { ClientEnvironmentOptions, GrantOptions, IZaeLimiter } from './limiter';
import { Problems } from './private/validate';

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

  /**
   * What grants are for.
   *
   * @internal
   */
  protected abstract readonly _accessTarget: AccessTarget;

  /**
   * Key of the principal tag that holds the id of a namespace.
   *
   * @internal
   */
  protected abstract readonly _namespaceTagKey: string;

  public get tableName(): string {
    return this.limiterName;
  }

  public grantAcquire(grantee: iam.IGrantable, options: GrantOptions = {}): iam.Grant {
    return this._grant(grantee, acquireStatements(this._accessTarget, this._scopeOf(options)));
  }

  public grantFullAccess(grantee: iam.IGrantable, options: GrantOptions = {}): iam.Grant {
    return this._grant(grantee, fullAccessStatements(this._accessTarget, this._scopeOf(options)));
  }

  public grantReadOnly(grantee: iam.IGrantable, options: GrantOptions = {}): iam.Grant {
    return this._grant(grantee, readOnlyStatements(this._accessTarget, this._scopeOf(options)));
  }

  public grantInvokeProvisioner(grantee: iam.IGrantable): iam.Grant {
    const statements = invokeProvisionerStatements(this._accessTarget);
    if (statements.length === 0) {
      const problems = new Problems(this);
      problems.add('PROVISIONER_REQUIRED', 'grantInvokeProvisioner needs the provisioner, and this limiter has none that is known');
      problems.throwIfAny();
    }
    return this._grant(grantee, statements);
  }

  public grantDiscovery(grantee: iam.IGrantable): iam.Grant {
    return this._grant(grantee, discoveryStatements());
  }

  public clientEnvironment(options: ClientEnvironmentOptions = {}): { [name: string]: string } {
    return { ZAEL_STACK: this.limiterName, ZAEL_NAMESPACE: options.namespaceName ?? 'default' };
  }

  private _grant(grantee: iam.IGrantable, statements: iam.PolicyStatement[]): iam.Grant {
    return grantStatements(grantee, statements, this._accessTarget);
  }

  private _scopeOf({ namespaces, namespaceIds, byPrincipalTag }: GrantOptions): NamespaceScope | undefined {
    const problems = new Problems(this);
    if ([namespaces, namespaceIds, byPrincipalTag || undefined].filter((one) => one !== undefined).length > 1) {
      problems.add('GRANT_SCOPE_CONFLICT', 'a grant takes one of namespaces, namespaceIds and byPrincipalTag');
    }
    const ids = namespaces?.map(({ namespaceId }) => namespaceId) ?? namespaceIds;
    // No key at all would be a condition that every request meets.
    if (ids?.length === 0) problems.add('GRANT_SCOPE_INVALID', 'a grant that is limited to namespaces takes at least one, got none');
    for (const id of ids ?? []) {
      // A wildcard would be everybody's namespace, and '_' is the registry.
      if (!Token.isUnresolved(id) && (!/^[\w-]+$/.test(id) || id === '_')) {
        problems.add('GRANT_SCOPE_INVALID', `a namespace id holds letters, digits, '-' and '_' and is not '_', got '${id}'`);
      }
    }
    problems.throwIfAny();
    if (byPrincipalTag === true) return taggedNamespace(this._namespaceTagKey);
    return ids === undefined ? undefined : { prefixes: ids };
  }
}

import { CustomResource, RemovalPolicy } from 'aws-cdk-lib';
import { propertyInjectable } from 'aws-cdk-lib/core/lib/prop-injectable';
import { Construct } from 'constructs';
import { IZaeLimiter } from './limiter';
import { ILimiterNamespace, NamespaceOptions } from './limiter-namespace';
import { checkProvisioner, provisionerResource } from './private/provisioner-resource';
import { Problems } from './private/validate';

/** Settings of a namespace, and where it is. */
export interface ZaeLimiterNamespaceProps extends NamespaceOptions {
  /** The limiter whose table the namespace is in. It must have a provisioner. */
  readonly limiter: IZaeLimiter;

  /**
   * What clients open.
   *
   * 1 to 128 characters without `#`; `_` is reserved. Tokens are accepted and not checked. Another name is another namespace.
   */
  readonly namespaceName: string;
}

/**
 * A namespace of a limiter: registered when it is deployed, or found when it is registered already.
 *
 * Two resources for one namespace should both retain it: whichever is removed first would take its name away.
 *
 * @example
 *
 * declare const limiter: ZaeLimiter;
 *
 * const tenant = new ZaeLimiterNamespace(this, 'Tenant', { limiter, namespaceName: 'tenant-1' });
 * limiter.addLimits('TenantLimits', { limiterNamespace: tenant, system: { limits: { rpm: Limit.perMinute(1000) } } });
 */
@propertyInjectable
export class ZaeLimiterNamespace extends Construct implements ILimiterNamespace {
  /** Id by which property injectors know the construct. */
  public static readonly PROPERTY_INJECTION_ID: string = '@zae-limiter.cdk.ZaeLimiterNamespace';

  public readonly namespaceName: string;
  public readonly namespaceId: string;

  /** The limiter whose table the namespace is in. */
  public readonly limiter: IZaeLimiter;

  /** The resource that registers the namespace. */
  public readonly resource: CustomResource;

  constructor(scope: Construct, id: string, props: ZaeLimiterNamespaceProps) {
    super(scope, id);
    const { limiter, namespaceName, auditRetention } = props;
    const problems = new Problems(this);
    checkProvisioner(problems, limiter);
    problems.namespaceName('namespaceName', namespaceName);
    problems.days('AUDIT_RETENTION_RANGE', 'auditRetention', auditRetention, 1, 3650);
    problems.removalPolicy(props.removalPolicy);
    problems.throwIfAny();

    this.limiter = limiter;
    this.namespaceName = namespaceName;
    this.resource = provisionerResource(this, {
      limiter,
      type: 'Custom::ZaeLimiterNamespace',
      properties: {
        TableName: limiter.tableName,
        Namespace: namespaceName,
        Removal: props.removalPolicy === RemovalPolicy.DESTROY ? 'SOFT_DELETE' : 'RETAIN',
        AuditRetentionDays: auditRetention?.toDays(),
      },
    });
    if (limiter.bootstrap !== undefined) this.resource.node.addDependency(limiter.bootstrap);
    this.node.defaultChild = this.resource.node.defaultChild;
    this.namespaceId = this.resource.getAttString('NamespaceId');
  }
}

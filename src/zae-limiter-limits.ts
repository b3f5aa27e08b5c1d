import { Arn, ArnFormat, CustomResource, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import { propertyInjectable } from 'aws-cdk-lib/core/lib/prop-injectable';
import { Construct } from 'constructs';
import { IZaeLimiter } from './limiter';
import { ILimiterLimits } from './limiter-limits';
import { LimitsOptions } from './limits-options';
import {
  checkManifest, holdsFunctionNames, holdsTokens, isMapping, ManifestDeclaration, manifestOfOptions, manifestProperties, withoutTokens,
} from './private/limits-manifest';
import { grantManifest, manifestFile } from './private/manifest-file';
import { manifestValidator } from './private/manifest-validator';
import { checkProvisioner, provisionerResource } from './private/provisioner-resource';
import { Problems } from './private/validate';

/** The limits of a namespace, and where it is. */
export interface ZaeLimiterLimitsProps extends LimitsOptions {
  /** The limiter that the limits are for. It must have a provisioner. */
  readonly limiter: IZaeLimiter;
}

/**
 * The limits of one namespace, applied when they are deployed and checked when the app is synthesised.
 *
 * Up to 48 KB of limits are part of the template. More become a file among the assets of the app, which the provisioner's
 * role is allowed to read.
 *
 * @example
 *
 * declare const limiter: ZaeLimiter;
 *
 * new ZaeLimiterLimits(this, 'Limits', {
 *   limiter,
 *   system: { onUnavailable: OnUnavailable.BLOCK, limits: { rpm: Limit.perMinute(1000) } },
 *   resources: { 'gpt-4': { limits: { rpm: Limit.perMinute(500) } } },
 *   entities: { 'user-premium': { resources: { 'gpt-4': { limits: { rpm: Limit.perMinute(1000) } } } } },
 * });
 */
@propertyInjectable
export class ZaeLimiterLimits extends Construct implements ILimiterLimits {
  /** Id by which property injectors know the construct. */
  public static readonly PROPERTY_INJECTION_ID: string = '@zae-limiter.cdk.ZaeLimiterLimits';

  public readonly manifestHash: string;
  public readonly namespaceId: string;

  /** The limiter that the limits are for. */
  public readonly limiter: IZaeLimiter;

  /** Name of the namespace. */
  public readonly namespaceName: string;

  /** The resource that applies the limits. */
  public readonly resource: CustomResource;

  constructor(scope: Construct, id: string, props: ZaeLimiterLimitsProps) {
    super(scope, id);
    const { limiter, limiterNamespace } = props;
    const problems = new Problems(this);
    const manifest = readManifest(problems, props);
    this.limiter = limiter;
    this.namespaceName = manifest.namespace;
    checkProvisioner(problems, limiter);
    checkDuplicates(problems, this);
    problems.removalPolicy(props.removalPolicy);
    problems.throwIfAny();
    const content = contentOf(problems, manifest);
    problems.throwIfAny();

    const file = content.file === undefined ? undefined : manifestFile(this, content.file);
    this.resource = provisionerResource(this, {
      limiter,
      type: 'Custom::ZaeLimiterLimits',
      properties: {
        TableName: limiter.tableName,
        Namespace: this.namespaceName,
        NamespaceId: limiterNamespace?.namespaceId,
        ...(file === undefined ? content.properties : { ManifestLocation: file.location }),
        AdoptExisting: props.adoptExisting,
        RetainOnDelete: props.removalPolicy === RemovalPolicy.RETAIN ? true : undefined,
      },
    });
    if (file !== undefined) grantManifest(limiter, file, this.resource);
    if (limiter.bootstrap !== undefined) this.resource.node.addDependency(limiter.bootstrap);
    if (Construct.isConstruct(limiterNamespace)) this.resource.node.addDependency(limiterNamespace);
    this.node.defaultChild = this.resource.node.defaultChild;
    this.manifestHash = this.resource.getAttString('ManifestHash');
    this.namespaceId = this.resource.getAttString('NamespaceId');
  }
}

/** The manifest that the props declare; whatever is wrong with it is collected. */
function readManifest(problems: Problems, props: LimitsOptions): ManifestDeclaration {
  const { source } = props;
  const { value, problems: unreadable } = source?._read() ?? { value: manifestOfOptions(props), problems: [] };
  for (const problem of unreadable) problems.add('LIMITS_SOURCE_UNREADABLE', `source must be readable, got ${problem}`);
  const typed = (['system', 'resources', 'entities'] as const).filter((prop) => props[prop] !== undefined);
  if (source !== undefined && typed.length > 0) {
    problems.add('LIMITS_SOURCE_CONFLICT', `source must not be given together with other limits, got ${typed.join(', ')}`);
  }
  const namespace = namespaceOf(problems, props, isMapping(value) ? value.namespace : undefined);
  const manifest = isMapping(value) ? { ...value, namespace } : value;
  if (unreadable.length === 0) checkManifest(problems, withoutTokens(manifest), source === undefined);
  return { namespace, ...(isMapping(manifest) && manifest) } as ManifestDeclaration;
}

/** @param own what the source says */
function namespaceOf(problems: Problems, { namespaceName, limiterNamespace }: LimitsOptions, own: unknown): unknown {
  const given = limiterNamespace?.namespaceName ?? namespaceName;
  if (namespaceName !== undefined && limiterNamespace !== undefined) {
    problems.add('LIMITS_NAMESPACE_CONFLICT',
      `namespaceName must not be given together with limiterNamespace, got '${namespaceName}' and '${limiterNamespace.namespaceName}'`);
  }
  const differ = given !== undefined && own !== undefined && own !== given && !Token.isUnresolved(given) && !Token.isUnresolved(own);
  if (differ) problems.add('LIMITS_NAMESPACE_CONFLICT', `the namespace of source must be that of the limits, got '${own}' and '${given}'`);
  return given ?? (own === undefined ? 'default' : own);
}

/** Most bytes of limits in the template: a request has them twice, old and new, and must fit into one invocation (F-48). */
const MAX_INLINE_BYTES = 48 * 1024;

/** What the resource gets: properties, or a file when they are too many. */
function contentOf(problems: Problems, manifest: ManifestDeclaration): { readonly properties?: object; readonly file?: string } {
  const known = withoutTokens(manifest) as ManifestDeclaration;
  const bytes = Buffer.byteLength(JSON.stringify(manifestProperties(known)));
  if (bytes <= MAX_INLINE_BYTES && !holdsFunctionNames(known)) return { properties: manifestProperties(manifest) };
  if (holdsTokens(manifest)) {
    problems.add('LIMITS_TOO_LARGE',
      `limits must not hold tokens when they are deployed as a file, as they are above ${MAX_INLINE_BYTES} bytes or with names such as 'Ref', got ${bytes} bytes`);
  }
  return { file: manifestValidator().canonicalManifest(known) };
}

/** Two resources of one namespace would delete each other's limits; the provisioner refuses the second one (F-41). */
function checkDuplicates(problems: Problems, limits: ZaeLimiterLimits): void {
  const { limiter, namespaceName } = limits;
  const isSame = (other: ZaeLimiterLimits): boolean => other.namespaceName === namespaceName
    && (other.limiter === limiter || tableId(other.limiter) === tableId(limiter));
  const other = limits.node.root.node.findAll().find((node) => node instanceof ZaeLimiterLimits && node !== limits && isSame(node));
  if (other === undefined) return;
  problems.add('LIMITS_DUPLICATE_NAMESPACE',
    `the limits of a namespace must be declared once, got '${namespaceName}' of '${limiter.limiterName}' here and in ${other.node.path}`);
}

/** Tells tables apart, as far as account, region and name are known. */
function tableId(limiter: IZaeLimiter): string {
  const { tableArn, tableName } = limiter;
  const { account, region } = Token.isUnresolved(tableArn) ? Stack.of(limiter) : Arn.split(tableArn, ArnFormat.SLASH_RESOURCE_NAME);
  const isKnown = [account, region].every((part) => !Token.isUnresolved(part));
  return `${isKnown ? `${account}/${region}` : Stack.of(limiter).node.addr}/${tableName}`;
}

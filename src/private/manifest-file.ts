import { createHash } from 'crypto';
import { rmSync, writeFileSync } from 'fs';
import * as path from 'path';
import { Annotations, Stage } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct, Dependable } from 'constructs';
import { WARNING } from './warning-ids';

/** A manifest that is deployed as a file. */
export interface ManifestFile {
  readonly asset: Asset;
  /** Property `ManifestLocation` of `Custom::ZaeLimiterLimits`. */
  readonly location: { readonly [name: string]: string };
}

/** Adds a manifest to the assets of the app. Nothing but the asset stays behind, and the same manifest is the same asset. */
export function manifestFile(scope: Construct, content: string): ManifestFile {
  const sha256 = createHash('sha256').update(content).digest('hex');
  const { assetOutdir } = Stage.of(scope)!;
  const file = path.join(assetOutdir, `limits.${sha256}.json`);
  writeFileSync(file, content);
  const asset = new Asset(scope, 'Manifest', { path: file });
  // The asset is a copy, unless staging is switched off.
  if (path.resolve(assetOutdir, asset.assetPath) !== file) rmSync(file);
  return { asset, location: { Bucket: asset.s3BucketName, Key: asset.s3ObjectKey, Sha256: sha256 } };
}

/** Whose provisioner reads the file. */
export interface ManifestReader {
  readonly provisionerRole?: iam.IRole;
  readonly provisionerPolicyDocument?: iam.PolicyDocument;
}

/** Allows the provisioner to read that file and no other, before the dependent is deployed; warns when nobody can allow it here. */
export function grantManifest(reader: ManifestReader, { asset }: ManifestFile, dependent: Construct): void {
  const { provisionerRole: role, provisionerPolicyDocument } = reader;
  const statement = new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: [asset.bucket.arnForObjects(asset.s3ObjectKey)] });
  provisionerPolicyDocument?.addStatements(statement);
  const { policyDependable } = role?.addToPrincipalPolicy(statement) ?? {};
  if (policyDependable !== undefined) dependent.node.addDependency(policyDependable);
  // An imported role that must not be changed says that it was.
  const isGranted = role instanceof iam.Role || (policyDependable !== undefined && Dependable.of(policyDependable).dependencyRoots.length > 0);
  if (isGranted) return;
  Annotations.of(dependent).addWarningV2(WARNING.manifestUnreadable,
    'the limits are deployed as a file, and the role of the provisioner is not known or cannot be changed here: '
    + `allow it s3:GetObject on the file assets of this stack, of which it reads ${asset.assetHash}.json`);
}

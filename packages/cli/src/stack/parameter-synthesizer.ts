import { Aws, CfnParameter, Fn, StackSynthesizer, type FileAssetLocation, type FileAssetSource, type ISynthesisSession } from 'aws-cdk-lib';
import { FUNCTIONS, zipName, type FunctionId } from './functions.js';

/** Where the code of the functions is, as parameters of the template: plain CloudFormation deploys it, without `cdk bootstrap`. */
export class ParameterSynthesizer extends StackSynthesizer {
  addFileAsset(asset: FileAssetSource): FileAssetLocation {
    const id = FUNCTIONS.find((name) => asset.displayName?.toLowerCase().includes(`/${name}/`))!;
    const [bucketName, objectKey] = [this.parameter('CodeBucket', 'Bucket that holds the code of the functions'), this.keyParameter(id)];
    const httpUrl = `https://s3.${Aws.REGION}.${Aws.URL_SUFFIX}/${bucketName}/${objectKey}`;
    return { bucketName, objectKey, httpUrl, s3ObjectUrl: `s3://${bucketName}/${objectKey}` };
  }

  addDockerImageAsset(): never {
    throw new Error('a limiter has no images');
  }

  synthesize(session: ISynthesisSession): void {
    this.synthesizeTemplate(session);
    this.emitArtifact(session);
  }

  private keyParameter(id: FunctionId): string {
    return this.parameter(`${id[0]!.toUpperCase()}${id.slice(1)}CodeKey`, `Key of the code of the ${id}, as lambda-export names it`, zipName(id));
  }

  private parameter(id: string, description: string, initial?: string): string {
    const known = this.boundStack.node.tryFindChild(id);
    if (known === undefined) new CfnParameter(this.boundStack, id, { description, default: initial, minLength: 1 });
    return Fn.ref(id);
  }
}

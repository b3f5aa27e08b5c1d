import type { ManifestDeclaration } from '@zae-limiter/client/admin';
import { Document, isScalar, visit } from 'yaml';

/** Definition of a manifest, which editors understand. */
export const MANIFEST_SCHEMA_URL = 'https://raw.githubusercontent.com/zae-limiter/zae-limiter-cdk/main/spec/manifest.schema.json';

/** A manifest as YAML, each limit on a line of its own. Pure. */
export function manifestYaml(declaration: ManifestDeclaration): string {
  const document = new Document(declaration);
  document.commentBefore = ` yaml-language-server: $schema=${MANIFEST_SCHEMA_URL}`;
  visit(document, {
    Map: (_, map) => { map.flow = map !== document.contents && map.items.every(({ value }) => isScalar(value)); },
  });
  return document.toString({ lineWidth: 0 });
}

/** Values of a deployment: by `Ref`, by `id.attribute`, and by the name of an export. */
export type Deployment = Readonly<Record<string, string | number>>;

/** Properties of a custom resource as its function gets them: references become values, numbers and booleans become text. */
export function deployed(value: any, deployment: Deployment): any {
  if (Array.isArray(value)) return value.map((item) => deployed(item, deployment));
  if (typeof value !== 'object') return String(value);
  const [[name, argument] = [''], ...others] = Object.entries<any>(value);
  if (others.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) return String(valueOf(name, argument, deployment));
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, deployed(part, deployment)]));
}

function valueOf(name: string, argument: any, deployment: Deployment): string | number {
  const known = (key: string): string | number => {
    if (!Object.hasOwn(deployment, key)) throw new Error(`the deployment has no ${key}`);
    return deployment[key]!;
  };
  switch (name) {
    case 'Ref': case 'Fn::ImportValue': return known(argument);
    case 'Fn::GetAtt': return known(argument.join('.'));
    case 'Fn::Sub': return argument.replaceAll(/\$\{([^}]+)\}/g, (_: string, key: string) => known(key));
    default: throw new Error(`${name} is not supported`);
  }
}

/**
 * Whether a JSON filter pattern of CloudWatch Logs matches an event.
 *
 * Knows what this repository's patterns use: `&&`, `||`, parentheses, `=` and `!=` with `*` at either end, `IS FALSE` and
 * `NOT EXISTS`. A comparison with a field that is not there is false, also with `!=`.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
 */
export function matchesPattern(pattern: string, event: unknown): boolean {
  const tokens = pattern.match(/"[^"]*"|&&|\|\||[(){}]|!=|=|[^\s(){}="!]+/g)!;
  const take = (expected?: string): string => {
    const token = tokens.shift();
    if (token === undefined || (expected !== undefined && token !== expected)) throw new Error(`expected ${expected}, got ${token} in ${pattern}`);
    return token;
  };
  const either = (): boolean => chain('||', () => chain('&&', operand));
  const chain = (operator: string, next: () => boolean): boolean => {
    const values = [next()];
    while (tokens[0] === operator) {
      take(operator);
      values.push(next());
    }
    return operator === '||' ? values.some(Boolean) : values.every(Boolean);
  };
  const operand = (): boolean => {
    if (tokens[0] !== '(') return comparison(valueAt(event, take()));
    take('(');
    const value = either();
    take(')');
    return value;
  };
  const comparison = (value: unknown): boolean => {
    const operator = take();
    if (operator === 'NOT') return take('EXISTS') === 'EXISTS' && value === undefined;
    if (operator === 'IS') return take('FALSE') === 'FALSE' && value === false;
    const wanted = take();
    if (value === undefined) return false;
    return isLike(String(value), wanted.replace(/^"|"$/g, '')) === (operator === '=');
  };

  take('{');
  const result = either();
  take('}');
  return result;
}

/** The value of a selector such as `$.items[0].name`. */
function valueAt(event: unknown, selector: string): unknown {
  const steps = selector.replace(/^\$\.?/, '').split(/[.[\]]+/).filter((step) => step !== '');
  return steps.reduce((value: any, step) => value?.[step], event);
}

function isLike(value: string, wanted: string): boolean {
  const text = wanted.replace(/^\*|\*$/g, '');
  if (wanted.startsWith('*') && wanted.endsWith('*')) return value.includes(text);
  if (wanted.startsWith('*')) return value.endsWith(text);
  return wanted.endsWith('*') ? value.startsWith(text) : value === text;
}

/** A finding of a tool that is right to stand, and why. */
export interface ExpectedFinding {
  /** Pattern where the tool writes into the id what it found. */
  readonly rule: string | RegExp;
  /** Which scenarios it is reported for; all without it. */
  readonly scenario?: RegExp;
  /** Where the tool reports it: the end of a construct path, or of a path in the template. */
  readonly resource: RegExp;
  readonly reason: string;
}

export interface Finding {
  readonly rule: string;
  readonly scenario: string;
  readonly resource: string;
  /** What the tool says, for the message of a failing test. */
  readonly text: string;
}

const matches = (finding: Finding) => ({ rule, scenario, resource }: ExpectedFinding) =>
  (typeof rule === 'string' ? rule === finding.rule : rule.test(finding.rule)) && resource.test(finding.resource) && (scenario?.test(finding.scenario) ?? true);

/** Findings without a written reason. */
export const unexplained = (findings: readonly Finding[], expected: readonly ExpectedFinding[]): Finding[] =>
  findings.filter((finding) => !expected.some(matches(finding)));

/** Written reasons for which there is no finding any more. */
export const unused = (findings: readonly Finding[], expected: readonly ExpectedFinding[]): ExpectedFinding[] =>
  expected.filter((entry) => !findings.some((finding) => matches(finding)(entry)));

import type { LimitedDecision } from './decision.js';

/** Requests that wait for the same bucket. */
interface Line {
  readonly places: Place[];
  /** What the first of them was told last. */
  refusal: LimitedDecision | undefined;
}

/** Requests of this process that wait for tokens, one line for each bucket, first come first served. */
export class WaitingLines {
  private readonly lines = new Map<string, Line>();

  /** Joins the end of a bucket's line. */
  join(bucket: string): Place {
    const line = this.lines.get(bucket) ?? { places: [], refusal: undefined };
    this.lines.set(bucket, line);
    const place = new Place(line, () => { if (line.places.length === 0) this.lines.delete(bucket); });
    line.places.push(place);
    line.places[0]!.call();
    return place;
  }
}

/** A place in a line. */
export class Place {
  /** Resolves when all who came before have left. */
  readonly turn: Promise<void>;
  /** Ends the wait for the turn. */
  readonly call: () => void;

  constructor(private readonly line: Line, private readonly onLeave: () => void) {
    let call!: () => void;
    this.turn = new Promise((resolve) => { call = resolve; });
    this.call = call;
  }

  /** How many are before this one. */
  get position(): number {
    return this.line.places.indexOf(this);
  }

  /** What the first in the line was told last; undefined when it was not refused yet. */
  get refusal(): LimitedDecision | undefined {
    return this.line.refusal;
  }

  /** Lets those behind know what this one was told. */
  refuse(decision: LimitedDecision): void {
    this.line.refusal = decision;
  }

  /** Leaves the line, from wherever in it. */
  leave(): void {
    this.line.places.splice(this.position, 1);
    this.line.places[0]?.call();
    this.onLeave();
  }
}

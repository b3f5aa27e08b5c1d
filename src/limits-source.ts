import { readFileSync } from 'fs';
import { manifestValidator, Reading } from './private/manifest-validator';

/**
 * A limits manifest that is written down elsewhere: `namespace`, `system`, `resources` and `entities`, as the command line
 * takes it. `spec/manifest.schema.json` is its definition.
 *
 * It is read when the limits are added to the app, and checked then.
 */
export class LimitsSource {
  /**
   * A manifest in YAML 1.2, with merge keys (`<<`). A key that is there twice is an error.
   *
   * @param path of the file, relative to the working directory
   */
  public static fromYamlFile(path: string): LimitsSource {
    return new LimitsSource(path, () => manifestValidator().readYaml(readFileSync(path, 'utf8')));
  }

  /**
   * A manifest in JSON. A key that is there twice is an error.
   *
   * @param path of the file, relative to the working directory
   */
  public static fromJsonFile(path: string): LimitsSource {
    return new LimitsSource(path, () => manifestValidator().readJson(readFileSync(path, 'utf8')));
  }

  /**
   * A manifest that the app itself makes. Its numbers may be tokens.
   *
   * @param manifest with the keys of a manifest, such as `refill_amount`; `namespace` may be left out
   */
  public static fromObject(manifest: { [key: string]: any }): LimitsSource {
    return new LimitsSource('an object', () => ({ value: manifest, problems: [] }));
  }

  private constructor(private readonly name: string, private readonly read: () => Reading) {}

  /**
   * Reads the manifest; it is not validated yet. What could not be read is a problem, which names the file.
   *
   * @internal
   */
  public _read(): Reading {
    try {
      const { value, problems } = this.read();
      return { value, problems: problems.map((problem) => `${this.name}: ${problem}`) };
    } catch (error) {
      return { value: undefined, problems: [`${this.name}: ${(error as Error).message}`] };
    }
  }
}
